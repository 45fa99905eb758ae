"""Which engines are tried, and what a client makes of whatever answers."""

import os
import socket
import subprocess
import sys
import threading
import time

import pytest
import requests

from judge_vision.config import Config
from judge_vision.engines import ladder, lifecycle, notes
from judge_vision.engines.client import Client, Hanging, Unreachable
from judge_vision.engines.engine import EngineUnavailable
from judge_vision.engines.identity import identity
from judge_vision.engines.lifecycle import Plan
from judge_vision.engines.notes import Note
from judge_vision.engines.options import Options, command_line, is_loopback, read_options
from judge_vision.engines.over_http import RemoteEngine, ServiceEngine
from judge_vision.engines.processes import process_of, this_process
from judge_vision.engines.settings import ServiceSettings
from judge_vision.engines.wire import CONTENT_TYPE, pack
from judge_vision.failure import ErrorType, PhotographError, UserError
from judge_vision.models import bundle
from judge_vision.models.inputs import ScaledPicture
from judge_vision.models.scorer import Scores
from judge_vision.service.batching import Batcher
from tests.unit import golden, standin_hosts, standin_service

QUICK = ServiceSettings(connect_timeout_s=1.0, timeout_s=2.0, start_timeout_s=20.0, port=0)
GOOD = Scores(5.0, 1.0, [0.1] * 10, 4.0, 1.0, [0.1] * 10, 50.0, None).as_dict()
WANTED = identity(bundle.describe("embedded"), 640)
HEALTH = {"service": "judge-vision", "state": "ready", "device": "cpu", "limits": {"body_bytes": 10**9}, **WANTED}


