"""The files that Pillow's own tests use, over a thousand and many made to break decoders, through all of Stage 1."""

import json
import subprocess
import sys
import tarfile
from collections import Counter
from importlib.metadata import version

import pytest

from judge_vision.failure import ErrorType
from tests.system.stage1 import rows, snakemake

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """The folder `Tests` of the source distribution of the installed Pillow, from the Python Package Index."""
    place = tmp_path_factory.mktemp("pillow")
    wanted = f"pillow=={version('pillow')}"
    call = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", wanted]
    done = subprocess.run([*call, "--dest", place], capture_output=True, text=True, check=False)
    archives = list(place.glob("*.tar.gz"))
    if done.returncode or not archives:
        pytest.skip(f"the source distribution {wanted} cannot be had here: {done.stderr[-300:]}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(place, filter="data")
    (folder,) = place.glob("*/Tests")
    return folder


def test_every_file_of_pillows_tests_gets_its_row(corpus, tmp_path):
    files = [path for path in corpus.rglob("*") if path.is_file()]
    assert len(files) > 1000
    status, output = snakemake(tmp_path / "results", photos=corpus)
    assert status == 0, output[-4000:]
    table = rows(tmp_path / "results")
    summary = json.loads((tmp_path / "results" / "summary.json").read_text())
    skipped = sum(count for reason, count in summary["skipped"].items())
    assert len(table) + skipped == len(files)
    reasons = Counter(row["error_type"] for row in table.values())
    print(f"{len(table)} rows: {reasons.pop(None)} ok, {dict(reasons)}")
    assert set(reasons) <= {reason.value for reason in ErrorType} - {"internal", "model_failed", "model_unavailable"}
    assert all(row["error"] for row in table.values() if row["status"] == "failed")
    scores = ("nima_aesthetic_mean", "nima_technical_mean", "musiq_mos", "dynamic_range", "mono_verdict")
    assert all(row[name] is not None for row in table.values() if row["status"] == "ok" for name in scores)
