"""The workflow on a real Slurm without an accounting database, as a user starts it: `--profile profiles/slurm`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from tests.slurm import one_node

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "photos"
PHOTOGRAPHS = ("Chelsea.jpg", "Coffee break.png", "Drum and wine.jpg")
# `make cluster` with its own environment: with Slurm's plugin every call of Snakemake asks for Slurm's controller
PYTHON = Path(os.environ.get("CLUSTER_PYTHON", ROOT / ".venv-cluster" / "bin" / "python"))
WHY_NOT = one_node.missing()

pytestmark = [pytest.mark.slow, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    assert PYTHON.exists(), f"{PYTHON} is missing: make cluster VENV=.venv-cluster"
    with one_node.running(tmp_path_factory.mktemp("slurm")) as slurm:
        yield slurm


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("club") / "our photos"
    folder.mkdir()
    for name in PHOTOGRAPHS:
        shutil.copy(EXAMPLES / name, folder)
    return folder


@pytest.fixture(autouse=True)
def nothing_is_left(node, tmp_path):
    yield
    for job in node.jobs():
        node.command("scancel", job)
    # this Slurm has no cgroups to know a job's processes by: seen once, one outlived its cancelled job
    for process in psutil.process_iter(["cmdline"]):
        if any(str(tmp_path) in word for word in process.info["cmdline"] or ()):
            process.kill()


class Run:
    """A call of Snakemake with the profile, and what Slurm's queue showed meanwhile."""

    def __init__(self, node, photos, results, *more, **config):
        self.node, self.results, self.seen = node, results, {}
        settings = [f"{key}={value}" for key, value in {"photos": photos, "results": results, **config}.items()]
        # a suite that was started with `&` ignores Ctrl-C, and so would its children
        command = ["env", "--default-signal=INT", str(PYTHON), "-m", "snakemake", "-s", str(ROOT / "Snakefile")]
        command += ["--profile", str(ROOT / "profiles" / "slurm"), "--config", *settings]
        # looks sooner than the profile does: the jobs here take seconds
        command += ["--slurm-init-seconds-before-status-checks", "3", *more]
        results.parent.mkdir(exist_ok=True)
        self.text = results.parent / "screen.txt"
        with self.text.open("w") as screen:
            self.process = subprocess.Popen(
                command,
                cwd=results.parent,
                env={**os.environ, **node.environment},
                stdout=screen,
                stderr=screen,
                start_new_session=True,
            )
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self):
        """Note of each job: its comment, processors, memory, GPUs and state."""
        while self.process.poll() is None:
            try:
                listing = self.node.command("squeue", "--noheader", "--states=all", "--format=%i|%k|%C|%m|%b|%l")
            except subprocess.CalledProcessError:
                listing = ""
            for line in listing.splitlines():
                job, *facts = line.split("|")
                self.seen[job] = tuple(facts)
            time.sleep(0.5)

    def wait_for(self, condition, seconds=90):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline and self.process.poll() is None, self.screen
            time.sleep(0.2)

    def finish(self, seconds=900):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            pytest.fail(f"not finished after {seconds} s:\n{self.screen}")

    @property
    def screen(self):
        return self.text.read_text(errors="replace")


def test_a_run_is_the_local_run_though_the_controller_restarts(node, photos, tmp_path):
    before = set(node.jobs("--states=all"))
    run = Run(node, photos, tmp_path / "cluster" / "results", photographs_per_job=2, jobs="{iqa_gres: 'gpu:1'}")
    run.wait_for(lambda: node.jobs("--states=RUNNING"))
    node.stop("slurmctld")
    time.sleep(5)
    node.start("slurmctld")
    local = tmp_path / "local"
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2", "--quiet", "host"]
    command += ["--config", f"photos={photos}", f"results={local}", "photographs_per_job=2"]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    assert run.finish() == 0, run.screen
    assert "3 photographs: 3 ok, 0 failed" in run.screen
    assert (run.results / "stage1.parquet").read_bytes() == (local / "stage1.parquet").read_bytes()
    assert not node.jobs()

    jobs = {job: facts for job, facts in run.seen.items() if job not in before}
    chains = [facts for facts in jobs.values() if facts[0] == "rule_shard_colour_compliance_mono_prepare_tonal"]
    scoring = [facts for facts in jobs.values() if facts[0].startswith("rule_iqa_wildcards_")]
    assert len(chains) == len(scoring) == 2, run.seen
    # one rule after another in a chain: neither processors nor memory are added up
    assert {facts[1:4] for facts in chains} == {("2", "3000M", "N/A")}
    assert {facts[1:4] for facts in scoring} == {("2", "4000M", "gres:gpu:1")}
    # two chains, two scorings, and one each of entries, merge, report and plots
    assert len(jobs) == 8


def test_a_failing_job_is_tried_with_more_and_reported_with_its_log(node, photos, tmp_path):
    results = tmp_path / "cluster" / "results"
    (results / "records").mkdir(parents=True)
    (results / "records" / "prepare").write_text("in the way of a folder")
    before = set(node.jobs("--states=all"))
    run = Run(node, photos, results, "--retries", "1")
    assert run.finish() != 0
    asked = [run.seen[job][2:5:2] for job in sorted(run.seen, key=int) if job not in before]
    # 256 photographs: 5 + 256 / 20 minutes to prepare, 5 + 256 / 60 for each of the other four rules; then all twice
    assert asked == [("3000M", "53:00"), ("6000M", "1:46:00")]
    assert "Error in group shard" in run.screen
    assert str(results / ".snakemake" / "slurm_logs") in run.screen
    assert "stopped by an unexpected error" in run.screen and "NotADirectoryError" in run.screen
    assert "the same command continues it" in run.screen
    assert not node.jobs()


def test_a_job_that_can_never_start_is_reported_and_given_up(node, photos, tmp_path):
    run = Run(node, photos, tmp_path / "cluster" / "results", "--retries", "0", jobs="{host_threads: 16}")
    assert run.finish() != 0
    assert "can never start (PartitionConfig) and is given up: it asks for 16 processors, 3000M memory" in run.screen
    assert not node.jobs()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_cancelled_run_leaves_no_job_behind(node, photos, tmp_path, number):
    """Cancelled while the first jobs run and others still wait to be submitted."""
    run = Run(node, photos, tmp_path / "cluster" / "results", photographs_per_job=1)
    run.wait_for(lambda: node.jobs())
    started = time.monotonic()
    run.process.send_signal(number)
    assert run.finish(90) != 0
    assert not node.jobs(), run.screen
    print(f"{number.name}: gone after {time.monotonic() - started:.0f} s")
    # nothing is submitted afterwards
    time.sleep(7)
    assert not node.jobs()
