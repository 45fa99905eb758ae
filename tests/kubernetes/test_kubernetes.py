"""The workflow through `profiles/kubernetes`, on a stand-in for a cluster (see `stand_in`)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.kubernetes import stand_in

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "photos"
PYTHON = Path(os.environ.get("CLUSTER_PYTHON", ROOT / ".venv-cluster" / "bin" / "python"))

pytestmark = pytest.mark.slow


@pytest.fixture
def volume(tmp_path):
    """What the pods mount: photographs, and a folder for the results."""
    photos = tmp_path / "data" / "photos"
    photos.mkdir(parents=True)
    for name in ("Chelsea.jpg", "Coffee break.png"):
        shutil.copy(EXAMPLES / name, photos)
    return tmp_path / "data"


@pytest.fixture
def start(volume, tmp_path):
    """Start Snakemake with the profile: the process, the cluster, and where the screen is kept."""
    (tmp_path / "pods").mkdir()
    (tmp_path / "called here").mkdir()
    screen = tmp_path / "screen.txt"
    with stand_in.running(tmp_path / "pods", PYTHON) as (cluster, environment):

        def call(*more):
            command = [
                str(PYTHON),
                "-m",
                "snakemake",
                "-s",
                str(ROOT / "Snakefile"),
                "--seconds-between-status-checks",
                "2",
            ]
            command += ["--profile", str(ROOT / "profiles" / "kubernetes"), *more]
            command += ["--config", f"photos={volume / 'photos'}", f"results={volume / 'results'}"]
            with screen.open("w") as handle:
                process = subprocess.Popen(
                    command,
                    cwd=tmp_path / "called here",
                    env={**os.environ, **environment},
                    stdout=handle,
                    stderr=handle,
                )
            return process, cluster, screen

        yield call


def test_pods_on_a_volume_give_the_table_of_a_local_run(volume, start, tmp_path):
    gpu = ("--set-resources", "iqa:gpu=1", "iqa:gpu_manufacturer=nvidia")
    process, cluster, screen = start(*gpu)
    assert process.wait(400) == 0, screen.read_text()
    local = tmp_path / "local"
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2", "--quiet", "host"]
    command += ["--config", f"photos={volume / 'photos'}", f"results={local}"]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    assert (volume / "results" / "stage1.parquet").read_bytes() == (local / "stage1.parquet").read_bytes()

    containers = [job["spec"]["template"]["spec"]["containers"][0] for job in cluster.jobs.values()]
    assert all({"name": "judge-vision", "mountPath": "/data"} in one["volumeMounts"] for one in containers)
    # no pod installs anything or fetches the sources
    assert not any("pip install" in one["args"][1] or "--deploy-sources" in one["args"][1] for one in containers)
    (scoring,) = (one["resources"]["requests"] for one in containers if "--allowed-rules iqa" in one["args"][1])
    assert scoring == {
        "cpu": "1900m",
        "memory": "4000M",
        "ephemeral-storage": "100M",
        "nvidia.com/gpu": "1",
    }


def test_a_cancelled_run_leaves_no_pod_behind(start):
    process, cluster, screen = start()
    deadline = time.monotonic() + 120
    while not cluster.pods:
        assert time.monotonic() < deadline and process.poll() is None, screen.read_text()
        time.sleep(0.2)
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) != 0
    assert all(pod.poll() is not None for pod in cluster.pods.values()), screen.read_text()
