"""Keeping the cache of figures within a size. What goes is only measured again when it is needed."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

# Files that a killed job left half written are deleted when no job can be at them any more.
_ABANDONED_AFTER_S = 24 * 3600.0
# What a large run keeps of a whole shard: there is no oldest part of it, and without it a killed run begins again.
_PACKED = re.compile(r"\d+\.jsonl")


def trim(folder: Path, max_mb: int) -> int:
    """Delete the files below `folder` that were used longest ago until the rest has `max_mb` MB; return their number.

    A file counts as used when it was written or found. The files of large runs (see `cache.Cache`) do not count and
    stay. What a killed job left half written goes as well.
    """
    files = sorted(_files(folder), key=lambda file: file[1])
    excess = sum(size for _, _, size in files) - max_mb * 1_000_000
    deleted = 0
    for path, used, size in files:
        if excess > 0 or (path.endswith(".part") and used < time.time() - _ABANDONED_AFTER_S):
            Path(path).unlink(missing_ok=True)
            excess -= size
            deleted += 1
    return deleted


def _files(folder: Path) -> Iterator[tuple[str, float, int]]:
    """Path, time of last use and size of each file of figures below `folder`."""
    pending = [str(folder)]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except FileNotFoundError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif entry.name.endswith((".json", ".jsonl", ".part")) and not _PACKED.fullmatch(entry.name):
                facts = entry.stat(follow_symlinks=False)
                yield entry.path, facts.st_mtime, facts.st_size
