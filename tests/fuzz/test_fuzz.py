"""Each target for a minute; longer by hand: python -m tests.fuzz.fuzz decoders CORPUS -max_total_time=3600."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
SECONDS = os.environ.get("FUZZ_SECONDS", "60")


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_nothing_breaks_a_promise(name, tmp_path):
    pytest.importorskip("atheris", reason="atheris has no wheel for this platform")
    options = [f"-max_total_time={SECONDS}", "-seed=1", "-timeout=60", "-rss_limit_mb=4096", "-max_len=65536"]
    command = [sys.executable, "-m", "tests.fuzz.fuzz", name, tmp_path / "corpus", *options]
    done = subprocess.run(
        [*command, f"-artifact_prefix={tmp_path}/"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    kept = [path.name for path in tmp_path.glob("*-*")]
    assert done.returncode == 0, f"{done.stderr[-4000:]}\ninput kept as {tmp_path}: {kept}"
    assert int(re.search(r"Done (\d+) runs", done.stderr)[1]) > 100
