"""What the scripts of the rules import: a job of a second must not first load libraries that it does not use."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("tensorflow", "pandas", "matplotlib", "cv2", "scipy", "imagehash", "snakemake", "rawpy", "pillow_heif")
# What a script's work cannot do without from its first photograph on.
NEEDED = {
    "mono": {"cv2"},
    "colour": {"cv2"},
    "calibration": {"scipy"},
    "ranking": {"scipy"},
    "playoff": {"scipy"},
    "report": {"imagehash"},
    "judge_pack": {"cv2", "scipy"},
    "results": {"cv2", "scipy"},
    "secretary": {"cv2", "scipy"},
}
SCRIPTS = sorted(
    {name for path in (ROOT / "rules").rglob("*.smk") for name in re.findall(r'script\("(\w+)"\)', path.read_text())}
)
LOOK = """
import runpy, sys
sys.argv = [sys.argv[1], "--help"]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit:
    pass
print("loaded:", *sys.modules)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_imports_no_large_library_that_it_does_not_need(name):
    script = ROOT / "scripts" / f"{name}.py"
    done = subprocess.run([sys.executable, "-c", LOOK, str(script)], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.rsplit("loaded:", 1)[1].split())
    assert {"argparse", "judge_vision"} <= loaded
    assert loaded & set(HEAVY) == NEEDED.get(name, set())
