"""The resident service as an engine: started once, found again, replaced when it hangs, gone with its run."""

import os
import socket
import subprocess
import sys
import threading
import time

import pytest
import requests

from judge_vision.engines import lifecycle, notes
from judge_vision.engines.client import Client
from judge_vision.engines.engine import EngineUnavailable
from judge_vision.engines.lifecycle import Plan
from judge_vision.engines.notes import Note
from judge_vision.engines.options import Options
from judge_vision.engines.over_http import ServiceEngine
from judge_vision.engines.processes import process_of, this_process
from judge_vision.engines.wire import CONTENT_TYPE, pack
from judge_vision.failure import UserError
from tests.unit import golden, standin_hosts
from tests.unit.engine_parts import QUICK, WANTED, inputs, own_notes, standin_networks  # noqa: F401 - fixtures

# A service is started for nearly every test.
pytestmark = pytest.mark.slow


def service_engine(**more):
    options = Options(max_side=640, port=lifecycle._free_port(), **more)
    return ServiceEngine(Plan(options, QUICK), WANTED)


def test_the_first_client_starts_the_service_and_the_second_finds_it(standin_networks):
    first = service_engine()
    second = service_engine()
    assert first.note == second.note and first.device == "stand-in"
    assert first.score(inputs())[0].musiq_mos == pytest.approx(golden.picture("32x32").mean())
    first.close()
    second.close()
    assert lifecycle.stop_own() == [f"the scoring service at {first.note.url} ended"]
    assert not first.note.server.alive and notes.read_all() == []
    assert lifecycle.stop_own() == []


def test_clients_that_come_together_start_one_service(standin_networks):
    found = []
    threads = [threading.Thread(target=lambda: found.append(service_engine().note.process)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1


def test_a_service_that_is_killed_is_started_anew(standin_networks):
    engine = service_engine()
    os.kill(engine.note.server.pid, 9)
    assert len(engine.score(inputs())) == 1
    assert engine.note.starts == 2 and "cannot be reached" in engine.note.errors[0]
    client = Client(engine.note.url, QUICK, None)
    assert client.health()["restarts"] == 1
    client.close()
    engine.close()


def test_a_service_that_hangs_is_replaced(standin_networks):
    engine = service_engine()
    hung = engine.note.server
    os.kill(hung.pid, 19)
    assert len(engine.score(inputs())) == 1
    assert not hung.alive and engine.note.server.alive and "has not answered within 2 s" in engine.note.errors[0]
    engine.close()


def test_a_service_that_works_long_is_not_killed(standin_networks, monkeypatch):
    monkeypatch.setenv("STAND_IN", '{"seconds": 1.2}')
    engine = service_engine(batch_size=1)

    def other():
        with requests.Session() as session:
            session.post(engine.note.url + "/infer/batch", data=pack(inputs()), headers={"content-type": CONTENT_TYPE})

    others = [threading.Thread(target=other) for _ in range(2)]
    for thread in others:
        thread.start()
    time.sleep(0.2)
    assert len(engine.score(inputs())) == 1
    for thread in others:
        thread.join()
    assert engine.note.starts == 1
    engine.close()


def test_a_service_that_cannot_start_is_tried_three_times_in_a_run(standin_networks, monkeypatch):
    broken = Options(bundle="/nowhere", port=lifecycle._free_port())
    for _ in range(3):
        with pytest.raises(EngineUnavailable, match="no bundle '/nowhere'"):
            lifecycle.ensure(Plan(broken, QUICK), WANTED)
    with pytest.raises(EngineUnavailable, match="failed 3 times in this run"):
        lifecycle.ensure(Plan(broken, QUICK), WANTED)


def test_a_taken_port_is_no_obstacle(standin_networks):
    with standin_hosts.never_answers() as url:
        port = int(url.rpartition(":")[2])
        note = lifecycle.ensure(Plan(Options(max_side=640, port=port), QUICK), WANTED)
        assert note.url != url and note.server.alive


def test_a_service_ends_with_its_run_and_its_remains_are_swept(standin_networks, monkeypatch):
    run = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    host = socket.gethostname()
    monkeypatch.setenv("JUDGE_VISION_RUN", f"{host}/{process_of(run.pid).text}")
    note = lifecycle.ensure(Plan(Options(max_side=640, port=lifecycle._free_port()), QUICK), WANTED)
    assert note.owner == process_of(run.pid).text
    run.kill()
    run.wait()
    until = time.monotonic() + 10
    while note.server.alive and time.monotonic() < until:
        time.sleep(0.1)
    assert not note.server.alive
    with pytest.raises(UserError, match="was ended"):
        lifecycle.ensure(Plan(Options(max_side=640), QUICK), WANTED)
    monkeypatch.delenv("JUDGE_VISION_RUN")
    lifecycle.stop_own()
    assert notes.read_all() == []


def test_two_runs_have_a_service_each(standin_networks, monkeypatch):
    mine = lifecycle.ensure(Plan(Options(max_side=640, port=lifecycle._free_port()), QUICK), WANTED)
    other_run = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    monkeypatch.setenv("JUDGE_VISION_RUN", f"{socket.gethostname()}/{process_of(other_run.pid).text}")
    port = int(mine.url.rpartition(":")[2])
    other = lifecycle.ensure(Plan(Options(max_side=640, port=port), QUICK), WANTED)
    assert other.url != mine.url and other.server.alive and mine.server.alive
    assert lifecycle.stop_own() == [f"the scoring service at {other.url} ended"]
    assert mine.server.alive
    other_run.kill()
    other_run.wait()
    monkeypatch.delenv("JUDGE_VISION_RUN")


def test_a_kept_service_outlives_its_run_and_is_found_again(standin_networks, monkeypatch):
    monkeypatch.setenv("JUDGE_VISION_TF_AUTO_SHUTDOWN", "0")
    options = Options(max_side=640, port=lifecycle._free_port())
    note = lifecycle.ensure(Plan(options, QUICK), WANTED)
    assert note.owner is None and lifecycle.stop_own() == [] and note.server.alive
    monkeypatch.delenv("JUDGE_VISION_TF_AUTO_SHUTDOWN")
    assert lifecycle.ensure(Plan(options, QUICK), WANTED) == note
    other = {**WANTED, "code": "another version"}
    with pytest.raises(EngineUnavailable, match="another version"):
        lifecycle.ensure(Plan(options, QUICK), other)
    assert note.server.alive
    assert lifecycle.stop_kept(options.port) == [f"the kept scoring service at {note.url} ended"]
    assert not note.server.alive


def test_a_folder_of_notes_that_others_can_write_is_refused(tmp_path):
    (tmp_path / "runtime" / "judge-vision").mkdir()
    (tmp_path / "runtime" / "judge-vision").chmod(0o777)
    with pytest.raises(UserError, match="only you can write"):
        notes.folder()


def test_without_a_runtime_folder_the_notes_are_in_a_folder_of_the_users_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "gone"))
    monkeypatch.setattr(notes.tempfile, "gettempdir", lambda: str(tmp_path))
    assert notes.folder() == tmp_path / f"judge-vision-{os.getuid()}"
    assert notes.folder().stat().st_mode & 0o777 == 0o700


def test_a_damaged_note_is_dropped():
    notes.write(Note("http://127.0.0.1:1", this_process().text, None, "log"))
    (notes.folder() / "run-1-1.json").write_text("{")
    (notes.folder() / "run-2-2.json").write_text('{"url": 7}')
    assert [note.url for note in notes.read_all()] == ["http://127.0.0.1:1"]
