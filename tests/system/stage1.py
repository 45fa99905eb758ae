"""Running Stage 1 as a user does, and looking at what came out."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "photos"
# The small folder of photographs (conftest.py) makes two shards.
MORE = {"photographs_per_job": 3}


def command(results, *more, root=ROOT, cores=2, **config):
    settings = [f"{key}={value}" for key, value in {"results": results, **config}.items()]
    start = [sys.executable, "-m", "snakemake", "-s", str(root / "Snakefile"), "--cores", str(cores)]
    return [*start, "--quiet", "host", *more, "--config", *settings]


def snakemake(results, *more, env=None, cwd=None, **config):
    """Exit status and output of one call."""
    done = subprocess.run(
        command(results, *more, **config),
        capture_output=True,
        text=True,
        errors="replace",
        cwd=cwd or results.parent,
        env={**os.environ, **(env or {})},
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def start(results, *more, cwd=None, output=subprocess.DEVNULL, **config):
    """One call in a process group of its own, with the signals of a terminal."""
    return subprocess.Popen(
        command(results, *more, **config),
        cwd=cwd or results.parent,
        start_new_session=True,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        # a shell that starts a job with & lets it ignore SIGINT, and so would its children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - the tests start no threads
    )


def fresh(folder, name, undisturbed=None):
    """A new results folder; with the scores of an undisturbed run no job needs TensorFlow's seconds to start."""
    results = folder / f"results {name}"
    if undisturbed:
        shutil.copytree(undisturbed / "cache" / "iqa", results / "cache" / "iqa")
    return results


def rows(results):
    return {row["image"]: row for row in pq.read_table(results / "stage1.parquet").to_pylist()}


def measured(results, rule):
    """How many photographs the last jobs of a rule measured: neither cached nor failed."""
    jobs = [json.loads(path.read_text()) for path in (results / "state" / "jobs" / rule).glob("*.json")]
    return sum(job["photographs"] - job["cached"] - job["failed"] for job in jobs)


def wait_for(condition, seconds=180.0):
    """Whatever true value `condition` gives within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"nothing within {seconds} s")


def stop_group(process):
    """End the process and all of its group that is left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
