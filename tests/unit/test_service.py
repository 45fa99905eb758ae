"""The HTTP service as a process of its own, with stand-in networks: every endpoint, and what strangers may send."""

import base64
import contextlib
import io
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from judge_vision.engines.processes import process_of, this_process
from judge_vision.engines.wire import CONTENT_TYPE, pack
from judge_vision.models.inputs import ScaledPicture
from tests.unit import golden
from tests.unit.standin_service import Server

ROOT = Path(__file__).parents[2]
CHELSEA = ROOT / "examples" / "photos" / "Chelsea.jpg"
GREY_100 = 1 + 9 * 100 / 255


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Photographs, one of them grey of level 100 throughout, and ways out of the folder."""
    folder = tmp_path_factory.mktemp("photos")
    Image.new("RGB", (60, 40), (100, 100, 100)).save(folder / "grey.png")
    secret = folder.parent / "secret"
    secret.mkdir(exist_ok=True)
    Image.new("RGB", (60, 40), (1, 1, 1)).save(secret / "secret.png")
    (folder / "link.png").symlink_to(secret / "secret.png")
    (folder / "inside.png").symlink_to(folder / "grey.png")
    (folder / "way out").symlink_to(secret)
    os.mkfifo(folder / "pipe.png")
    return folder


@pytest.fixture(scope="module")
def server(photos):
    limits = ("--max-body-mb=2", "--max-pixels=4000000", "--max-side=640", "--batch-size=4")
    with Server(f"--allow={photos}", "--restarts=2", "--last-error=it <hung>", *limits) as running:
        yield running


def png(width=60, height=40, level=100):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (level,) * 3).save(buffer, "PNG")
    return buffer.getvalue()


def test_health_says_what_runs(server):
    answer = server.get("/health")
    facts = answer.json()
    assert answer.status_code == 200
    assert (facts["state"], facts["device"], facts["restarts"]) == ("ready", "stand-in", 2)
    assert facts["model_bundle"] == "embedded 1" and facts["human_ratings"] is False
    assert sorted(facts["models"]) == ["musiq", "nima_aesthetic", "nima_technical"]
    assert facts["process"] == process_of(server.process.pid).text
    assert facts["memory"]["resident_mb"] > 10 and facts["uptime_s"] >= 0 and facts["queue_length"] == 0
    assert facts["last_errors"] == [{"time": None, "text": "it <hung>"}]


def test_a_picture_by_path_by_base64_and_as_bytes_scores_the_same(server, photos):
    data = png()
    answers = [
        server.post("/infer", json={"image_path": str(photos / "grey.png"), "use_gpu": True}),
        server.post("/infer", json={"image_path": str(photos / "inside.png")}),
        server.post("/infer", json={"image_b64": base64.b64encode(data).decode()}),
        server.post("/infer", data=data, headers={"content-type": "image/png"}),
        server.post("/infer", data=data),
    ]
    assert [answer.status_code for answer in answers] == [200] * 5
    first = answers[0].json()
    assert first["nima_aesthetic"]["mean"] == pytest.approx(GREY_100) and first["nima_aesthetic"]["std"] == 1
    assert first["nima_technical"]["mean"] == pytest.approx(11 - GREY_100) and first["musiq_spaq"] == pytest.approx(100)
    assert first["musiq_max_side"] is None and first["model_bundle"] == "embedded 1"
    assert all(answer.json() == first for answer in answers)
    named = server.post("/infer", json={"image_path": str(photos / "grey.png"), "image_name": "Grey"}).json()
    assert named == {"image_name": "Grey", **first}


def test_a_large_picture_is_scaled_and_says_so(server):
    assert server.post("/infer", data=png(800, 500)).json()["musiq_max_side"] == 640


def test_a_batch_has_a_result_for_each_picture_in_order(server, photos):
    pictures = [
        {"image_b64": base64.b64encode(png(level=0)).decode()},
        {"image_path": str(photos / "link.png")},
        {"image_b64": base64.b64encode(b"no picture").decode()},
        {"image_b64": base64.b64encode(png(level=255)).decode()},
    ]
    results = server.post("/infer/batch", json={"pictures": pictures}).json()["results"]
    assert [one.get("musiq_spaq") for one in results] == [0, None, None, 255]
    assert [one.get("error_type") for one in results] == [None, "unreadable", "not_an_image", None]


def test_reduced_pictures_are_scored_as_they_are(server):
    pictures = [golden.picture(size) for size in ("32x32", "700x1000")]
    body = pack([ScaledPicture.of(picture, 640) for picture in pictures])
    answer = server.post("/infer/batch", data=body, headers={"content-type": CONTENT_TYPE}).json()
    assert [one["musiq_max_side"] for one in answer["results"]] == [None, 640]
    assert answer["results"][0]["musiq_mos"] == pytest.approx(pictures[0].mean())
    assert answer["device"] == "stand-in"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body[:-1],
        lambda body: body + b"\0",
        lambda body: b"[[32,32]]\n" + body.partition(b"\n")[2],
        lambda body: b"[[64,16,false]]\n" + body.partition(b"\n")[2] + b"\0",
        lambda body: b"[[-32,-32,false]]\n" + body.partition(b"\n")[2],
        lambda body: b"[[999999,1,false]]\n" + body.partition(b"\n")[2],
        lambda body: b"[" * 100_000 + b"\n",
        lambda body: b"",
        lambda body: b"[]\n",
    ],
)
def test_reduced_pictures_of_another_form_are_refused(server, spoil):
    body = spoil(pack([ScaledPicture.of(golden.picture("32x32"), 640)]))
    answer = server.post("/infer/batch", data=body, headers={"content-type": CONTENT_TYPE})
    assert answer.status_code == 400 and answer.json()["error_type"] == "bad_request"


def bomb():
    """A PNG whose header promises 30,000 x 30,000 pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(90001)))


