"""Earlier seasons: a folder of pictures, or a table of them, with what the club knows about each."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge_vision.compliance.filename import split_name
from judge_vision.compliance.text import clean, clean_or_none
from judge_vision.failure import UserError
from judge_vision.photograph.listing import FileEntry, look_up, walk
from judge_vision.photograph.lists import ListRow, read_list
from judge_vision.photograph.settings import ListingSettings

# In a folder of earlier seasons, a table of this name describes the pictures beside it; `make results` writes one.
TABLE = "archive.csv"


@dataclass(frozen=True)
class Earlier:
    """A picture of an earlier season. `file` is relative to the folder of the archive."""

    file: FileEntry
    title: str
    date: str | None
    """When it was entered, as the table says it; without a table, the name of the folder that it lies in."""


def archive_folder(archive: Path) -> Path:
    """The folder from which the pictures' paths are taken."""
    return archive if archive.is_dir() else archive.parent


def list_archive(archive: Path, settings: ListingSettings) -> tuple[list[Earlier], list[str]]:
    """The pictures of `archive`, a folder or a CSV or Parquet table, and the paths that its table names in vain.

    Raises UserError where there is no such folder or table, it cannot be read, or a line of a table is wrong.
    """
    if archive.is_dir():
        return _folder(archive, settings)
    if not archive.is_file():
        raise UserError(f"rules.archive: there is no folder or table {archive}; it is taken relative to the registry")
    found, missing = [], []
    for row in read_list(archive):
        file = look_up(archive.parent, row.image, settings)
        if file is None:
            missing.append(row.image)
        else:
            found.append(_described(file, row))
    return found, missing


def described_archive(archive: Path, settings: ListingSettings) -> list[Any]:
    """Names, sizes and times of the archive's pictures and what its tables say, as JSON: what a look-up depends on.

    Raises UserError as `list_archive` does.
    """
    earlier, missing = list_archive(archive, settings)
    return [[[one.file.image, one.file.size, one.file.mtime_ns, one.title, one.date] for one in earlier], missing]


def _folder(archive: Path, settings: ListingSettings) -> tuple[list[Earlier], list[str]]:
    rows: dict[str, ListRow] = {}
    for table in sorted(archive.rglob(TABLE)):
        folder = table.parent.relative_to(archive).as_posix()
        rows |= {posixpath.normpath(posixpath.join(folder, row.image)): row for row in read_list(table)}
    # results may hold an archive, which `make results` writes
    files = walk(archive, settings, results_too=True).photographs
    missing = sorted(rows.keys() - {file.image for file in files})
    return [_described(file, rows.get(file.image)) for file in files], missing


def _described(file: FileEntry, row: ListRow | None) -> Earlier:
    listed = {**row.extra, **row.fields} if row else {}
    folder = posixpath.dirname(file.image)
    title = clean_or_none(listed.get("title")) or clean(split_name(file.image)[1])
    return Earlier(file, title, clean_or_none(listed.get("date") or folder))
