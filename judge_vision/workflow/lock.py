"""Locks between processes. The system releases them when their process ends, however it ends.

Standard library only: the scoring container uses it too.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

HELD_OUTSIDE = "JUDGE_VISION_LOCK_HELD"
"""Names the lock that whoever started this container holds meanwhile: it cannot be handed in, and waiting for it would
be waiting for ourselves."""

_held: set[Path] = set()


@contextmanager
def held(path: Path, whom: str = "a job of an earlier run that still does the same work") -> Iterator[None]:
    """Hold an exclusive lock on `path`, waiting for it as long as it takes; a process that has it already goes on.

    `whom` says who else may have it.
    """
    path = path.resolve()
    if path in _held or os.environ.get(HELD_OUTSIDE) == str(path):
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting = f"waiting for {whom} ({path.stem})"
            log.warning(waiting)
            print(f"[{path.stem}] {waiting}", file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)
