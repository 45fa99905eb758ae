"""Figures by content: what was measured once is found again after renames, moves between shards, failures and kills.

Small runs keep one file per photograph. Packed runs append to one file of JSON lines per shard, flushed line by line: a
killed job loses at most the line that it was writing. A key is looked for in the shard's own file, then, by the
catalogue that the merge keeps, in the files of the other shards, then among the single files of an earlier, smaller
run. Whatever is found is used only if it is whole and bears its key. Standard library only.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from judge_vision.records import store

log = logging.getLogger(__name__)

Figures = dict[str, Any]

_LINE = re.compile(rb'\{"key":"([0-9a-f]{64})",.*\}\n')
_CATALOGUE = "catalogue.sqlite"


class Cache:
    """The cached figures of one rule, as the job on `shard` reads and writes them below `folder`."""

    def __init__(self, folder: Path, shard: str, packed: bool) -> None:
        """Writes go to the shard's file if `packed`, else to one file a key; both are read."""
        self._folder = folder
        self._packed = packed
        self._own = _lines_file(folder, shard)
        self._places: dict[str, tuple[Path, int, int]] = {}
        for key, start, length in _scan(self._own, 0):
            self._places[key] = (self._own, start, length)
        self._catalogue = _open_catalogue(folder)
        self._handle: BinaryIO | None = None

    def get(self, key: str) -> Figures | None:
        """The figures under `key`; None where there are none or they are damaged."""
        place = self._places.get(key) or self._catalogued(key)
        if place is not None:
            return _read_line(place, key)
        path = self._file(key)
        try:
            figures = store.read_json(path)
            if not isinstance(figures, dict):
                raise ValueError("figures have names")
            # used now: what has not been used for longest goes first where the cache has a limit
            os.utime(path)
            return figures
        except FileNotFoundError:
            return None
        except ValueError:
            # cannot come from us, every write is atomic: measured anew rather than trusted
            log.warning("the cache file %s is damaged; measuring again", path)
            return None

    def __contains__(self, key: str) -> bool:
        """Whether there is something under `key`; only `get` says whether it is whole."""
        return key in self._places or self._catalogued(key) is not None or self._file(key).exists()

    def put(self, key: str, figures: Figures) -> None:
        """Keep `figures`; a reader after a kill finds them or nothing. Raises UserError where the disk is full."""
        if not self._packed:
            store.write_bytes(self._file(key), store.canonical_json(figures).encode(), durable=False)
            return
        line = f'{{"key":"{key}","figures":{store.canonical_json(figures)}}}\n'.encode()
        try:
            if self._handle is None:
                self._own.parent.mkdir(parents=True, exist_ok=True)
                self._handle = self._own.open("ab", buffering=0)
                if self._handle.tell() and not _ends_with_newline(self._own):
                    self._handle.write(b"\n")
            self._places[key] = (self._own, self._handle.tell(), len(line))
            if self._handle.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise store.cannot_be_written(self._own, error) from None

    def close(self) -> None:
        """Flush to the disk what was put."""
        if self._handle is not None:
            os.fsync(self._handle.fileno())
            self._handle.close()
            self._handle = None
        if self._catalogue is not None:
            self._catalogue.close()
            self._catalogue = None

    def _file(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"

    def _catalogued(self, key: str) -> tuple[Path, int, int] | None:
        if self._catalogue is None:
            return None
        try:
            row = self._catalogue.execute(
                "SELECT shard, start, length FROM figures WHERE key = ?", (_short(key),)
            ).fetchone()
        except sqlite3.Error as error:
            log.warning("the catalogue %s cannot be read (%s); going on without", self._folder / _CATALOGUE, error)
            self._catalogue = None
            return None
        return (_lines_file(self._folder, row[0]), row[1], row[2]) if row else None


def update_catalogue(folder: Path) -> None:
    """Bring the catalogue of the shards' files below `folder` up to date; does nothing where there are none.

    The files only grow, so only what came since the last time is read. No job may be at work.
    """
    files = {path.stem: path for path in sorted(folder.glob("*.jsonl"))}
    if not files:
        return
    try:
        _update(folder / _CATALOGUE, files)
    except sqlite3.DatabaseError as error:
        # nothing in it is not in the files: made anew
        log.warning("the catalogue %s is damaged (%s) and made again", folder / _CATALOGUE, error)
        (folder / _CATALOGUE).unlink()
        _update(folder / _CATALOGUE, files)


def _update(path: Path, files: dict[str, Path]) -> None:
    with contextlib.closing(sqlite3.connect(path)) as catalogue, catalogue:
        # 200 MB of pages: the keys are random, so every page of the tree is in use
        catalogue.execute("PRAGMA cache_size = -200000")
        catalogue.execute("CREATE TABLE IF NOT EXISTS files (shard TEXT PRIMARY KEY, size INTEGER)")
        catalogue.execute(
            "CREATE TABLE IF NOT EXISTS figures (key INTEGER PRIMARY KEY, shard TEXT, start INTEGER, length INTEGER)"
        )
        sizes = {shard: file.stat().st_size for shard, file in files.items()}
        known = dict(catalogue.execute("SELECT shard, size FROM files"))
        for shard in [shard for shard, size in known.items() if sizes.get(shard, 0) < size]:
            catalogue.execute("DELETE FROM figures WHERE shard = ?", (shard,))
            catalogue.execute("DELETE FROM files WHERE shard = ?", (shard,))
            del known[shard]
        for shard in [shard for shard, size in sizes.items() if known.get(shard) != size]:
            rows = ((_short(key), shard, *place) for key, *place in _scan(files[shard], known.get(shard, 0)))
            catalogue.executemany("INSERT OR REPLACE INTO figures VALUES (?, ?, ?, ?)", rows)
            catalogue.execute("INSERT OR REPLACE INTO files VALUES (?, ?)", (shard, sizes[shard]))


def _lines_file(folder: Path, shard: str) -> Path:
    return folder / f"{shard}.jsonl"


def _short(key: str) -> int:
    """64 bits of the key as SQLite's own integer; whoever reads the line checks the whole key."""
    return int.from_bytes(bytes.fromhex(key[:16]), "big", signed=True)


def _scan(path: Path, start: int) -> Iterator[tuple[str, int, int]]:
    """Key, place and length of each line of `path` from byte `start` on; a torn line is passed over."""
    try:
        handle = path.open("rb")
    except FileNotFoundError:
        return
    with handle:
        handle.seek(start)
        for line in handle:
            if whole := _LINE.fullmatch(line):
                yield whole[1].decode("ascii"), start, len(line)
            start += len(line)


def _read_line(place: tuple[Path, int, int], key: str) -> Figures | None:
    path, start, length = place
    try:
        with path.open("rb") as handle:
            handle.seek(start)
            found = json.loads(handle.read(length))
        if found["key"] == key:
            return dict(found["figures"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        pass
    log.warning("the cache file %s is damaged at byte %d; measuring again", path, start)
    return None


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as handle:
        handle.seek(-1, os.SEEK_END)
        return handle.read(1) == b"\n"


def _open_catalogue(folder: Path) -> sqlite3.Connection | None:
    path = folder / _CATALOGUE
    if not path.exists():
        return None
    # jobs only read, many at a time, perhaps over a network: without locks, which the merge does not need either
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
