"""Fetching the official weights: resumable, verified, atomic. The only code of the project that uses the network."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge_vision.failure import UserError
from judge_vision.models.bundle import LOCK, folder, git_blob_id, read_lock, read_official
from judge_vision.records import store

_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 60
_SECONDS_BETWEEN_LINES = 5.0


@dataclass(frozen=True)
class Wanted:
    """A file to fetch: `path` below the official root, and its git blob id where that is published."""

    path: Path
    url: str
    git_blob: str | None


class DownloadError(Exception):
    """One file could not be fetched; the others may."""


def wanted_files(variants: Iterable[str]) -> list[Wanted]:
    """The files of the official bundle: both NIMA, MUSIQ in `variants`, and the pictures that prove NIMA right."""
    official = read_official()
    entries = [official["models"][role] for role in ("nima_aesthetic", "nima_technical")]
    entries += [official["models"]["musiq"]["variants"][variant]["native"] for variant in variants]
    golden = official["golden_pictures"]
    pictures = [{**picture, "file": f"{golden['folder']}/{name}"} for name, picture in golden["pictures"].items()]
    return [Wanted(Path(entry["file"]), entry["url"], entry.get("git_blob")) for entry in [*entries, *pictures]]


def fetch_all(root: str | None, variants: Iterable[str]) -> list[str]:
    """Fetch what is missing below the official root; give what is left to fetch by hand, a line for each file.

    Raises UserError where a file that is there already is not the recorded one.
    """
    where = folder("official", root)
    left = []
    for wanted in wanted_files(variants):
        try:
            fetch(wanted, where)
        except DownloadError as error:
            left.append(f"{wanted.url}\n  to {where / wanted.path}\n  ({error})")
    return left


def fetch(wanted: Wanted, where: Path) -> None:
    """Fetch one file, unless it is there, and verify it.

    The part that has arrived stays beside the target when the connection breaks; the next call goes on from there.
    Raises DownloadError where it cannot be fetched or is not the file that it should be, UserError where a file that
    was there before is not the recorded one.
    """
    target = where / wanted.path
    if target.is_file():
        try:
            verify(wanted, where, target)
        except DownloadError as error:
            raise UserError(f"{target}: {error}; delete it and run `make models` again") from None
        return
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    _receive(wanted.url, part)
    try:
        verify(wanted, where, part)
    except DownloadError:
        part.unlink()  # what arrived is something else; to go on from it would not help
        raise
    part.replace(target)


def verify(wanted: Wanted, where: Path, path: Path) -> None:
    """Compare a file with its git blob id, or with the lock, which the first download of a checkpoint writes.

    Raises DownloadError where they differ.
    """
    if wanted.git_blob:
        found = git_blob_id(path)
        if found != wanted.git_blob:
            raise DownloadError(f"git blob id {found} instead of {wanted.git_blob}, not the published file")
        return
    lock, found = read_lock(where), store.file_sha256(path)
    recorded: Mapping[str, Any] = lock.get(wanted.path.name, {})
    if not recorded:
        store.write_json(where / LOCK, {**lock, wanted.path.name: {"sha256": found}})
    elif recorded["sha256"] != found:
        raise DownloadError(f"SHA-256 {found} instead of the recorded {recorded['sha256']}")


def _receive(url: str, part: Path) -> None:
    """Append to `part` what the server has beyond it. Proxies are taken from the environment."""
    import requests  # in the lock anyway (Snakemake needs it): ranges, proxies and certificates done right

    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                return  # all of it is there
            answer.raise_for_status()
            resumed = answer.status_code == requests.codes.partial_content
            total = int(answer.headers.get("Content-Length", 0)) + (have if resumed else 0)
            with part.open("ab" if resumed else "wb") as handle:
                for chunk in _progress(answer.iter_content(_CHUNK_BYTES), part.name, have if resumed else 0, total):
                    handle.write(chunk)
            if total and part.stat().st_size < total:
                raise DownloadError("the connection broke; run `make models` again, it goes on from there")
    except requests.RequestException as error:
        reason = type(error).__name__
        answered = getattr(error, "response", None)
        raise DownloadError(f"HTTP {answered.status_code}" if answered is not None else reason) from None


def _progress(chunks: Iterable[bytes], name: str, have: int, total: int) -> Iterator[bytes]:
    """The chunks, with a line every few seconds on stderr."""
    last = time.monotonic()
    for chunk in chunks:
        have += len(chunk)
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            share = f" of {total / 1e6:.0f}" if total else ""
            print(f"{name}: {have / 1e6:.0f}{share} MB", file=sys.stderr, flush=True)
        yield chunk
