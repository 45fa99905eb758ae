"""Speed held to ratios of one run, in which ways take turns and the best of several rounds counts.

Generous, so that a busy machine passes: docs/explanation/benchmarks.md has what a quiet one reaches.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import host_metrics, photographs, reference_way
from benchmarks.measuring import fastest
from judge_vision.models import nima
from judge_vision.photograph import prepare, showing
from judge_vision.photograph.proof import ProofSizes
from judge_vision.photograph.settings import PrepareSettings
from tests.system.stage1 import snakemake

pytestmark = [pytest.mark.slow, pytest.mark.alone]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    photographs.make(folder, 2, "1600x1200")
    return folder


def test_nima_in_batches_is_three_times_as_fast_as_eager_one_by_one():
    from benchmarks import nima as benchmark
    from judge_vision.models import runtime

    one_by_one, batched = benchmark.ways(runtime.start_tensorflow())
    inputs = np.random.default_rng(1).uniform(-1, 1, (16, nima.INPUT_SIDE, nima.INPUT_SIDE, 3)).astype(np.float32)
    few = inputs[:3]
    assert np.abs(one_by_one(few) - batched(few, 3)).max() < 1e-4
    found = fastest({"eager": lambda: one_by_one(few), "ours": lambda: batched(inputs, 16)}, 3)
    assert (found["eager"] / len(few)) / (found["ours"] / len(inputs)) >= 3


def test_host_metrics_are_faster_than_the_references_way_and_equal(photos, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")  # as in a run
    path = photos / "photograph 00000.jpg"
    host_metrics.check_equal(path)
    plain, ours = host_metrics.seconds_each([reference_way.figures, host_metrics.ours], [path], 5)
    assert plain / ours >= 2


def test_a_photograph_is_decoded_once(photos, tmp_path, monkeypatch):
    """That no other rule opens it is held by test_workflow.py."""
    decoded = []

    def counted(data, file_format, settings):
        decoded.append(file_format)
        return decode(data, file_format, settings)

    decode = showing.decode
    monkeypatch.setattr(showing, "decode", counted)
    sizes = ProofSizes(224, 1024, 1024)
    prepare.prepare_photograph(photos / "photograph 00000.jpg", PrepareSettings(), sizes, tmp_path / "a.npz")
    assert decoded == ["JPEG"]


def test_a_job_without_work_takes_little_more_than_its_interpreter(photos, tmp_path):
    """All figures are in the cache: what is left is starting, reading, checking and writing records."""
    results = tmp_path / "results"
    status, output = snakemake(results, "--until", "manifest", photos=photos)
    assert status == 0, output

    def job(rule):
        script = ROOT / "scripts" / f"{rule}.py"
        command = [sys.executable, str(script), "--results", str(results), "--shard", "00000", "--threads", "1"]
        subprocess.run(command, check=True, capture_output=True)

    job("prepare")
    job("tonal")
    bare = [sys.executable, "-c", "import numpy, logging, argparse"]
    found = fastest({"bare": lambda: subprocess.run(bare, check=True), "job": lambda: job("tonal")}, 5)
    assert found["job"] / found["bare"] <= 5
