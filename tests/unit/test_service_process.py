"""The service as a process: who may reach it, how it gathers work, and how it ends."""

import base64
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image

from judge_vision.engines.processes import process_of, this_process
from judge_vision.engines.wire import CONTENT_TYPE, pack
from judge_vision.models.inputs import ScaledPicture
from tests.unit import golden
from tests.unit.service_parts import CHELSEA, photos, png, server  # noqa: F401 - fixtures
from tests.unit.standin_service import Server

# A server is started for nearly every test.
pytestmark = pytest.mark.slow
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


def test_it_ends_when_it_idles_but_not_while_it_works():
    with Server("--idle-s=1.5", seconds=3) as server:
        assert server.post("/infer", data=png()).status_code == 200
        began = time.monotonic()
        assert server.process.wait(10) == 0
        assert time.monotonic() - began < 6


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
