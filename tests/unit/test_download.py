"""Fetching from a local server that can cut a file short, refuse ranges, or serve something else."""

import hashlib
import http.server
import threading

import pytest

from judge_vision.failure import UserError
from judge_vision.models import download
from judge_vision.models.bundle import LOCK, read_lock
from tests.unit.standin_hosts import POLL_S

CONTENT = bytes(range(256)) * 20_000
BLOB = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[str]
    cut_after: int | None
    content: bytes

    def do_GET(self):
        self.seen.append(self.headers.get("Range", ""))
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        body = self.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.cut_after is not None:
            body, type(self).cut_after = body[: self.cut_after], None
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    handler = type("Handler", (Server,), {"seen": [], "cut_after": None, "content": CONTENT})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, args=(POLL_S,), daemon=True).start()
        yield handler, f"http://127.0.0.1:{running.server_port}/file"
        running.shutdown()


def wanted(url, blob=BLOB):
    return download.Wanted(download.Path("weights/file.hdf5"), url, blob)


def test_a_file_is_fetched_once_and_verified(server, tmp_path):
    handler, url = server
    download.fetch(wanted(url), tmp_path)
    download.fetch(wanted(url), tmp_path)
    assert (tmp_path / "weights" / "file.hdf5").read_bytes() == CONTENT
    assert handler.seen == [""]
    assert [path.name for path in (tmp_path / "weights").iterdir()] == ["file.hdf5"]


def test_a_cut_download_goes_on_where_it_stopped(server, tmp_path):
    handler, url = server
    handler.cut_after = 1_500_000
    with pytest.raises(download.DownloadError):
        download.fetch(wanted(url), tmp_path)
    assert not (tmp_path / "weights" / "file.hdf5").exists()
    download.fetch(wanted(url), tmp_path)
    assert handler.seen[1].startswith("bytes=") and handler.seen[1] != "bytes=0-"
    assert (tmp_path / "weights" / "file.hdf5").read_bytes() == CONTENT


def test_another_file_is_refused_and_not_kept(server, tmp_path):
    handler, url = server
    handler.content = CONTENT[:-1] + b"x"
    with pytest.raises(download.DownloadError, match="not the published file"):
        download.fetch(wanted(url), tmp_path)
    assert list((tmp_path / "weights").iterdir()) == []


def test_the_first_download_of_a_checkpoint_is_recorded_and_later_ones_must_match(server, tmp_path):
    handler, url = server
    download.fetch(wanted(url, None), tmp_path)
    assert read_lock(tmp_path)["file.hdf5"]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    (tmp_path / "weights" / "file.hdf5").write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"delete it and run `make models` again"):
        download.fetch(wanted(url, None), tmp_path)
    (tmp_path / "weights" / "file.hdf5").unlink()
    handler.content = CONTENT[:-1] + b"x"
    with pytest.raises(download.DownloadError, match="instead of the recorded"):
        download.fetch(wanted(url, None), tmp_path)
    assert (tmp_path / LOCK).exists()


def test_a_proxy_is_taken_from_the_environment(server, tmp_path, monkeypatch):
    handler, url = server
    monkeypatch.setenv("http_proxy", url.removesuffix("/file"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    download.fetch(wanted("http://weights.invalid/file"), tmp_path)
    assert handler.seen == [""]


def test_without_a_network_it_says_what_to_fetch_and_where_to_put_it(tmp_path, monkeypatch):
    monkeypatch.setattr(
        download, "wanted_files", lambda variants: [wanted("http://127.0.0.1:9/file")]
    )  # the discard port: nobody answers
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (line,) = download.fetch_all(str(tmp_path), ["spaq"])
    assert "http://127.0.0.1:9/file" in line and str(tmp_path / "weights" / "file.hdf5") in line


def test_the_official_list_has_both_nimas_with_their_ids_and_the_chosen_musiq():
    files = {wanted.path.name: wanted for wanted in download.wanted_files(["koniq"])}
    assert files["weights_mobilenet_technical_0.11.hdf5"].git_blob == "5e4a4ca2ce639309bfa4038d0bc10ba92b93bd26"
    assert files["weights_mobilenet_aesthetic_0.07.hdf5"].git_blob == "003fb321ce92445e41d708144a3656589f9214e7"
    assert "koniq_ckpt.npz" in files and "spaq_ckpt.npz" not in files
    assert "42039.jpg" in files


def test_a_proxy_of_the_environment_is_used(server, tmp_path, monkeypatch):
    handler, url = server
    monkeypatch.setenv("http_proxy", url.removesuffix("/file"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    download.fetch(wanted("http://weights.invalid/file"), tmp_path)
    assert (tmp_path / "weights" / "file.hdf5").read_bytes() == CONTENT
    assert len(handler.seen) == 1