@pytest.fixture(autouse=True)
def own_notes(tmp_path, monkeypatch):
    """A folder of notes of this test's own."""
    (tmp_path / "runtime").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))
    for name in ("JUDGE_VISION_TF_TOKEN", "JUDGE_VISION_TF_PORT", "JUDGE_VISION_RUN", "JUDGE_VISION_TF_AUTO_SHUTDOWN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def standin_networks(monkeypatch, tmp_path):
    """`ensure` starts the real server with stand-in networks; whatever it started is gone afterwards."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "iqa_service.py").symlink_to(standin_service.__file__)
    monkeypatch.setattr(lifecycle, "_SCRIPTS", scripts)
    yield
    left = notes.read_all()
    lifecycle.stop_own()
    for note in left:
        assert not note.server.alive or note.owner is None


def inputs(*sizes):
    return [ScaledPicture.of(golden.picture(size), 640) for size in sizes or ("32x32",)]


def iqa(**changes):
    return {**Config().iqa.model_dump(), **changes}


@pytest.mark.parametrize(
    ("settings", "environment", "expected"),
    [
        ({}, {}, ["batch"]),
        ({"runtime": "docker"}, {}, ["container", "batch"]),
        ({"engine": "service"}, {}, ["service", "batch"]),
        ({"engine": "service", "runtime": "podman"}, {}, ["service", "container", "batch"]),
        ({"engine": "remote", "runtime": "podman", "use_host": False}, {}, ["remote", "container"]),
        ({"engine": "service"}, {"JUDGE_VISION_TF_SERVICE_URL": "http://gpu:5105"}, ["remote", "batch"]),
        ({"engine": "service", "use_service": False}, {}, ["batch"]),
        ({"engine": "service", "runtime": "docker"}, {"JUDGE_VISION_USE_TF_SERVICE": "0"}, ["container", "batch"]),
        ({"engine": "service", "runtime": "docker", "use_container": False}, {}, ["service", "batch"]),
        ({"engine": "service", "runtime": "docker"}, {"JUDGE_VISION_USE_TF_CONTAINER": "0"}, ["batch"]),
        ({"engine": "remote", "runtime": "docker"}, {"JUDGE_VISION_INSIDE_CONTAINER": "1"}, ["batch"]),
        ({"use_host": False}, {"JUDGE_VISION_INSIDE_CONTAINER": "1"}, ["batch"]),
    ],
)
def test_the_rungs_of_the_ladder(settings, environment, expected):
    assert ladder.rungs(iqa(**settings), environment) == expected


def test_a_ladder_without_rungs_is_a_mistake():
    with pytest.raises(UserError, match="no engine may score"):
        ladder.rungs(iqa(engine="service", use_host=False), {"JUDGE_VISION_USE_TF_SERVICE": "0"})


def test_climbing_tries_one_after_the_other_and_says_why(caplog):
    tried = []

    def work(name):
        tried.append(name)
        if name != "batch":
            raise EngineUnavailable(f"no {name} here")

    attempts = ladder.climb(["remote", "container", "batch", "never"], work)
    assert tried == ["remote", "container", "batch"]
    assert [one.as_dict() for one in attempts] == [
        {"engine": "remote", "failure": "no remote here"},
        {"engine": "container", "failure": "no container here"},
        {"engine": "batch", "failure": None},
    ]
    assert "engine remote: no remote here; going on with container" in caplog.text
    with pytest.raises(UserError, match="remote: no remote here; container: no container here"):
        ladder.climb(["remote", "container"], work)


def test_what_hangs_is_noticed():
    with standin_hosts.never_answers() as url:
        client = Client(url, QUICK, None)
        began = time.monotonic()
        with pytest.raises(Hanging, match="has not answered within 2 s"):
            client.score(inputs())
        with pytest.raises(Hanging):
            client.health()
        assert time.monotonic() - began < 6


def test_what_drips_is_noticed():
    with standin_hosts.drips() as url, pytest.raises(Hanging, match="within 2 s"):
        Client(url, QUICK, None).score(inputs())


def test_where_nothing_is_nothing_is_reached():
    with standin_hosts.never_answers() as url:
        pass
    with pytest.raises(Unreachable, match="Connection refused"):
        Client(url, QUICK, None).score(inputs())


def changed(**changes):
    return {"results": [{**GOOD, **changes}]}


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ((200, b"<html>It works!</html>", {}), "does not answer as a scoring service does"),
        ((200, [], {}), "does not answer as a scoring service does"),
        ((200, {"results": []}, {}), "did not answer with 1 results"),
        ((200, {"results": [{}]}, {}), "a result that is none"),
        ((200, {"results": [7]}, {}), "a result that is none"),
        ((200, {"results": [{"error_type": "bribe", "error": ""}]}, {}), "a result that is none"),
        ((200, changed(musiq_mos="50"), {}), "musiq_mos is no number"),
        ((200, changed(musiq_mos=True), {}), "musiq_mos is no number"),
        ((200, changed(more=1), {}), "a result that is none"),
        ((200, changed(nima_technical_distribution=[1]), {}), "ten numbers"),
        ((200, changed(musiq_max_side=1.5), {}), "musiq_max_side"),
        ((200, b'{"results": [{"musiq_mos": NaN}]}', {}), "a result that is none"),
        ((200, b"[" * 100_000, {}), "does not answer as a scoring service does"),
        ((200, bytes(9_000_000), {}), "too many bytes"),
        ((302, b"", {"location": "http://127.0.0.1:1/"}), "status 302"),
        ((500, {"error": "burnt down"}, {}), "status 500: burnt down"),
        ((503, {"error_type": "stopping", "error": "the service is stopping"}, {}), "is stopping"),
    ],
)
def test_an_answer_that_is_none_is_refused(reply, says):
    with standin_hosts.answers({"/infer/batch": reply}) as url:
        with pytest.raises(EngineUnavailable, match=says) as caught:
            Client(url, QUICK, None).score(inputs())
        assert "\n" not in str(caught.value)


def test_an_answer_in_form_is_taken():
    results = [GOOD, {"error_type": "model_failed", "error": "not a number"}]
    with standin_hosts.answers({"/infer/batch": (200, {"results": results}, {})}) as url:
        good, bad = Client(url, QUICK, None).score(inputs("32x32", "33x517"))
    assert good.as_dict() == GOOD
    assert isinstance(bad, PhotographError) and bad.error_type is ErrorType.MODEL_FAILED


def test_a_busy_service_is_asked_again():
    calls = []

    def reply(body):
        calls.append(body)
        if len(calls) < 3:
            return 503, {"error_type": "busy", "error": "9 pictures wait already"}, {}
        return 200, {"results": [GOOD]}, {}

    with standin_hosts.answers({"/infer/batch": reply}) as url:
        assert len(Client(url, QUICK, None).score(inputs())) == 1


def test_an_orphan_of_a_killed_run_does_not_climb_on(monkeypatch):
    gone = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    monkeypatch.setenv("JUDGE_VISION_RUN", f"{socket.gethostname()}/{process_of(gone.pid).text}")
    gone.kill()
    gone.wait()
    tried = []

    def work(name):
        tried.append(name)
        raise EngineUnavailable("the service ended")

    with pytest.raises(UserError, match="was ended"):
        ladder.climb(["service", "batch"], work)
    assert tried == ["service"]


@pytest.mark.parametrize("url", ["gpu:5105", "ftp://gpu", "http://", ""])
def test_an_address_that_is_none(url):
    with pytest.raises(UserError, match="no address of a service"):
        Client(url, QUICK, None)


@pytest.mark.parametrize(
    ("health", "says"),
    [
        ({"state": "loading"}, "is loading"),
        ({"max_side": 512}, "another cap"),
        ({"code": "old"}, "another version"),
        ({"models": {}}, "other networks"),
        ({"service": "printer"}, "not a scoring service"),
    ],
)
def test_a_remote_service_that_would_score_otherwise_is_not_used(health, says):
    with (
        standin_hosts.answers({"/health": (200, {**HEALTH, **health}, {})}) as url,
        pytest.raises(EngineUnavailable, match=says),
    ):
        RemoteEngine(url, QUICK, WANTED)


def test_a_remote_service_without_our_token_says_what_to_set():
    reply = (401, {"error_type": "refused", "error": "a token is needed"}, {})
    with (
        standin_hosts.answers({"/health": reply}) as url,
        pytest.raises(EngineUnavailable, match="JUDGE_VISION_TF_TOKEN"),
    ):
        RemoteEngine(url, QUICK, WANTED)


def test_requests_keep_to_the_limit_that_the_service_announces():
    sizes = []

    def reply(body):
        count = body.partition(b"\n")[0].count(b"[") - 1
        sizes.append(len(body))
        return 200, {"results": [GOOD] * count}, {}

    health = (200, {**HEALTH, "limits": {"body_bytes": 400_000}}, {})
    with standin_hosts.answers({"/health": health, "/infer/batch": reply}) as url:
        engine = RemoteEngine(url, QUICK, WANTED)
        assert len(engine.score(inputs(*["32x32"] * 5))) == 5
        engine.close()
    assert len(sizes) == 3 and max(sizes) <= 400_000


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


@pytest.mark.slow
def test_a_service_that_hangs_is_replaced(standin_networks):
    engine = service_engine()
    hung = engine.note.server
    os.kill(hung.pid, 19)
    assert len(engine.score(inputs())) == 1
    assert not hung.alive and engine.note.server.alive and "has not answered within 2 s" in engine.note.errors[0]
    engine.close()


@pytest.mark.slow
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


def test_options_survive_the_command_line():
    options = Options(bundle="-a b", allow=("/a b", "/c"), last_error=("it's 'broken'",), port=0, gather_ms=2.5)
    assert read_options(command_line(Options())) == Options()
    changed_options = command_line(Options(bundle="-a b", last_error=("it's 'broken'",), port=0, gather_ms=2.5))
    assert read_options(changed_options) == Options(bundle="-a b", last_error=("it's 'broken'",), port=0, gather_ms=2.5)
    with pytest.raises(UserError, match="no such folder"):
        read_options(command_line(options))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("[::1]", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_which_addresses_are_this_machine_only(address, expected):
    assert is_loopback(address) is expected


class Recording:
    """Networks that note which pictures came together, and fail on demand."""

    device, batch_size, gpu_memory_bytes = "recording", 4, None

    def __init__(self):
        self.batches, self.started, self.go, self.bad = [], threading.Event(), threading.Event(), None

    def score(self, pictures):
        self.batches.append(len(pictures))
        self.started.set()
        self.go.wait(10)
        if any(picture is self.bad for picture in pictures):
            raise RuntimeError("this one")
        return [Scores(**GOOD) for _ in pictures]


def test_one_bad_request_does_not_cost_its_neighbours_theirs():
    networks = Recording()
    batcher = Batcher(lambda: networks, 4, 0.01, 100)
    batcher.start()
    assert batcher.wait_until_loaded(5)
    first = batcher.submit(inputs())
    networks.started.wait(5)
    good, bad = inputs("32x32", "32x32")
    networks.bad = bad
    futures = [batcher.submit([good]), batcher.submit([bad]), batcher.submit([good, good])]
    assert batcher.waiting == 5
    networks.go.set()
    assert [type(one) for one in futures[1].result(5)] == [PhotographError]
    assert [type(one) for future in (first, futures[0], futures[2]) for one in future.result(5)] == [Scores] * 4
    assert networks.batches[:2] == [1, 4] and batcher.waiting == 0
    assert batcher.stop(5)


def test_networks_that_cannot_be_loaded_are_a_state():
    def load():
        raise UserError("no bundle")

    batcher = Batcher(load, 4, 0.01, 100)
    batcher.start()
    assert not batcher.wait_until_loaded(5)
    assert batcher.state == "failed" and "no bundle" in batcher.problem
