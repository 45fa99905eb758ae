"""What each rule's script imports, and how long that takes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.measuring import python_script, spent
from benchmarks.result import Result

SCRIPTS = ("manifest", "prepare", "iqa", "tonal", "mono", "colour", "compliance", "merge", "report", "plots")
HEAVY = ("tensorflow", "pandas", "matplotlib", "cv2", "scipy", "pyarrow", "pydantic", "numpy", "PIL", "requests")


def imported(script: str) -> set[str]:
    """Every module that the script loads to show its help."""
    command = [sys.executable, "-X", "importtime", *python_script(script, "--help")[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(re.findall(r"import time:\s+\d+ \|\s+\d+ \|\s+(\S+)", done.stderr))


def measure(quick: bool, scratch: Path) -> Result:
    """CPU milliseconds by script, best of several starts."""
    del scratch
    rounds = 1 if quick else 5
    bare = min(spent([sys.executable, "-c", "pass"]).cpu_seconds for _ in range(rounds))
    rows: list[list[Any]] = [["(Python alone)", 1000 * bare, None, "none"]]
    for script in SCRIPTS[:2] if quick else SCRIPTS:
        best = min(spent(python_script(script, "--help")).cpu_seconds for _ in range(rounds))
        names = imported(script)
        heavy = [name for name in HEAVY if name in names]
        rows.append([script, 1000 * best, len(names), ", ".join(heavy) or "none"])
    return Result(
        "Imports",
        ["Script", "CPU ms to start", "Modules", "Large ones among them"],
        rows,
        "Each rule's script showing its help, best of five starts; modules by `python -X importtime`. Libraries that "
        "only some work needs are imported where that work begins: TensorFlow when a score is missing from the cache, "
        "for one.",
    )