@pytest.mark.parametrize(
    ("data", "error_type"),
    [
        (b"Dear secretary, my picture is in the post.", "not_an_image"),
        (CHELSEA.read_bytes()[:20000], "truncated"),
        (bomb(), "too_large"),
        (b"", "not_an_image"),
        (b"%PDF-1.7", "unsupported"),
        (png()[:60] + bytes(80), "corrupt"),
    ],
    ids=["text", "truncated", "pixel bomb", "empty", "pdf", "damaged"],
)
def test_a_bad_picture_gets_422_with_a_reason_and_the_next_one_its_scores(server, data, error_type):
    answer = server.post("/infer", data=data)
    assert (answer.status_code, answer.json()["error_type"]) == (422, error_type)
    assert len(answer.json()["error"]) > 20
    assert server.post("/infer", data=png()).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("{photos}/../secret/secret.png", 403),
        ("{photos}/../secret/none.png", 403),
        ("{photos}/link.png", 403),
        ("{photos}/way out/secret.png", 403),
        ("{photos}-not", 403),
        ("/etc/passwd", 403),
        ("grey.png", 403),
        ("{photos}/\0", 403),
        ("", 403),
        ("{photos}/none.png", 404),
        ("{photos}/pipe.png", 422),
        ("{photos}", 422),
    ],
)
def test_image_path_stays_below_the_allowed_folders(server, photos, path, status):
    answer = server.post("/infer", json={"image_path": path.format(photos=photos)})
    assert answer.status_code == status, answer.text
    assert "secret" not in answer.text


def test_without_an_allowed_folder_no_path_is_read(photos):
    with Server() as plain:
        assert plain.post("/infer", json={"image_path": str(photos / "grey.png")}).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b"[" * 100_000, 400),
        (b'{"image_path": 7}', 400),
        (b'{"image_b64": "%%%"}', 400),
        (b'{"image_b64": "AA==", "image_path": "/"}', 400),
        (b"\xff\xfe", 400),
    ],
)
def test_json_of_another_form_is_refused(server, body, status):
    answer = server.post("/infer", data=body, headers={"content-type": "application/json; charset=utf-8"})
    assert answer.status_code == status and answer.json()["error"]


def test_a_body_above_the_limit_is_refused_announced_or_not(server):
    assert server.post("/infer", data=bytes(2_000_001)).status_code == 413
    chunks = (bytes(100_000) for _ in range(30))
    with contextlib.suppress(requests.ConnectionError):  # closed while we were still sending
        assert server.post("/infer", data=chunks).status_code == 413
    assert server.post("/infer", data=png()).status_code == 200


def test_wrong_paths_and_methods(server):
    assert server.get("/nothing").status_code == 404
    assert server.get("/infer").status_code == 405
    assert server.get("/shutdown").status_code == 405


def test_metrics_are_prometheus_text_and_count(server):
    def read():
        families = text_string_to_metric_families(server.get("/metrics").text)
        return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}

    before = read()
    server.post("/infer", data=png())
    server.post("/infer", data=b"x")
    after = read()
    for key in (("judge_vision_pictures_total", "ok"), ("judge_vision_pictures_total", "failed")):
        assert after[key] == before.get(key, 0) + 1
    assert after["judge_vision_requests_total", "/infer", "422"] >= 1
    assert after["judge_vision_restarts",] == 2 and after["judge_vision_waiting_pictures",] == 0
    assert after["judge_vision_batch_pictures_sum",] >= after["judge_vision_batch_pictures_count",] > 0
    assert not any("nothing" in str(key) for key in after)


