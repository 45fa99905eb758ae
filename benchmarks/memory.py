"""Peak memory of each rule, by the size of photographs and by their number."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from benchmarks import photographs
from benchmarks.measuring import peak_memory_mb, python_script, spent
from benchmarks.result import Result, target

RULES = ("prepare", "iqa", "tonal", "mono", "colour", "compliance")
ONCE = ("entries", "merge", "report")
# Size, number of photographs, workers: at 100 megapixels each worker holds a picture.
CASES = (
    ("1600x1200", 10, 2),
    ("1600x1200", 100, 2),
    ("1600x1200", 400, 2),
    ("24 megapixels", 10, 2),
    ("100 megapixels", 3, 1),
)


def peaks(size: str, count: int, workers: int, scratch: Path) -> dict[str, float]:
    """Most memory in MB that each rule held on `count` photographs in one shard."""
    photos, results = scratch / "photos" / f"{size} {count}", scratch / "memory"
    photographs.make(photos, count, size)
    shutil.rmtree(results, ignore_errors=True)
    start = python_script("run", "--photos", photos, "--results", results, "--", "state/manifest.json")
    spent([*start, "--config", "photographs_per_job=1000"])
    found = {}
    for rule in RULES:
        command = python_script(rule, "--results", results, "--shard", "00000", "--threads", str(workers))
        found[rule] = peak_memory_mb(command)["together"]
    for rule in ONCE:
        found[rule] = peak_memory_mb(python_script(rule, "--results", results))["together"]
    return found


def measure(quick: bool, scratch: Path) -> Result:
    """MB by size and number."""
    cases = (("1600x1200", 4, 2), ("1600x1200", 12, 2)) if quick else CASES
    found = {case: peaks(*case, scratch) for case in cases}
    rows: list[list[Any]] = [[*case, *(one[rule] for rule in (*RULES, *ONCE))] for case, one in found.items()]
    few, many = (found[case] for case in (cases[0], cases[1 if quick else 2]))
    growth = max(many[rule] / few[rule] for rule in RULES)
    targets = [
        target(
            f"most that a rule grows from {cases[0][1]} to {cases[1 if quick else 2][1]} photographs",
            growth,
            1.25,
            False,
        )
    ]
    if not quick:
        targets.append(target("prepare at 100 megapixels, MB", found[CASES[-1]]["prepare"], 1000, False))
    return Result(
        "Peak memory",
        ["Size", "Photographs", "Workers", *(f"{rule} MB" for rule in (*RULES, *ONCE))],
        rows,
        "Proportional set size of a job's processes together, looked at 50 times a second; one shard.",
        targets,
    )
