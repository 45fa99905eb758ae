"""Engines with the real networks: the same table from each, also when a service dies, hangs or is not there."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import requests

from judge_vision.engines import notes
from judge_vision.engines.processes import process_of
from tests.stand_in_vlm import StandIn
from tests.system.stage1 import wait_for
from tests.system.test_workflow import EXAMPLES, ROOT, rows, snakemake
from tests.unit import standin_hosts

pytestmark = pytest.mark.slow

WHO_SCORED = ("iqa_engine",)
NAMES = (
    *("Chelsea.jpg", "Coffee break.png", "Drum and wine.jpg"),
    *("Paint brushes.jpg", "Astronaut.jpg", "Sun over the hills.tif"),
)


@pytest.fixture(autouse=True)
def nothing_left_behind(tmp_path, monkeypatch):
    """Services of this test only are seen, and none is left."""
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    for name in ("URL", "PORT", "TOKEN", "AUTO_SHUTDOWN"):
        monkeypatch.delenv(
            f"JUDGE_VISION_TF_SERVICE_{name}" if name == "URL" else f"JUDGE_VISION_TF_{name}", raising=False
        )
    monkeypatch.setenv("JUDGE_VISION_TF_PORT", str(free_port()))
    yield
    until = time.monotonic() + 15
    while (left := servers(runtime)) and time.monotonic() < until:
        time.sleep(0.2)
    for process in left:
        os.kill(process.pid, signal.SIGKILL)
    assert not left, "a server was left behind"


def free_port():
    with standin_hosts.never_answers() as url:
        return int(url.rpartition(":")[2])


def servers(runtime):
    """The processes of this test's servers: those with its folder of notes in their environment."""
    return list(processes_of("iqa_service.py", runtime))


def processes_of(script, runtime):
    for path in Path("/proc").glob("[0-9]*"):
        try:
            first = (path / "cmdline").read_bytes().split(b"\0")[:3]
            if (
                any(word.endswith(f"/{script}".encode()) for word in first)
                and str(runtime).encode() in (path / "environ").read_bytes()
            ):
                yield process_of(int(path.name))
        except OSError:
            continue


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for name in NAMES:
        shutil.copy(EXAMPLES / name, folder)
    (folder / "empty.jpg").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def undisturbed(photos, tmp_path_factory):
    """A finished run of two shards with the networks in the jobs."""
    results = tmp_path_factory.mktemp("undisturbed") / "results"
    status, output = snakemake(results, photos=photos, photographs_per_job=4)
    assert status == 0, output
    return results


def same_table(results, expected, engines):
    """The same rows, figures to 1e-4; all scored by one of `engines`."""
    found, wanted = rows(results), rows(expected)
    assert list(found) == list(wanted)
    for name, row in wanted.items():
        for column, value in row.items():
            if column in WHO_SCORED:
                assert found[name][column] in engines or value is None, name
            elif isinstance(value, float):
                assert found[name][column] == pytest.approx(value, abs=1e-4), (name, column)
            else:
                assert found[name][column] == value, (name, column)


def engines_of(results):
    return [json.loads(path.read_text()) for path in sorted((results / "state" / "engines").glob("*.json"))]


@contextmanager
def stage2_server(runtime):
    """Stage 2's settings for a server that notes, at each request, which scoring services live; none may."""
    with StandIn(around=lambda: servers(runtime)) as stand_in:
        yield f"{{base_url: '{stand_in.base_url}', model: stand-in}}"
    assert len(stand_in.requests) == len(NAMES), "each photograph is asked about once"
    assert [seen["around"] for seen in stand_in.requests] == [[]] * len(NAMES), "its memory was not free"


