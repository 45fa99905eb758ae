"""The pictures beside the page: thumbnails and heat maps of the results folder, linked or copied, and their hashes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import imagehash
from PIL import Image

from judge_vision.workflow import paths


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


def perceptual_hash(sha256: str) -> str | None:
    """pHash of a photograph's thumbnail, 16 hexadecimal digits; None without a thumbnail."""
    try:
        with Image.open(paths.by_content(paths.THUMBNAILS, sha256, ".jpg")) as picture:
            # the hash looks at 32 x 32 grey pixels: a JPEG gives its luma, and at half the size, in less time
            picture.draft("L", (picture.width // 2, picture.height // 2))
            return str(imagehash.phash(picture.convert("L")))
    except FileNotFoundError:
        return None
