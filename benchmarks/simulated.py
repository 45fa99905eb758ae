"""Photographs and a project for simulations of large runs."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
_SIDE_PX = 48
_DIFFERENT = 256
_PER_FOLDER = 5_000
_MOST_LINKS = 60_000  # ext4 allows 65,000 names of one file


def make_photographs(folder: Path, count: int, first: int = 0) -> None:
    """Write JPEGs numbered from `first` below `folder`: 48 pixels wide, every file with bytes of its own.

    The pixels are one of 256 pictures; a comment in the file holds the number, so that no two have the same hash.
    """
    pictures = [_jpeg(seed) for seed in range(min(count, _DIFFERENT))]
    for number in range(first, first + count):
        target = folder / f"{number // _PER_FOLDER:04d}" / f"photograph {number:08d}.jpg"
        if number % _PER_FOLDER == 0 or number == first:
            target.parent.mkdir(parents=True, exist_ok=True)
        data = pictures[number % len(pictures)]
        note = f"simulated {number}".encode()
        # a comment segment right behind the start of the file
        target.write_bytes(data[:2] + b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note + data[2:])


def link_photographs(folder: Path, count: int) -> None:
    """Write `count` names below `folder` that are hard links to few files: enough where nothing reads the content."""
    source = ""
    for number in range(count):
        parent = folder / f"{number // _PER_FOLDER:04d}"
        target = f"{parent}/photograph {number:08d}.jpg"
        if number % _PER_FOLDER == 0:
            parent.mkdir(parents=True)
        if number % _MOST_LINKS == 0:
            make_photographs(folder, 1, first=number)
            source = target
        else:
            os.link(source, target)


def make_project(folder: Path) -> Path:
    """A copy of this project in `folder` whose scoring rule gives recorded scores; return its Snakefile."""
    for name in ("rules", "config", "judge_vision", "scripts", "envs", "profiles"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", folder)
    (folder / "models").symlink_to(ROOT / "models")
    shutil.copy(ROOT / "benchmarks" / "recorded_iqa.py", folder / "scripts" / "iqa.py")
    return folder / "Snakefile"


def _jpeg(seed: int) -> bytes:
    generator = np.random.default_rng(seed)
    # smooth, like photographs: a small picture of random colours enlarged
    small = Image.fromarray(generator.integers(0, 255, (4, 6, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    small.resize((_SIDE_PX, _SIDE_PX * 2 // 3), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