def test_a_run_with_the_service_gives_the_same_table_and_ends_it_before_stage_2(photos, undisturbed, tmp_path):
    with stage2_server(tmp_path / "runtime") as stage2:
        given = {"photos": photos, "photographs_per_job": 4, "stage2": stage2}
        status, output = snakemake(tmp_path / "r", **given, iqa="{engine: service}")
        assert status == 0, output
        same_table(tmp_path / "r", undisturbed, {"service"})
        # ended by the first critique's job, so that there was one
        stopped = [path.read_text() for path in (tmp_path / "r" / "logs" / "critique").glob("*.service")]
        assert sum("the scoring service at" in text and " ended" in text for text in stopped) == 1, stopped
        assert (tmp_path / "r" / "logs" / "service.log").read_text().count("listening on") == 1
        for shard in engines_of(tmp_path / "r"):
            assert shard["attempts"] == [{"engine": "service", "failure": None}] and shard["service"]["restarts"] == 0
        status, output = snakemake(tmp_path / "r", **given)
        assert status == 0 and "Nothing to be done" in output, "the engine is no reason to score again"


def test_two_runs_on_one_machine(photos, undisturbed, tmp_path):
    with running(tmp_path, "one", photos) as one, running(tmp_path, "two", photos) as two:
        assert (one.wait(), two.wait()) == (0, 0)
    for name in ("one", "two"):
        same_table(tmp_path / name, undisturbed, {"service"})


