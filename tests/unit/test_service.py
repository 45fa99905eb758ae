"""The HTTP service as a process of its own, with stand-in networks: every endpoint, and what strangers may send."""

import base64
import contextlib
import re
import struct
import zlib

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from judge_vision.engines.processes import process_of
from judge_vision.engines.wire import CONTENT_TYPE, pack
from judge_vision.models.bundle import load_bundle
from judge_vision.models.inputs import ScaledPicture
from judge_vision.service.app import Service
from tests.unit import golden
from tests.unit.service_parts import CHELSEA, GREY_100, photos, png, server  # noqa: F401 - fixtures
from tests.unit.standin_service import Server

BUNDLE = load_bundle("embedded").label


def test_health_says_what_runs(server):
    answer = server.get("/health")
    facts = answer.json()
    assert answer.status_code == 200
    assert (facts["state"], facts["device"], facts["restarts"]) == ("ready", "stand-in", 2)
    assert facts["model_bundle"] == BUNDLE and facts["human_ratings"] is False
    assert sorted(facts["models"]) == ["musiq", "nima_aesthetic", "nima_technical"]
    assert facts["process"] == process_of(server.process.pid).text
    assert facts["memory"]["resident_mb"] > 10 and facts["uptime_s"] >= 0 and facts["queue_length"] == 0
    assert facts["last_errors"] == [{"time": None, "text": "it <hung>"}]
    described = set(re.findall(r"`(\w+)`", Service.health.__doc__))
    assert described == set(facts)


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
    assert first["musiq_max_side"] is None and first["model_bundle"] == BUNDLE
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


@pytest.mark.parametrize("pictures", [None, [], {}, [{}] * 257])
def test_a_batch_of_no_picture_or_too_many_is_refused(server, pictures):
    answer = server.post("/infer/batch", json={"pictures": pictures})
    assert answer.status_code == 400 and answer.json()["error"] == "`pictures` must be a list of 1 to 256"


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