def test_the_page_is_for_people_renews_itself_and_escapes(server):
    answer = server.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http-equiv=refresh" in answer.text and "it &lt;hung&gt;" in answer.text and "<hung>" not in answer.text
    assert "Restarts<td>2" in answer.text


def test_pages_of_others_cannot_use_it(server):
    host = server.url.removeprefix("http://")
    assert server.post("/shutdown", headers={"origin": "http://elsewhere.example"}).status_code == 403
    assert server.post("/infer", data=png(), headers={"origin": "null"}).status_code == 403
    assert server.get("/health", headers={"host": "elsewhere.example"}).status_code == 403
    assert server.get("/health", headers={"host": f"localhost:{host.split(':')[1]}"}).status_code == 200
    assert server.get("/health", headers={"origin": f"http://{host}"}).status_code == 200


TOKEN = "a secret of some length"


def test_another_address_than_this_machine_needs_a_token(monkeypatch):
    with Server("--address=0.0.0.0") as refused:
        assert refused.process.wait(20) != 0 and "JUDGE_VISION_TF_TOKEN" in "".join(refused.lines)
    monkeypatch.setenv("JUDGE_VISION_TF_TOKEN", "short")
    with Server("--address=0.0.0.0") as refused:
        assert refused.process.wait(20) != 0 and "at least 16" in "".join(refused.lines)


@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1"])
def test_with_a_token_nothing_goes_without(monkeypatch, address):
    monkeypatch.setenv("JUDGE_VISION_TF_TOKEN", TOKEN)
    with Server(f"--address={address}", wait=False) as server:
        for path in ("/", "/health", "/metrics", "/nothing"):
            assert server.get(path).status_code == 401
            assert server.get(path, headers={"authorization": f"Bearer {TOKEN}x"}).status_code == 401
            assert server.get(path, headers={"authorization": "Basic !!!"}).status_code == 401
        for path in ("/infer", "/infer/batch", "/shutdown"):
            assert server.post(path, data=b"x").status_code == 401
        bearer = {"authorization": f"Bearer {TOKEN}"}
        while server.get("/health", headers=bearer).status_code == 503:
            time.sleep(0.1)
        assert server.get("/health", headers={**bearer, "host": "gpu.example"}).status_code == 200
        assert server.get("/", auth=("anybody", TOKEN)).status_code == 200
        assert server.post("/infer", data=png(), headers=bearer).status_code == 200
        assert TOKEN not in Path(f"/proc/{server.process.pid}/cmdline").read_text()


@pytest.mark.slow
def test_requests_that_wait_together_are_scored_together():
    body = pack([ScaledPicture.of(golden.picture("32x32"), 640)])
    with Server("--batch-size=8", seconds=3) as server, ThreadPoolExecutor(9) as pool:

        def ask():
            return server.post("/infer/batch", data=body, headers={"content-type": CONTENT_TYPE})

        first = pool.submit(ask)
        while not server.health()["running_s"]:
            time.sleep(0.02)
        others = [pool.submit(ask) for _ in range(8)]
        assert all(one.result().status_code == 200 for one in [first, *others])
        metrics = server.get("/metrics").text
        assert "judge_vision_batch_pictures_sum 9.0" in metrics
        # two where all eight arrived while the first was scored; a slow machine may need another
        assert any(f"judge_vision_batch_pictures_count {count}.0" in metrics for count in (2, 3))


def test_shutdown_finishes_what_was_accepted_and_refuses_the_rest():
    with Server("--batch-size=2", seconds=0.4) as server, ThreadPoolExecutor(6) as pool:
        running = [pool.submit(server.post, "/infer", data=png()) for _ in range(6)]
        while server.health()["queue_length"] < 6:
            time.sleep(0.02)
        assert server.post("/shutdown").status_code == 202
        assert [one.result().status_code for one in running] == [200] * 6
        with pytest.raises(requests.ConnectionError):
            server.post("/infer", data=png())
        assert server.process.wait(10) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(number):
    with Server(seconds=0.5) as server, ThreadPoolExecutor(1) as pool:
        running = pool.submit(server.post, "/infer", data=png())
        while not server.health()["queue_length"]:
            time.sleep(0.02)
        server.process.send_signal(number)
        assert running.result().status_code == 200
        assert server.process.wait(10) == 0


def test_it_ends_when_its_owner_is_gone():
    owner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with Server(f"--owner={process_of(owner.pid).text}") as server:
        time.sleep(1.5)
        assert server.process.poll() is None
        owner.kill()
        # not waited for: a zombie is gone, too
        assert server.process.wait(10) == 0
        owner.wait()