@contextmanager
def running(folder, name, photos, **settings):
    """Snakemake with the service, in a session of its own."""
    given = {"photos": photos, "photographs_per_job": 4, "iqa": "{engine: service}", **settings}
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2"]
    (folder / f"in {name}").mkdir()
    process = subprocess.Popen(
        [*command, "--config", f"results={folder / name}", *(f"{key}={value}" for key, value in given.items())],
        cwd=folder / f"in {name}",
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # a process started in the background of a script may have inherited that Ctrl-C is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads here
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def end_by_kill(run, runtime):
    run.kill()  # Snakemake alone: its jobs are orphans now


def end_by_ctrl_c(run, runtime):
    os.killpg(run.pid, signal.SIGINT)


def end_by_a_failed_job(run, runtime):
    def scoring_job():
        return next(processes_of("iqa.py", runtime), None)

    os.kill(wait_for(scoring_job).pid, signal.SIGKILL)


@pytest.mark.parametrize("end", [end_by_kill, end_by_ctrl_c, end_by_a_failed_job])
def test_a_run_that_is_ended_takes_its_service_along_and_can_be_continued(photos, undisturbed, tmp_path, end):
    runtime = tmp_path / "runtime"
    with running(tmp_path, "r", photos) as run:
        server = wait_for(lambda: servers(runtime))[0]
        end(run, runtime)
        assert run.wait() != 0
        until = time.monotonic() + 60
        while server.alive and time.monotonic() < until:
            time.sleep(0.1)
        assert not server.alive
    with stage2_server(runtime) as stage2:
        given = {"photos": photos, "photographs_per_job": 4, "iqa": "{engine: service}", "stage2": stage2}
        status, output = snakemake(tmp_path / "r", **given)
    assert status == 0, output
    same_table(tmp_path / "r", undisturbed, {"service"})


@pytest.fixture
def job(undisturbed, tmp_path):
    """One shard of the undisturbed run, before its scoring; call it with settings to score it by its script."""
    results = tmp_path / "results"
    shutil.copytree(undisturbed, results)
    for folder in ("cache/iqa", "records/iqa", "state/index/iqa", "state/engines"):
        shutil.rmtree(results / folder)

    def start(iqa=None, service=None, **environment):
        path = results / "state" / "config.json"
        config = json.loads(path.read_text())
        config["iqa"].update(iqa or {})
        config["service"].update(service or {})
        path.write_text(json.dumps(config))
        command = [sys.executable, str(ROOT / "scripts" / "iqa.py"), "--shard", "00000", "--threads", "2"]
        process = subprocess.Popen(
            command, cwd=results, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    started = []
    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stderr.close()


def finish(process):
    """What the shard's engines were, after the job succeeded and its scores are those of the undisturbed run."""
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def scores(results):
    found = {}
    for path in (results / "records" / "iqa" / "00000").glob("*.json"):
        record = json.loads(path.read_text())
        found[record["image"]] = record
    return found


def same_scores(results, undisturbed, engine):
    found, wanted = scores(results), scores(undisturbed)
    assert found.keys() == wanted.keys() and found
    for name, record in wanted.items():
        for key, value in record.items():
            if key == "iqa_engine":
                assert found[name][key] == engine
            elif isinstance(value, (float, list)):
                assert found[name][key] == pytest.approx(value, abs=1e-4), (name, key)
            else:
                assert found[name][key] == value, (name, key)
    return engines_of(results)[0]


def test_a_remote_service_of_somebody_else(job, undisturbed, tmp_path, monkeypatch):
    """As a shared host runs it: started by hand, on another address, with a token."""
    monkeypatch.setenv("JUDGE_VISION_TF_TOKEN", "a secret of some length")
    start = [str(ROOT / "scripts" / "start_tf_iqa_service.sh"), "--address", "0.0.0.0"]
    done = subprocess.run(start, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    port = os.environ["JUDGE_VISION_TF_PORT"]
    try:
        url = f"http://localhost:{port}"
        finish(job({"engine": "service"}, JUDGE_VISION_TF_SERVICE_URL=url))
        told = same_scores(tmp_path / "results", undisturbed, "remote")
        assert told["attempts"] == [{"engine": "remote", "failure": None}] and told["service"] is None
        assert requests.get(f"{url}/health", timeout=10).status_code == 401
    finally:
        stop = subprocess.run(
            [str(ROOT / "scripts" / "stop_tf_iqa_service.sh")], capture_output=True, text=True, check=False
        )
    assert "ended" in stop.stdout, stop.stdout + stop.stderr


def test_a_remote_address_where_nothing_is(job, undisturbed, tmp_path):
    said = finish(job({"engine": "remote"}, {"url": f"http://127.0.0.1:{free_port()}"}))
    told = same_scores(tmp_path / "results", undisturbed, "batch")
    assert [one["engine"] for one in told["attempts"]] == ["remote", "batch"]
    assert "cannot be reached" in told["attempts"][0]["failure"] and "going on with batch" in said


def test_a_remote_address_that_hangs(job, undisturbed, tmp_path):
    with standin_hosts.never_answers() as url:
        finish(job({"engine": "remote"}, {"url": url, "connect_timeout_s": 2}))
    told = same_scores(tmp_path / "results", undisturbed, "batch")
    assert "has not answered" in told["attempts"][0]["failure"]


def test_without_fallback_it_is_one_clear_error(job):
    process = job({"engine": "remote", "use_host": False}, {"url": f"http://127.0.0.1:{free_port()}"})
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1 and "Traceback" not in said
    assert "judge-vision: no engine could score this shard (remote: http://127.0.0.1" in said


def test_docker_is_missing(job, undisturbed, tmp_path):
    finish(job({"engine": "service", "use_service": False, "runtime": "docker"}, PATH="/nowhere"))
    told = same_scores(tmp_path / "results", undisturbed, "batch")
    assert "there is no command docker" in told["attempts"][0]["failure"]


@pytest.fixture
def docker(tmp_path):
    """A folder with a stand-in for the docker command, and the environment that finds it first."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "containers").mkdir()
    command = tmp_path / "bin" / "docker"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "tests/system/standin_docker.py"}" "$@"\n')
    command.chmod(0o755)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "STANDIN_DOCKER": str(tmp_path / "containers")}


def test_a_one_off_container_scores_what_the_service_did_not(job, undisturbed, tmp_path, docker):
    finish(job({"engine": "remote", "runtime": "docker"}, {"url": f"http://127.0.0.1:{free_port()}"}, **docker))
    told = same_scores(tmp_path / "results", undisturbed, "container")
    assert [one["engine"] for one in told["attempts"]] == ["remote", "container"]
    assert list((tmp_path / "containers").iterdir()) == []
    finish(job(None, None, **{**docker, "PATH": "/nowhere"}))  # all is known: no container is asked for


def test_the_service_in_a_container(job, undisturbed, tmp_path, docker, monkeypatch):
    monkeypatch.setenv("JUDGE_VISION_TF_TOKEN", "a secret of some length")
    process = job({"engine": "service", "runtime": "docker"}, JUDGE_VISION_TF_IMAGE="club/iqa:7", **docker)
    server = wait_for(lambda: servers(tmp_path / "runtime"))[0]
    time.sleep(1)
    (container,) = (tmp_path / "containers").iterdir()
    line = container.read_text()
    assert "--network=host" in line and "club/iqa:7" in line and "a secret" not in line
    finish(process)
    same_scores(tmp_path / "results", undisturbed, "service")
    until = time.monotonic() + 20
    while server.alive and time.monotonic() < until:
        time.sleep(0.1)
    assert not server.alive and list((tmp_path / "containers").iterdir()) == []


def test_only_the_processor_of_the_host(job, undisturbed, tmp_path):
    finish(job({"engine": "service", "runtime": "docker"}, JUDGE_VISION_USE_TF_CONTAINER="0"))
    told = same_scores(tmp_path / "results", undisturbed, "batch")
    assert told["attempts"] == [{"engine": "batch", "failure": None}]


def test_a_job_inside_a_container_starts_no_other(job, undisturbed, tmp_path):
    finish(job({"engine": "service", "runtime": "docker"}, JUDGE_VISION_INSIDE_CONTAINER="1"))
    same_scores(tmp_path / "results", undisturbed, "container")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_service_that_dies_or_hangs_while_it_scores(job, undisturbed, tmp_path, number):
    process = job({"engine": "service", "batch_size": 1}, {"timeout_s": 8, "connect_timeout_s": 2})
    server = wait_for(lambda: servers(tmp_path / "runtime"))[0]
    runtime_note = tmp_path / "runtime" / "judge-vision"
    until = time.monotonic() + 60
    while not list((tmp_path / "results" / "cache" / "iqa").rglob("*.json")):
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.002)
    os.kill(server.pid, number)
    finish(process)
    told = same_scores(tmp_path / "results", undisturbed, "service")
    assert told["service"]["restarts"] == 1 and len(told["service"]["errors"]) == 1
    assert not server.alive and runtime_note.exists()


def test_a_service_that_never_comes_up(job, undisturbed, tmp_path):
    """Something kills each one at its start: three tries, then the job does it itself."""
    process = job({"engine": "service"}, {"start_timeout_s": 0.5})
    finish(process)
    told = same_scores(tmp_path / "results", undisturbed, "batch")
    assert "was not ready within 0.5 s" in told["attempts"][0]["failure"]


def test_a_port_that_something_else_has(job, undisturbed, tmp_path):
    with standin_hosts.never_answers(int(os.environ["JUDGE_VISION_TF_PORT"])):
        finish(job({"engine": "service"}))
    same_scores(tmp_path / "results", undisturbed, "service")


def test_a_kept_service_serves_the_next_run_and_is_stopped_by_hand(job, undisturbed, tmp_path):
    finish(job({"engine": "service"}, JUDGE_VISION_TF_AUTO_SHUTDOWN="0"))
    same_scores(tmp_path / "results", undisturbed, "service")
    (server,) = servers(tmp_path / "runtime")
    shutil.rmtree(tmp_path / "results" / "cache" / "iqa")
    finish(job())
    assert servers(tmp_path / "runtime") == [server]
    stop = str(ROOT / "scripts" / "stop_service.py")
    done = subprocess.run([sys.executable, stop], capture_output=True, text=True, check=True)
    assert "no scoring service was running" in done.stdout and server.alive
    done = subprocess.run([sys.executable, stop, "--kept"], capture_output=True, text=True, check=True)
    assert "ended" in done.stdout and not server.alive
    assert notes.read_all() == []


def test_the_engine_is_in_the_tables_column(undisturbed):
    assert pq.read_table(undisturbed / "stage1.parquet").column("iqa_engine").to_pylist().count("batch") == len(NAMES)
