"""Tonal, light and monochrome figures: the reference's way, in which each decodes the file, against ours."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import cv2

from benchmarks import photographs, reference_way
from benchmarks.measuring import fastest
from benchmarks.result import Result, target
from judge_vision.metrics import light, mono, tonal
from judge_vision.photograph.prepare import show
from judge_vision.photograph.proving import counts_and_reduction
from judge_vision.photograph.settings import PrepareSettings

COUNT, ROUNDS = 6, 5
TARGETS = {"1600x1200": 4, "24 megapixels": 5}
_SETTINGS = PrepareSettings()
_TONAL, _LIGHT, _MONO = tonal.TonalSettings(), light.LightSettings(), mono.MonoSettings(heat_maps=False)
# Last digits differ: float32 sums there, exact counts here; and mono's picture is reduced by other code.
_EQUAL_TO = {"c_p99": 0.1, "c_p95": 0.1, "c_median": 0.1, "R": 0.01, "R2": 0.01}


def ours(path: Path) -> dict[str, Any]:
    """The host metrics of one photograph, computed as the rules compute them."""
    image = show(path, _SETTINGS).image
    counts, reduced = counts_and_reduction(image, _MONO.long_side_px)
    figures, _ = mono.judge_reduced(reduced, _MONO)
    return {**tonal.record(counts, _TONAL, _LIGHT), **figures["reference"]}


def check_equal(path: Path) -> None:
    """Raise AssertionError where the two ways do not find the same figures of a photograph."""
    here, there = ours(path), reference_way.figures(path)
    for name, value in there.items():
        if name == "drift_deg_per_L":
            continue  # hangs on the order of pixels of equal lightness, and so on the last digit of the reduction
        if not math.isclose(here[name], value, rel_tol=1e-3, abs_tol=_EQUAL_TO.get(name, 1e-4)):
            raise AssertionError(f"{path.name}: {name} is {here[name]} here and {value} in the reference's way")


def measure(quick: bool, scratch: Path) -> Result:
    """Seconds a photograph of each way, on one thread."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return _measure(quick, scratch)
    finally:
        cv2.setNumThreads(threads)


def _measure(quick: bool, scratch: Path) -> Result:
    rows: list[list[Any]] = []
    targets = []
    parts = (reference_way.tonal, reference_way.light, reference_way.mono)
    for size, wanted in TARGETS.items():
        paths = photographs.make(scratch / "photos" / size, 1 if quick else COUNT, size)
        for path in paths:
            check_equal(path)
        ways = {part.__name__: _over(part, paths) for part in parts}
        found = fastest({**ways, "ours": _over(ours, paths)}, 1 if quick else ROUNDS, time.process_time)
        seconds = {name: value / len(paths) for name, value in found.items()}
        plain = sum(seconds[part.__name__] for part in parts)
        apart = [seconds[part.__name__] for part in parts]
        rows.append([size, *apart, plain, seconds["ours"], plain / seconds["ours"]])
        targets.append(target(f"reference's way / ours, {size}", plain / seconds["ours"], wanted))
    return Result(
        "Host metrics",
        ["Size", "Tonal s", "Light s", "Mono s", "Reference's way s", "Ours s", "Ratio"],
        rows,
        f"CPU seconds a photograph (JPEG) on one thread, best of {ROUNDS} rounds, {COUNT} of each size. The "
        "reference's way: each metric decodes the file and works on whole pictures. Ours: one decode, counts and the "
        "reduced picture in one pass, tonal, light and all monochrome figures, and our own monochrome verdict on top. "
        "No heat maps. The figures of both ways agree.",
        targets,
    )


def _over(way: Any, paths: list[Path]) -> Any:
    return lambda: [way(path) for path in paths]
