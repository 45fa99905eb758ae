"""The pictures beside the page: thumbnails and heat maps of the results folder, linked or copied, and histograms."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from PIL import Image

from judge_vision.workflow import paths

HISTOGRAM_BINS = 64


def bring(source: Path, target: Path) -> bool:
    """Make `target` the same file as `source`; False where there is no `source`.

    A hard link costs no space; pictures are never written in place, so it stays true. Copied where the file system has
    no hard links.
    """
    try:
        wanted = source.stat()
    except FileNotFoundError:
        return False
    try:
        there = target.stat()
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
    else:
        if (there.st_dev, there.st_ino) == (wanted.st_dev, wanted.st_ino):
            return True
        target.unlink()
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return True


def histogram(sha256: str) -> list[int] | None:
    """Counts of the luma of a photograph's thumbnail, 64 equal bins from black to white; None without a thumbnail."""
    try:
        with Image.open(paths.by_content(paths.THUMBNAILS, sha256, ".jpg")) as picture:
            # a JPEG holds luma: decoding that alone takes half the time
            picture.draft("L", picture.size)
            counts = picture.convert("L").histogram()
    except FileNotFoundError:
        return None
    width = 256 // HISTOGRAM_BINS
    return [sum(counts[start : start + width]) for start in range(0, 256, width)]