def test_while_it_loads_it_says_so_and_can_be_ended():
    with Server(wait=False, loading=60) as server:
        assert server.health()["state"] == "loading" and server.get("/health").status_code == 503
        assert server.post("/infer", data=png()).json()["error_type"] == "loading"
        server.post("/shutdown")
        assert server.process.wait(20) == 0


@pytest.mark.slow
def test_it_ends_when_it_idles_but_not_while_it_works():
    with Server("--idle-s=1.5", seconds=3) as server:
        assert server.post("/infer", data=png()).status_code == 200
        began = time.monotonic()
        assert server.process.wait(10) == 0
        assert time.monotonic() - began < 6


@pytest.mark.slow
def test_too_many_waiting_pictures_are_asked_to_come_again():
    with Server("--max-waiting=2", seconds=1) as server, ThreadPoolExecutor(6) as pool:
        answers = [one.result() for one in [pool.submit(server.post, "/infer", data=png()) for _ in range(6)]]
        busy = [answer for answer in answers if answer.status_code == 503]
        assert busy and all(answer.json()["error_type"] == "busy" for answer in busy)
        assert all(answer.headers["retry-after"] for answer in busy)
        assert any(answer.status_code == 200 for answer in answers)
        assert server.post("/infer", data=png()).status_code == 200


def test_networks_that_fail_are_500_and_on_the_page():
    with Server(fails=True) as server:
        answer = server.post("/infer", data=png())
        assert (answer.status_code, answer.json()["error_type"]) == (500, "model_failed")
        assert server.health()["state"] == "ready"
        assert "RuntimeError" in server.get("/").text


def test_memory_that_does_not_suffice_halves_the_batch():
    with Server("--batch-size=8", memory_for=3) as server:
        pictures = [{"image_b64": base64.b64encode(png(level=level)).decode()} for level in range(9)]
        results = server.post("/infer/batch", json={"pictures": pictures}).json()["results"]
        assert [one["musiq_spaq"] for one in results] == list(range(9))
        assert server.health()["batch_size"] == 2


@pytest.mark.slow
def test_a_decoder_that_dies_costs_one_answer(tmp_path):
    with Server("--decoders=1") as server, ThreadPoolExecutor(1) as pool:
        server.post("/infer", data=png())
        noise = np.random.default_rng(1).integers(0, 256, (4000, 4000, 3), np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(noise).save(buffer, "PNG", compress_level=1)
        running = pool.submit(server.post, "/infer", data=buffer.getvalue())
        decoder = next(child for child in server.children() if b"spawn_main" in command_of(child))
        before = cpu_ticks(decoder)
        while cpu_ticks(decoder) < before + 10:
            time.sleep(0.005)
        os.kill(decoder.pid, signal.SIGKILL)
        assert running.result().status_code == 422
        assert running.result().json()["error_type"] == "decoder_crashed"
        assert server.post("/infer", data=png()).status_code == 200


def command_of(process):
    return Path(f"/proc/{process.pid}/cmdline").read_bytes()


def cpu_ticks(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_nothing_is_left_behind_when_the_server_is_killed():
    with Server() as server:
        server.post("/infer", data=png())
        children = server.children()
        assert children
        server.process.kill()
        server.process.wait()
        until = time.monotonic() + 10
        while any(child.alive for child in children) and time.monotonic() < until:
            time.sleep(0.05)
        assert not any(child.alive for child in children)


def test_a_port_that_is_taken_is_a_status_of_its_own():
    with Server() as server:
        port = server.url.rpartition(":")[2]
        with Server(f"--port={port}") as second:
            assert second.process.wait(20) == 3 and "is taken" in "".join(second.lines)


def test_many_clients_at_once_and_memory_stays(server):
    """Small sister of benchmarks/service_load.py: 400 requests by 32 clients, no error."""
    data = CHELSEA.read_bytes()
    with requests.Session() as session:
        assert session.post(server.url + "/infer", data=data, timeout=60).status_code == 200
    failures = []
    before = server.health()["memory"]["resident_mb"]

    def client():
        with requests.Session() as session:
            for _ in range(12):
                answer = session.post(server.url + "/infer", data=data, timeout=60)
                if answer.status_code != 200:
                    failures.append(answer.text)

    threads = [threading.Thread(target=client) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert server.health()["memory"]["resident_mb"] < before + 150


def test_this_process_is_alive_and_a_reused_number_is_not():
    own = this_process()
    assert own.alive and process_of(own.pid) == own
    assert not type(own)(own.pid, "1").alive
    assert json.loads(json.dumps(own.text)).startswith(f"{own.pid}:")
