"""What each rule's script imports, and how long that takes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.measuring import python_script
from benchmarks.result import Result

SCRIPTS = ("manifest", "prepare", "iqa", "tonal", "mono", "colour", "compliance", "merge", "report", "plots")
HEAVY = ("tensorflow", "pandas", "matplotlib", "cv2", "scipy", "pyarrow", "pydantic", "numpy", "PIL", "requests")


def import_times(script: str) -> dict[str, float]:
    """Milliseconds that each module takes by itself, by name, while the script starts and shows its help."""
    command = [sys.executable, "-X", "importtime", *python_script(script, "--help")[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", done.stderr)
    return {name: int(own) / 1000 for own, name in lines}


def measure(quick: bool, scratch: Path) -> Result:
    """Milliseconds by script, best of several starts."""
    del scratch
    rows: list[list[Any]] = []
    for script in SCRIPTS[:2] if quick else SCRIPTS:
        starts = [import_times(script) for _ in range(1 if quick else 5)]
        best = min(starts, key=lambda times: sum(times.values()))
        heavy = [name for name in HEAVY if name in best]
        rows.append([script, sum(best.values()), len(best), ", ".join(heavy) or "none"])
    return Result(
        "Imports",
        ["Script", "Import ms", "Modules", "Large ones among them"],
        rows,
        "`python -X importtime` of each rule's script, best of five starts. Libraries that only some work needs are "
        "imported where that work begins: TensorFlow when a score is missing from the cache, for one.",
    )
