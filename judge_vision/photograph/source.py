"""The bytes of a file: read once, hashed once, and known not to have changed meanwhile."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from judge_vision.failure import ErrorType, PhotographError


@dataclass(frozen=True)
class Source:
    """A file's content; `sha256`, in hexadecimal, is of exactly these bytes."""

    data: bytes
    sha256: str


def read_source(path: Path, max_bytes: int, below: Path | None = None) -> Source:
    """The content of the regular file at `path`, which with `below` has to lie there, links followed.

    `below` is a folder's real path: it is the same for all photographs, and to find it takes a look at each parent.

    Raises PhotographError: missing, unreadable, empty, too_large (more than `max_bytes`), or changed while we read
    or since it was listed.
    """
    try:
        # not blocking: somebody may have put a pipe in the file's place
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise PhotographError(ErrorType.MISSING, "the file is gone; put it back or take it off the list") from None
    except OSError as error:
        raise _unreadable(error) from None
    before = os.fstat(descriptor)
    try:
        if below is not None:
            _check_place(path, before, below)
        _check(before, max_bytes)
    except PhotographError:
        os.close(descriptor)
        raise
    with open(descriptor, "rb") as handle:  # noqa: PTH123 - a descriptor, not a path
        try:
            # one byte more than there should be, to notice a file that grows
            data = handle.read(before.st_size + 1)
        except OSError as error:
            raise _unreadable(error) from None
        after = os.fstat(descriptor)
    if _state(before) != _state(after) or len(data) != before.st_size:
        raise PhotographError(
            ErrorType.CHANGED, "the file changed while it was being read; run again when it is complete"
        )
    return Source(data, hashlib.sha256(data).hexdigest())


def _check(facts: os.stat_result, max_bytes: int) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise PhotographError(
            ErrorType.UNREADABLE, "this is a folder or a device, not a file; take it out of the folder"
        )
    if facts.st_size == 0:
        raise PhotographError(ErrorType.EMPTY, "the file is empty; copy or export it again")
    if facts.st_size > max_bytes:
        raise PhotographError(
            ErrorType.TOO_LARGE,
            f"the file has {facts.st_size:,} bytes, more than prepare.max_file_bytes = {max_bytes:,}; "
            "save it smaller, or raise that limit",
        )


def _check_place(path: Path, opened: os.stat_result, below: Path) -> None:
    """Whoever can write in the folder may have put a link in the place of what was listed."""
    try:
        real = path.resolve(strict=True)
        inside = real.is_relative_to(below) and os.path.samestat(real.stat(), opened)
    except OSError:
        inside = False
    if not inside:
        raise PhotographError(
            ErrorType.CHANGED, "since it was listed, a link out of the folder took its place; put the file back"
        )


def _state(facts: os.stat_result) -> tuple[int, int]:
    return facts.st_size, facts.st_mtime_ns


def _unreadable(error: OSError) -> PhotographError:
    return PhotographError(
        ErrorType.UNREADABLE, f"the file cannot be read: {error.strerror}; check its permissions and the disk"
    )
