"""`--use-singularity` from end to end. The apptainer command is a stand-in that really changes the root file system."""

import json
import os
import shutil
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from judge_vision.config import read_config
from judge_vision.workflow import apptainer
from tests.container import parts

pytestmark = pytest.mark.slow

STAND_IN = parts.ROOT / "tests" / "container" / "apptainer_stand_in"


def snakemake(results, photos, image, *more, log=None):
    command = [sys.executable, "-m", "snakemake", "--snakefile", parts.ROOT / "Snakefile", "--cores", "2"]
    command += [*more, "--config", f"photos={photos}", f"results={results}", f"containers={{iqa: {image}}}"]
    environment = {**os.environ, "PATH": f"{STAND_IN}:{os.environ['PATH']}"}
    if log:
        environment["APPTAINER_STAND_IN_LOG"] = str(log)
    done = subprocess.run(
        [str(word) for word in command],
        env=environment,
        cwd=results.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def rows(results):
    return {row["image"]: row for row in pq.read_table(results / "stage1.parquet").to_pylist()}


def calls(log):
    return [json.loads(line)["words"] for line in log.read_text().splitlines()]


def test_the_whole_workflow(sandbox, photos, host, store):
    results, log = store / "in the image", store / "calls.log"
    status, output = snakemake(
        results, photos, sandbox, "--profile", parts.ROOT / "profiles" / "apptainer", "--quiet", "host", log=log
    )
    assert status == 0, output
    assert len(rows(results)) == 4
    assert parts.scores(results) == pytest.approx(parts.scores(host), abs=1e-4)
    # one job, the scoring of the only shard, ran in the image; every other one on the host
    assert len(calls(log)) == 1
    words = calls(log)[0]
    assert words[:3] == ["exec", "--home", str(results)] and str(sandbox) in words
    assert "--nv" in words and "--contain" in words and any("scripts/iqa.py" in word for word in words)

    log.unlink()
    status, output = snakemake(results, photos, sandbox, "--profile", parts.ROOT / "profiles" / "apptainer", log=log)
    assert status == 0 and not log.exists(), output


def test_use_singularity_without_a_profile_and_results_in_the_clone(sandbox, photos, host):
    """The results folder lies in the code's, as it does by default: writable inside what is read-only."""
    results = parts.ROOT / "results" / "test of apptainer"
    results.parent.mkdir(exist_ok=True)
    try:
        status, output = snakemake(results, photos, sandbox, "--use-singularity")
        assert status == 0, output
        assert parts.scores(results) == pytest.approx(parts.scores(host), abs=1e-4)
    finally:
        shutil.rmtree(results)
        if not any(results.parent.iterdir()):
            results.parent.rmdir()


def test_it_sees_only_the_folders_it_needs(sandbox, photos, store):
    results = store / "seen from inside"
    results.mkdir()
    config = read_config({"photos": str(photos), "results": str(results)})
    environment = {**os.environ, **apptainer.environment(config, parts.ROOT, {})}
    (store / "private.txt").write_text("nobody else's business")
    lines = [
        "command -v python; echo $JUDGE_VISION_INSIDE_CONTAINER; pwd",
        f"ls '{photos}' | head -1; ls {store}/private.txt",
        f"touch '{photos}/new'; touch {parts.ROOT}/new; touch /opt/judge-vision/new; touch new && echo results",
    ]
    done = subprocess.run(
        [
            STAND_IN / "apptainer",
            "exec",
            "--home",
            str(results),
            "--contain",
            str(sandbox),
            "sh",
            "-c",
            "; ".join(lines),
        ],
        env=environment,
        cwd=results,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.splitlines()
    assert said == ["/opt/judge-vision/bin/python", "1", str(results), "Chelsea.jpg", "results"], done.stderr
    assert done.stderr.count("Read-only file system") == 3 and "private.txt" in done.stderr


@pytest.mark.parametrize(
    ("folder", "image", "line"),
    [
        ("a, b", "/nowhere/iqa.sif", "Apptainer cannot be told about the folder"),
        ("a:b", "/nowhere/iqa.sif", "Apptainer cannot be told about the folder"),
        ("ab", "/nowhere/iqa.sif", "the image /nowhere/iqa.sif does not exist; build it"),
        ("ab", "no where/iqa.sif", "Snakemake takes no image with spaces"),
        ("ab", "docker://localhost/judge-vision/iqa:latest", "which Apptainer cannot read"),
    ],
)
def test_what_cannot_work_is_said_before_anything_runs(tmp_path, folder, image, line):
    photos = tmp_path / folder
    photos.mkdir()
    image = image if image.startswith("docker") else str(tmp_path / image) if " " in image else image
    status, output = snakemake(tmp_path / "results", photos, image, "--use-singularity")
    assert status != 0 and line in output and "Traceback" not in output
    assert not (tmp_path / "results").exists()
