"""What the workflow adds: a whole run against a bare loop that calls the same scoring functions in one process."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from benchmarks import photographs
from benchmarks.measuring import ROOT, Spent, python_script, spent
from benchmarks.result import Result, target

SIZE = "1600x1200"


def whole_run(photos: Path, results: Path, *settings: str) -> Spent:
    """What a run into a fresh results folder takes."""
    shutil.rmtree(results, ignore_errors=True)
    more = ["--", "--config", *settings] if settings else []
    return spent(python_script("run", "--photos", photos, "--results", results, *more))


def bare_loop(photos: Path) -> Spent:
    """What the bare loop takes, on all cores."""
    script = ROOT / "benchmarks" / "bare_loop.py"
    return spent([sys.executable, script, photos, "--threads", str(os.cpu_count())])


def measure(quick: bool, scratch: Path) -> Result:
    """Seconds of both by number of photographs."""
    rows: list[list[Any]] = []
    targets = []
    for count, rounds in ((8, 1),) if quick else ((200, 1), (1000, 1)):
        photos = scratch / "photos" / f"{SIZE} {count}"
        photographs.make(photos, count, SIZE)
        loops, runs = zip(
            *((bare_loop(photos), whole_run(photos, scratch / "whole")) for _ in range(rounds)), strict=True
        )
        loop, run = (min(one.seconds for one in found) for found in (loops, runs))
        loop_cpu, run_cpu = (min(one.cpu_seconds for one in found) for found in (loops, runs))
        rows.append([count, loop, run, run / loop, loop_cpu, run_cpu, run_cpu / loop_cpu])
        targets.append(target(f"workflow / bare loop, {count} photographs, seconds", run / loop, 1.25, at_least=False))
    return Result(
        "The whole workflow against a bare loop",
        ["Photographs", "Bare loop s", "Workflow s", "Ratio", "Bare loop CPU s", "Workflow CPU s", "Ratio of CPU s"],
        rows,
        f"JPEGs of {SIZE}, embedded bundle, all cores. The loop decodes, measures and scores in one process and writes "
        "nothing; the workflow writes records, proofs, thumbnails, heat maps, the table, the plots and the page. Both "
        "start from nothing: the imports and the networks' loading are in both. CPU seconds are of all processes.",
        targets[-1:],
    )
