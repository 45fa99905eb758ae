"""MUSIQ at its official size: ours, eager as the reference would run it, and pyiqa's where there is one."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import fastest_by
from benchmarks.result import Result, target
from judge_vision.models import bundle, musiq
from judge_vision.models.musiq_patches import patches_of
from judge_vision.models.scorer import Scorer
from tests.unit import golden

SIZES = ("1600x1200", "640x480", "420x300")
THREADS = 2
ROUNDS = 4
PYIQA = "PYIQA_PYTHON"
"""Environment variable: the Python of an environment with torch and pyiqa."""
_AHEAD = {"1600x1200": 2.0, "640x480": 1.0, "420x300": 1.0}
# pyiqa resizes by another kernel and standardises by another deviation: docs/reference/bundles.md
_PYIQA_DIFFERS_BY = 0.1


def official_weights() -> musiq.Weights:
    """Weights made by the rule of the golden figures."""
    shapes = musiq.weight_shapes(musiq.Architecture())
    return {key: golden.musiq_weight(musiq.PREFIX + key, shape) for key, shape in shapes.items()}


class Other:
    """pyiqa in a process of its own, which scores when asked."""

    def __init__(self, python: str, weights: Path, pictures: list[Path]) -> None:
        """Start it and wait until it has answered once."""
        script = Path(__file__).with_name("pyiqa_musiq.py")
        command = [python, str(script), str(weights), *map(str, pictures), "--threads", str(THREADS)]
        # threads that wait do not spin: on a busy machine that costs time, and it is no work
        environment = {**os.environ, "OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(command, **pipes, text=True, env=environment)
        self.score(0)

    def score(self, index: int) -> float:
        """Its score of the picture with this index."""
        assert self._process.stdin and self._process.stdout
        print(index, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("pyiqa ended; what it said is above")
        return float(json.loads(line)["score"])

    def cpu_seconds(self) -> float:
        """What it has used so far."""
        import psutil

        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def measure(quick: bool, scratch: Path) -> Result:
    """Seconds a picture."""
    weights = official_weights()
    scratch.mkdir(parents=True, exist_ok=True)
    path = scratch / "musiq.npz"
    musiq.save_npz(path, weights)
    sizes = SIZES[1:] if quick else SIZES
    pictures = {size: golden.picture("x".join(reversed(size.split("x")))) for size in sizes}
    together, eager = ours(path, weights)
    other = _pyiqa(scratch, path, pictures)
    rows: list[list[Any]] = []
    targets = []

    def clock() -> float:
        return time.process_time() + (other.cpu_seconds() if other else 0.0)

    for index, size in enumerate(sizes):
        picture = pictures[size]
        ways = {
            "eager": lambda picture=picture: eager(picture),
            "one": lambda picture=picture: together([picture]),
            "four": lambda picture=picture: together([picture] * 4),
        }
        if other:
            ways["pyiqa"] = lambda index=index: other.score(index)
            _check(other.score(index), float(together([picture])[0][0]), size)
        found = fastest_by(ways, 2 if quick else ROUNDS, time.perf_counter, clock)
        (eager_s, eager_cpu), (one_s, one_cpu) = found["eager"], found["one"]
        pyiqa_s, pyiqa_cpu = found.get("pyiqa", (None, None))
        four_s = found["four"][0] / 4
        rows.append([size, eager_s, one_s, four_s, pyiqa_s, eager_cpu, one_cpu, pyiqa_cpu])
        rows[-1].append(pyiqa_cpu / one_cpu if pyiqa_cpu else None)
        if size == "1600x1200":
            targets.append(target("eager one by one / ours, 1600x1200, CPU seconds", eager_cpu / one_cpu, 1))
        if pyiqa_cpu:
            targets.append(target(f"pyiqa / ours, {size}, CPU seconds", pyiqa_cpu / one_cpu, _AHEAD[size]))
    if other:
        other.close()
    return Result(
        "MUSIQ at official size",
        [
            *("Size", "Eager s", "Ours s", "Ours, four at once, s each", "pyiqa s"),
            *("Eager CPU s", "Ours CPU s", "pyiqa CPU s", "pyiqa / ours, CPU s"),
        ],
        rows,
        f"A picture, {THREADS} threads, the same 27,125,825 weights (made by a rule), preprocessing included; best of "
        f"{ROUNDS} rounds. Eager: the same operations without a graph. CPU seconds count both threads, and are what to "
        "look at where the machine was not quiet.",
        targets,
    )


def ours(path: Path, weights: musiq.Weights) -> tuple[Any, Any]:
    """The functions that score several pictures as `Scorer` does, and one picture eagerly."""
    arch = musiq.Architecture()
    embedded = bundle.load_bundle("embedded")
    official = bundle.Model("musiq", path, {"format": "musiq-npz", "architecture": {}})
    models = {**embedded.models, "musiq": official}
    scorer = Scorer(dataclasses.replace(embedded, models=models), batch_size=16, threads=THREADS)
    import tensorflow as tf

    standard = {name: tf.constant(array) for name, array in musiq.standardised(weights).items()}

    def eager(picture: Any) -> Any:
        one = patches_of(picture, arch)
        mask = np.ones((1, len(one.where)), bool)
        tokens = musiq.embed(standard, arch, one.pixels)[None]
        return musiq.encode(standard, arch, tokens, one.where[None], one.scale[None], mask).numpy()

    return scorer._musiq, eager


def _check(there: float, here: float, size: str) -> None:
    if abs(there - here) > _PYIQA_DIFFERS_BY:
        raise AssertionError(f"{size}: pyiqa says {there}, we say {here}: not the same weights?")


def _pyiqa(scratch: Path, weights: Path, pictures: dict[str, Any]) -> Other | None:
    python = os.environ.get(PYIQA)
    if not python:
        print(f"pyiqa left out: {PYIQA} does not name a Python that has it (its licence keeps it out of ours)")
        return None
    paths = []
    for size, picture in pictures.items():
        paths.append(scratch / f"{size}.npy")
        np.save(paths[-1], picture)
    return Other(python, weights, paths)
