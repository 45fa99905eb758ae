"""The share of decoding in the host rules, decodes per original, and what DCT-scaled decoding would bring."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from benchmarks import photographs
from benchmarks.host_metrics import ours
from benchmarks.measuring import fastest, python_script, spent
from benchmarks.opens import write_watcher
from benchmarks.result import Result, target
from judge_vision.photograph.prepare import prepare_photograph, show
from judge_vision.photograph.proof import ProofSizes
from judge_vision.photograph.scale import scaled
from judge_vision.photograph.settings import PrepareSettings

SIZES = ("1600x1200", "24 megapixels")
_PROOF = ProofSizes(224, 1024, 1024)
_SETTINGS = PrepareSettings()


def opens_per_original(photos: Path, scratch: Path) -> float:
    """How often a whole run opens each photograph, at most."""
    watcher, log = scratch / "watcher", scratch / "opened.txt"
    log.unlink(missing_ok=True)
    write_watcher(watcher, log, f"{photos.resolve()}/")
    command = python_script("run", "--photos", photos, "--results", scratch / "opens" / str(os.getpid()))
    spent(command, PYTHONPATH=str(watcher))
    opened = log.read_text().splitlines()
    return max(opened.count(str(path.resolve())) for path in photos.iterdir())


def measure(quick: bool, scratch: Path) -> Result:
    """Milliseconds by size, on one thread."""
    cv2.setNumThreads(1)
    rows: list[list[Any]] = []
    for size in SIZES[:1] if quick else SIZES:
        (path,) = photographs.make(scratch / "photos" / f"{size} 1", 1, size)
        ways = {
            "decode": lambda path=path: show(path, _SETTINGS),
            "host": lambda path=path: ours(path),
            "prepare": lambda path=path: prepare_photograph(path, _SETTINGS, _PROOF, scratch / "proof.npz"),
            "reduced": lambda path=path: _reduced(path),
        }
        found = {name: 1000 * seconds for name, seconds in fastest(ways, 2 if quick else 7, time.process_time).items()}
        difference = np.abs(
            np.asarray(scaled(show(path, _SETTINGS).image, 1024), int) - np.asarray(_reduced(path), int)
        )
        off = f"{difference.mean():.2f} mean, {difference.max()} most"
        share = found["decode"] / found["host"]
        rows.append([size, found["decode"], found["host"], share, found["prepare"], found["reduced"], off])
    few = scratch / "photos" / f"{SIZES[0]} 4"
    photographs.make(few, 4, SIZES[0])
    opens = opens_per_original(few, scratch)
    return Result(
        "Decoding",
        [
            "Size",
            "Full decode ms",
            "All host metrics ms",
            "Share",
            "All of prepare ms",
            "DCT-scaled ms",
            "Off by, levels",
        ],
        rows,
        "CPU milliseconds a photograph on one thread, best of seven. DCT-scaled: decoding straight to the smallest "
        "size that is at least twice MUSIQ's input and reducing that; off by: its pixels against the full decode's.",
        [target("full decodes per original in a whole run", opens, 1, at_least=False)],
    )


def _reduced(path: Path) -> Image.Image:
    """MUSIQ's input by way of the JPEG decoder's own scaling."""
    with Image.open(path) as opened:
        ratio = 2048 / max(opened.size)
        opened.draft("RGB", (round(opened.width * ratio), round(opened.height * ratio)))
        return scaled(opened.convert("RGB"), 1024)
