"""The whole of Stage 1 with the embedded bundle: the reference's way against a run of the workflow."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks import photographs, reference_way
from benchmarks.measuring import ROOT
from benchmarks.result import Result, target
from benchmarks.whole_workflow import whole_run
from judge_vision.config import Iqa

SIZE = "1600x1200"
_EQUAL_TO = {"nima_aesthetic_mean": 1e-3, "nima_technical_mean": 1e-3, "musiq_mos": 1e-2}


def reference_run(photos: list[Path]) -> tuple[float, dict[str, float]]:
    """Seconds: start the service, then one photograph after the other. And the scores of the first, read as it is.

    What is timed sends each photograph as a new JPEG, as the reference does, which moves its scores.
    """
    started = time.perf_counter()
    command = [sys.executable, ROOT / "benchmarks" / "reference_service.py"]
    service = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert service.stdout
        port = int(service.stdout.readline())
        for path in photos:
            reference_way.figures(path)
            _ask(port, reference_way.jpeg_for_service(path))
        seconds = time.perf_counter() - started
        return seconds, _ask(port, photos[0].read_bytes())
    finally:
        service.terminate()
        service.wait()


def _ask(port: int, jpeg: bytes) -> dict[str, float]:
    body = json.dumps({"image": base64.b64encode(jpeg).decode()}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return dict(json.load(answer))


def measure(quick: bool, scratch: Path) -> Result:
    """Seconds of both ways."""
    rows: list[list[Any]] = []
    for count in (4,) if quick else (100, 1000):
        photos, results = scratch / "photos" / f"{SIZE} {count}", scratch / "stage1"
        paths = photographs.make(photos, count, SIZE)
        there, scores = reference_run(paths)
        for side in (1600, Iqa().max_side):
            here = whole_run(photos, results, f"iqa={{max_side: {side}}}").seconds
            if side == 1600:
                _check(scores, pq.read_table(results / "stage1.parquet").sort_by("image").to_pylist()[0])
            rows.append([count, side, there, here, there / here])
    return Result(
        "Stage 1, embedded bundle",
        ["Photographs", "MUSIQ's longer side px", "Reference's way s", "Ours s", "Ratio"],
        rows,
        f"JPEGs of {SIZE}. The reference's way: host metrics one after the other, then the photograph as a JPEG in "
        "base64 JSON to a service that calls NIMA and MUSIQ eagerly, MUSIQ at full size; the service may use all "
        "cores, and nothing is counted of a workflow, tables or a page. Ours: a whole run, from nothing to the page, "
        "with MUSIQ at full size too, and as it is shipped.",
        [
            target(f"reference's way / ours, {count} photographs, MUSIQ's longer side {side} px", ratio, 4)
            for count, side, _, _, ratio in rows
        ],
    )


def _check(scores: dict[str, float], row: dict[str, Any]) -> None:
    for name, value in scores.items():
        if abs(value - row[name]) > _EQUAL_TO[name]:
            raise AssertionError(f"{row['image']}: {name} is {row[name]} here and {value} in the reference's way")
