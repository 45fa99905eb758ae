"""The pictures beside the page, linked or copied from the results folder, and the hashes of the thumbnails."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imagehash
from PIL import Image

from judge_vision.records import paths, store
from judge_vision.workflow.cache import Cache
from judge_vision.workflow.shard import content_key


def bring_all(source: Path, target: Path, contents: list[str | None], suffix: str) -> list[int]:
    """Make the pictures below `target` those of `contents` (SHA-256) below `source`; 1 or 0 for each: is there one?

    A hard link costs no space; pictures are never written in place, so it stays true. Copied where the file system has
    no hard links. Other pictures below `target` go.
    """
    made, brought = _inodes(source), _inodes(target)
    names = [f"{sha256}{suffix}" for sha256 in contents]
    there = made.keys() & names
    for name in there:
        if brought.get(name) != made[name]:
            _link(paths.by_content(source, name, ""), paths.by_content(target, name, ""))
    store.sweep(target, (f"{target}/{name[:2]}/{name}" for name in there))
    return [int(name in there) for name in names]


def _inodes(folder: Path) -> dict[str, int]:
    """The inode of each file in the folders below `folder`, by its name.

    One look at a folder instead of one at each file: looking was a third of what a page of 10,000 took.
    """
    found: dict[str, int] = {}
    for below in folder.iterdir() if folder.is_dir() else ():
        with os.scandir(below) as entries:
            found |= {entry.name: entry.inode() for entry in entries}
    return found


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def perceptual_hashes(contents: Iterable[str | None]) -> list[str | None]:
    """pHash, 16 hexadecimal digits, of the thumbnail of each photograph, given by SHA-256; None without a thumbnail.

    Kept from page to page: decoding thumbnails is most of the work of a page.
    """
    wanted = list(contents)
    made_by = store.read_json(paths.settings_file("prepare"))["measured_by"]
    keys = {sha256: content_key(made_by, sha256) for sha256 in wanted if sha256}
    cache = Cache(paths.cache_folder("report"), "hashes", packed=True)
    known = {sha256: figures["hash"] for sha256, key in keys.items() if (figures := cache.get(key)) is not None}
    missing = [sha256 for sha256 in keys if sha256 not in known]
    with ThreadPoolExecutor() as pool:
        for sha256, found in zip(missing, pool.map(_perceptual_hash, missing), strict=True):
            if found is not None:
                known[sha256] = found
                cache.put(keys[sha256], {"hash": found})
    cache.close()
    return [known.get(sha256) if sha256 else None for sha256 in wanted]


def _perceptual_hash(sha256: str) -> str | None:
    try:
        with Image.open(paths.by_content(paths.THUMBNAILS, sha256, ".jpg")) as picture:
            # the hash looks at 32 x 32 grey pixels: a JPEG gives its luma, and at half the size, in less time
            picture.draft("L", (max(1, picture.width // 2), max(1, picture.height // 2)))
            return str(imagehash.phash(picture.convert("L")))
    except FileNotFoundError:
        return None
