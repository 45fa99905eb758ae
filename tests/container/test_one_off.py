"""One-off containers with a real Docker Engine and a real Podman: what they compute, see, and leave behind."""

import json
import os
import signal
import sys
import time

import pytest

from judge_vision.engines import container
from tests.container import parts

pytestmark = pytest.mark.slow

PROBE = """
import json, os, socket
def can(action):
    try:
        action()
        return True
    except OSError:
        return False
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
json.dump({
    "user": os.getuid(), "group": os.getgid(), "cwd": os.getcwd(), "capabilities": int(status["CapEff"], 16),
    "inside": os.environ["JUDGE_VISION_INSIDE_CONTAINER"], "links": [name for _, name in socket.if_nameindex()],
    "secret": os.environ.get("AWS_SECRET_ACCESS_KEY"),
    "reads photographs": can(lambda: os.listdir(PHOTOS)),
    "writes": {name: can(lambda: open(os.path.join(folder, "written"), "w").close())
               for name, folder in {"/": "/", "usr": "/usr", "photos": PHOTOS, "code": CODE, "tmp": "/tmp"}.items()},
}, open("probe.json", "w"))
"""


def one_off(engine, code, results, *readable):
    return container.OneOff(engine.name, parts.IMAGE, code, results, tuple(readable))


def test_scores_are_the_hosts(engine, host, unscored):
    run = json.loads((unscored / "state" / "config.json").read_text())
    run["iqa"]["runtime"] = engine.name
    before = set(unscored.iterdir())

    def work():
        container.one_off(run, parts.ROOT, unscored).run("iqa.py", ["--shard", "00000", "--threads", "2"])

    assert parts.run_as(engine.user, engine.environment, work) == ""
    expected, found = parts.scores(host), parts.scores(unscored)
    assert len(expected) == 4 * 25 and found == pytest.approx(expected, abs=1e-4)
    records = list((unscored / "records" / "iqa").rglob("*.json"))
    assert {path.stat().st_uid for path in records} == {engine.user}
    assert set(unscored.iterdir()) == before  # no settings of Keras, no cache of CUDA
    assert engine.containers("--all") == []


def test_it_sees_and_may_do_only_what_it_needs(engine, code, unscored, photos):
    probe = PROBE.replace("PHOTOS", repr(str(photos))).replace("CODE", repr(str(code)))
    (code / "scripts" / "probe.py").write_text(probe)
    # without root, Podman shows the user as root inside
    user = 0 if engine.name == "podman" else engine.user
    environment = {**engine.environment, "AWS_SECRET_ACCESS_KEY": "hidden"}
    work = lambda: one_off(engine, code, unscored, photos).run("probe.py", [])  # noqa: E731
    assert parts.run_as(engine.user, environment, work) == ""
    found = json.loads((unscored / "probe.json").read_text())
    assert found == {
        "user": user,
        "group": user,
        "cwd": str(unscored),
        "capabilities": 0 if user else 1 << 1,  # CAP_DAC_OVERRIDE
        "inside": "1",
        "links": ["lo"],
        "secret": None,
        "reads photographs": True,
        "writes": {"/": False, "usr": False, "photos": False, "code": False, "tmp": True},
    }


def test_a_container_that_exits_at_once(engine, code, unscored):
    (code / "scripts" / "bad.py").write_text("import sys; sys.exit('the bundle is gone')")
    said = parts.run_as(engine.user, engine.environment, lambda: one_off(engine, code, unscored).run("bad.py", []))
    assert said.startswith("ContainerError: ") and "ended with status 1: " in said and "the bundle is gone" in said
    assert engine.containers("--all") == []


def test_an_image_that_is_not_there(engine, code, unscored):
    missing = container.OneOff(engine.name, "localhost/nobody/nothing:1", code, unscored, ())
    said = parts.run_as(engine.user, engine.environment, lambda: missing.run("bad.py", []))
    assert f"{engine.name} has no image localhost/nobody/nothing:1: build it with `make image" in said


def test_an_image_without_python(docker, code, store):
    plain = container.OneOff("docker", parts.BASE, code, store, ())
    said = parts.run_as(docker.user, docker.environment, lambda: plain.run("bad.py", []))
    assert f"the image {parts.BASE} cannot run python" in said
    assert docker.containers("--all") == []


@pytest.mark.parametrize("how", ["SIGKILL to the job", "SIGKILL to all", "SIGINT to all", "SIGTERM to the job"])
def test_no_container_outlives_its_job(engine, code, unscored, how, monkeypatch):
    monkeypatch.setattr(container, "_ABANDONED", "0s")
    (code / "scripts" / "short.py").write_text("")
    (code / "scripts" / "long.py").write_text("import time; open('up', 'w').close(); time.sleep(600)")

    def work():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        one_off(engine, code, unscored).run("long.py", [])

    job = parts.process_of(engine.user, engine.environment, work)
    try:
        until(lambda: (unscored / "up").exists())
        assert len(engine.containers()) == 1
        (os.killpg if how.endswith("all") else os.kill)(job.pid, getattr(signal, how.split()[0]))
        job.join(60)
        assert job.exitcode not in (None, 0)
    finally:
        job.kill()
        job.join()
    until(lambda: engine.containers() == [])
    # a Podman that was killed itself leaves remains that the next jobs clear away
    short = one_off(engine, code, unscored)
    until(
        lambda: parts.run_as(engine.user, engine.environment, lambda: short.run("short.py", [])) == "" and gone(engine)
    )


def gone(engine):
    return engine.containers("--all") == []


def until(true):
    """Wait for something; fail after a minute."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_the_whole_workflow(docker, photos, host, store):
    """`iqa.runtime` from end to end: the host's own networks are forbidden, so that nothing else can have scored."""
    results = store / "by docker"
    command = [sys.executable, "-m", "snakemake", "--snakefile", parts.ROOT / "Snakefile", "--cores", "2", "--quiet"]
    config = ("--config", f"photos={photos}", f"results={results}", "iqa={runtime: docker, use_host: false}")
    parts.call(*command, *config, env={**os.environ, **docker.environment}, cwd=store)
    records = [json.loads(path.read_text()) for path in (results / "records" / "iqa").rglob("*.json")]
    assert [record["iqa_engine"] for record in records] == ["container"] * 4
    assert parts.scores(results) == pytest.approx(parts.scores(host), abs=1e-4)
    assert docker.containers("--all") == []
