"""One-off containers without an engine: the command line, and what is said where there is nothing to run it."""

import fcntl
import os
import threading
from pathlib import Path

import pytest

from judge_vision.config import read_config
from judge_vision.engines import container
from judge_vision.failure import UserError
from judge_vision.workflow import apptainer, lock


def one_off(tmp_path, runtime="docker", **more):
    (tmp_path / "photos").mkdir(exist_ok=True)
    return container.OneOff(
        runtime, "img:1", tmp_path / "code", tmp_path / "results", (tmp_path / "photos", tmp_path / "gone"), **more
    )


def engine(folder, name, body):
    """A stand-in for the command of an engine."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_the_command_line(tmp_path, monkeypatch):
    monkeypatch.setenv("TFHUB_CACHE_DIR", "/models/hub")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (tmp_path / "code").mkdir()
    words = one_off(tmp_path).command("name", ["--user=5:6"], "iqa.py", ["--shard", "00000"])
    assert words[:3] == ["docker", "run", "--rm"]
    for word in ("--network=none", "--read-only", "--pull=never", "--user=5:6", f"--workdir={tmp_path}/results"):
        assert word in words
    mounts = [word.removeprefix("--mount=type=bind,") for word in words if word.startswith("--mount")]
    assert mounts == [
        f"source={tmp_path}/code,target={tmp_path}/code,readonly",
        f"source={tmp_path}/photos,target={tmp_path}/photos,readonly",
        f"source={tmp_path}/results,target={tmp_path}/results",
    ]
    variables = sorted(word for word in words if word.startswith("--env"))
    assert variables == [
        "--env=HOME=/tmp",
        "--env=JUDGE_VISION_INSIDE_CONTAINER=1",
        "--env=TFHUB_CACHE_DIR=/models/hub",
    ]
    assert words[-4:] == [
        f"{tmp_path}/code/scripts/in_container.py",
        f"{tmp_path}/code/scripts/iqa.py",
        "--shard",
        "00000",
    ]


@pytest.mark.parametrize(("runtime", "flag"), [("docker", "--gpus=all"), ("podman", "--device=nvidia.com/gpu=all")])
def test_the_gpu_only_where_configured(tmp_path, runtime, flag):
    assert flag not in one_off(tmp_path, runtime).command("name", [], "iqa.py", [])
    assert flag in one_off(tmp_path, runtime, gpu=True).command("name", [], "iqa.py", [])


@pytest.mark.parametrize("name", ["a, b", 'a "b"', "a\nb"])
def test_a_folder_that_cannot_be_mounted(tmp_path, name):
    (tmp_path / name).mkdir()
    odd = container.OneOff("docker", "img:1", tmp_path, tmp_path / name, ())
    with pytest.raises(container.ContainerError, match="rename it without commas and quotes"):
        odd.command("name", [], "iqa.py", [])


def test_the_user_inside_is_the_user_outside(monkeypatch):
    monkeypatch.setattr(os, "getgroups", lambda: [100, 6, 27])
    assert container.user_options(False, 5, 6) == ["--user=5:6", "--group-add=100", "--group-add=27", "--cap-drop=ALL"]
    # an engine without root shows the caller as root
    assert container.user_options(True, 5, 6)[0] == "--user=0:0"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (None, "there is no command docker; install it, or set iqa.runtime"),
        ("echo 'Error: No such image: img:1' >&2; exit 1", "docker has no image img:1: build it with `make image"),
        ("echo 'Error: img:1: image not known' >&2; exit 125", "docker has no image img:1"),
        ("echo 'Cannot connect to the Docker daemon at unix:///x' >&2; exit 1", "docker does not answer"),
        ("echo 'permission denied while trying to connect' >&2; exit 1", "you may not use docker"),
        ("echo 'something new' >&2; exit 1", "docker cannot look for the image img:1: something new"),
        ('[ "$1" != run ] || exit 125', "docker could not start a container of img:1: it said nothing"),
        ('[ "$1" != run ] || { echo no models; exit 1; }', "ended with status 1: no models"),
        ('[ "$1" != run ] || exit 137', "was killed, probably for want of memory"),
    ],
)
def test_an_engine_that_does_not_do_it(tmp_path, monkeypatch, body, line):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin" if body else str(tmp_path))
    if body:
        engine(tmp_path, "docker", body)
    with pytest.raises(container.ContainerError) as raised:
        one_off(tmp_path).run("iqa.py", [])
    assert line in str(raised.value) and "\n" not in str(raised.value)


def test_an_engine_that_does_not_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(container, "_ANSWER_S", 0.2)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    engine(tmp_path, "docker", "exec sleep 60")
    with pytest.raises(container.ContainerError, match="docker has not answered"):
        one_off(tmp_path).run("iqa.py", [])


def test_what_the_container_says_goes_to_the_log(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    engine(tmp_path, "docker", '[ "$1" != run ] || { echo one; echo two >&2; }')
    with caplog.at_level("INFO"):
        one_off(tmp_path).run("iqa.py", [])
    assert {"docker: one", "docker: two"} <= set(caplog.messages)


def test_no_runtime_no_container():
    config = read_config({}).model_dump(mode="json")
    assert container.one_off(config, Path("/code"), Path("/results")) is None
    config["iqa"]["runtime"] = "podman"
    made = container.one_off(config, Path("/code"), Path("/results"))
    assert made.runtime == "podman" and made.image == "localhost/judge-vision/iqa:latest"
    config["containers"]["iqa"] = "/images/iqa.sif"
    with pytest.raises(container.ContainerError, match="which only Apptainer can run"):
        container.one_off(config, Path("/code"), Path("/results"))


def test_images_relative_to_the_folder_of_the_call(tmp_path):
    def image(text):
        return read_config({"containers": {"iqa": text}}).resolved(tmp_path).containers.iqa

    assert image("images/iqa.sif") == f"{tmp_path}/images/iqa.sif"
    assert image("/images/iqa.sif") == "/images/iqa.sif"
    assert image("docker://registry.example/iqa:1") == "docker://registry.example/iqa:1"


def test_apptainer_is_told_the_folders_once_and_the_results_last(tmp_path):
    (tmp_path / "my photos").mkdir()
    config = read_config({"photos": str(tmp_path / "my photos"), "results": str(tmp_path / "results")})
    first = apptainer.environment(config, tmp_path, {"APPTAINER_BIND": "/data"})
    binds = first["APPTAINER_BIND"].split(",")
    assert binds[:3] == ["/data", f"{tmp_path}:{tmp_path}:ro", f"{tmp_path}/my photos:{tmp_path}/my photos:ro"]
    assert binds[-1] == f"{tmp_path}/results:{tmp_path}/results"
    assert first["APPTAINERENV_JUDGE_VISION_INSIDE_CONTAINER"] == "1"
    # each job's own process asks again
    assert apptainer.environment(config, tmp_path, first) == first


@pytest.mark.parametrize("name", ["a,b", "a:b", "a'b", "a\\b", "a\nb"])
def test_a_folder_that_apptainer_cannot_be_told_about(tmp_path, name):
    config = read_config({"photos": str(tmp_path), "results": str(tmp_path / name)})
    with pytest.raises(UserError, match="rename it without comma, colon, quote"):
        apptainer.check(config, tmp_path)


def test_a_job_in_a_container_does_not_wait_for_the_lock_that_its_starter_holds(tmp_path, monkeypatch):
    path = tmp_path / "locks" / "iqa-00000.lock"
    path.parent.mkdir()
    monkeypatch.setenv("JUDGE_VISION_LOCK_HELD", str(path))
    taken = []
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)

        def job():
            with lock.held(path):
                taken.append(path)

        thread = threading.Thread(target=job, daemon=True)
        thread.start()
        thread.join(10)
        assert taken == [path]


def test_variables_for_one_command(tmp_path):
    words = one_off(tmp_path).command("name", [], "iqa.py", [], {"JUDGE_VISION_LOCK_HELD": "/r/a.lock"})
    assert "--env=JUDGE_VISION_LOCK_HELD=/r/a.lock" in words
