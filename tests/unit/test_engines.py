"""Which engines are tried, and what a client makes of whatever answers."""

import socket
import subprocess
import sys
import threading
import time

import pytest

from judge_vision.engines import ladder
from judge_vision.engines.client import Client, Hanging, Unreachable
from judge_vision.engines.engine import EngineUnavailable
from judge_vision.engines.options import Options, command_line, is_loopback, read_options
from judge_vision.engines.over_http import RemoteEngine
from judge_vision.engines.processes import process_of
from judge_vision.failure import ErrorType, PhotographError, UserError
from judge_vision.models.scorer import Scores
from judge_vision.service.batching import Batcher
from tests.unit import standin_hosts
from tests.unit.engine_parts import GOOD, HEALTH, QUICK, WANTED, inputs, iqa, own_notes  # noqa: F401 - fixtures


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


@pytest.mark.slow
def test_what_hangs_is_noticed():
    with standin_hosts.never_answers() as url:
        client = Client(url, QUICK, None)
        began = time.monotonic()
        with pytest.raises(Hanging, match="has not answered within 2 s"):
            client.score(inputs())
        with pytest.raises(Hanging):
            client.health()
        assert time.monotonic() - began < 6


@pytest.mark.slow
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


@pytest.mark.slow
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
