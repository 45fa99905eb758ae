"""Tonal, light and monochrome figures: the reference's way, in which each decodes the file, against ours."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2

from benchmarks import photographs, reference_way
from benchmarks.result import Result, target
from judge_vision.memory import keep_freed_memory
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
    rows: list[list[Any]] = []
    targets = []
    parts = (reference_way.tonal, reference_way.light, reference_way.mono)
    for size, wanted in TARGETS.items():
        paths = photographs.make(scratch / "photos" / size, 1 if quick else COUNT, size)
        for path in paths:
            check_equal(path)
        *apart, here = seconds_each([*parts, ours], paths, 1 if quick else ROUNDS)
        plain = sum(apart)
        rows.append([size, *apart, plain, here, plain / here])
        targets.append(target(f"reference's way / ours, {size}", plain / here, wanted))
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


def seconds_each(ways: list[Callable[[Path], Any]], paths: list[Path], rounds: int) -> list[float]:
    """CPU seconds a photograph that each way takes at best, out of `rounds` rounds in which every way has its turn.

    Each in a process of its own, as it runs in life: how one handles memory must not help or hinder another.
    """
    pools = [ProcessPoolExecutor(1, get_context("spawn"), initializer=_begin, initargs=(way is ours,)) for way in ways]
    try:
        found = [
            [pool.submit(_took, way, paths).result() for way, pool in zip(ways, pools, strict=True)]
            for _ in range(rounds)
        ]
    finally:
        for pool in pools:
            pool.shutdown()
    return [min(took) / len(paths) for took in zip(*found, strict=True)]


def _begin(keep: bool) -> None:
    cv2.setNumThreads(1)
    if keep:
        keep_freed_memory()  # as the rule does


def _took(way: Callable[[Path], Any], paths: list[Path]) -> float:
    started = time.process_time()
    for path in paths:
        way(path)
    return time.process_time() - started
