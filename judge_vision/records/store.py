"""Writing files so that a reader never sees half of one. Standard library only: the scoring container uses it too."""

from __future__ import annotations

import contextlib
import filecmp
import hashlib
import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from judge_vision.failure import UserError

COMPANIONS = "companions"
"""Among figures: the SHA-256 of the files that were made besides, by path."""


def canonical_json(value: Any) -> str:
    """`value` as JSON with sorted keys and no spare blanks: equal values give equal bytes. NaN is refused."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def digest(value: Any) -> str:
    """SHA-256, in hexadecimal, of the canonical JSON of `value`."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def write_bytes(path: Path, data: bytes, durable: bool = True) -> None:
    """Write `data` to `path` atomically: written aside, flushed to the disk, renamed, the folder flushed.

    A reader sees the old content or the new one, also after a power cut, and what is written later survives a power
    cut only if this does. With `durable` false (no flush) a power cut may leave an empty file, which is right where the
    reader can tell or a later flush covers it.

    Raises UserError where the disk is full or cannot be written: no photograph's fault, and the run has to stop.
    """
    try:
        put_bytes(path, data, durable)
    except OSError as error:
        raise cannot_be_written(path, error) from None


def put_bytes(path: Path, data: bytes, durable: bool = True) -> None:
    """`write_bytes` for a path whose name may be at fault: raises OSError, so that the caller can tell."""
    aside = path.with_name(f".{os.urandom(6).hex()}.part")
    try:
        with _created(aside) as handle:
            handle.write(data)
            if durable:
                handle.flush()
                os.fsync(handle.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    if durable:
        _flush_folder(path.parent)


def holds(path: Path, sha256: str) -> bool:
    """Whether there is a file at `path` with just these bytes: a power cut may leave anything in one not flushed."""
    try:
        return file_sha256(path) == sha256
    except FileNotFoundError:
        return False


def _created(path: Path) -> BinaryIO:
    """A new file; its folder is made if it is not there, which is seldom."""
    try:
        return path.open("xb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")


def cannot_be_written(path: Path, error: OSError) -> UserError:
    """What to raise where the file system refuses: no photograph's fault, and the run has to stop."""
    return UserError(
        f"{path} cannot be written: {error.strerror}; once that is mended the same command continues the run"
    )


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # some network file systems cannot, and are safe by other means or not at all
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, value: Any, durable: bool = True) -> None:
    """Write `value` atomically as indented JSON with sorted keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False, indent=1)
    write_bytes(path, (text + "\n").encode(), durable)


def write_if_changed(path: Path, data: bytes, durable: bool = True) -> bool:
    """Write `data` atomically unless `path` holds just that already; say whether it was written."""
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        pass
    write_bytes(path, data, durable)
    return True


def write_lines_if_changed(path: Path, lines: Iterable[bytes]) -> int:
    """Write `lines` atomically unless `path` holds just those already; return how many there are. Memory: one line.

    Raises UserError as `write_bytes` does.
    """
    aside = path.with_name(f".{os.urandom(6).hex()}.part")
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("xb") as handle:
                for line in lines:
                    handle.write(line)
                    count += 1
                handle.flush()
                os.fsync(handle.fileno())
            if not (path.exists() and filecmp.cmp(aside, path, shallow=False)):
                aside.replace(path)
                _flush_folder(path.parent)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_be_written(path, error) from None
    return count


def replace(made: Path, path: Path) -> None:
    """Put `made`, a file or a folder of files, in the place of `path`, flushed; a folder in the way has to go before.

    Raises UserError as `write_bytes` does.
    """
    try:
        for file in made.iterdir() if made.is_dir() else (made,):
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
        if made.is_dir():
            _flush_folder(made)
        made.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise cannot_be_written(path, error) from None


def read_json(path: Path) -> Any:
    """The JSON value in `path`. Raises OSError, or ValueError for a file that is not JSON."""
    return json.loads(path.read_bytes())


def file_sha256(path: Path) -> str:
    """SHA-256, in hexadecimal, of the bytes of a file."""
    hasher = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(1 << 20):
            hasher.update(chunk)
    return hasher.hexdigest()


def sweep(folder: Path, keep: Iterable[Path | str]) -> None:
    """Remove every file below `folder` that is not in `keep`, and folders left empty."""
    kept = set(map(str, keep))
    # text, not paths: there are as many files as photographs
    for place, folders, names in os.walk(folder, topdown=False):
        for name in names:
            if f"{place}/{name}" not in kept:
                Path(place, name).unlink()
        for name in folders:
            if not any(Path(place, name).iterdir()):
                Path(place, name).rmdir()


def finite(value: float, digits: int = 9) -> float | None:
    """`value` as a plain float rounded to `digits` decimals, or None where it is not finite."""
    number = float(value)
    return round(number, digits) if math.isfinite(number) else None
