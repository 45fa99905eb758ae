"""What lies in the photo folder: every regular file below it, told apart from sidecars, in an order of its own.

The listing looks at names and at what the file system says; it opens no file.
"""

from __future__ import annotations

import json
import os
import stat
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from judge_vision.failure import UserError
from judge_vision.photograph import lists
from judge_vision.photograph.names import name_to_text, text_to_name
from judge_vision.photograph.settings import ListingSettings
from judge_vision.records import paths, store

# Files that systems and programs leave in folders, in lower case.
_LITTER = frozenset({b"thumbs.db", b"ehthumbs.db", b"desktop.ini", b"icon\r", b"picasa.ini"})
# Every run makes it in its results folder before it looks for photographs.
_RUN_LOCK = os.fsencode(paths.RUN_LOCK)
_LITTER_FOLDERS = frozenset({b"@eadir", b"__macosx", b"$recycle.bin", b"system volume information"})


class FileEntry(NamedTuple):
    """A file as the folder's listing shows it."""

    image: str
    """Path relative to the photo folder with `/` between its parts, as text (see `names`)."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of the last change of the content, ns since 1970."""
    ctime_ns: int
    """Time of the last change of the content or of the permissions, ns since 1970: a `chmod` may mend a failed row."""


@dataclass
class Listing:
    """The photographs of a folder, in the order of their names' bytes, and what was passed over, by reason."""

    photographs: list[FileEntry] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Inventory:
    """The entries of a run: plain dictionaries, ready for JSON, sorted by `image`; made one by one, to be read once."""

    entries: Iterable[dict[str, Any]]
    skipped: dict[str, int]


class Sources(Protocol):
    """The part of the configuration that says where photographs come from."""

    @property
    def photos(self) -> str:
        """The photo folder."""

    @property
    def list(self) -> str | None:
        """A CSV or Parquet list, or None for every file in the folder."""

    @property
    def listing(self) -> ListingSettings:
        """What counts as a photograph."""


def take_inventory(sources: Sources) -> Inventory:
    """The photographs of the list, or of the whole folder, with size and times; a file that is gone has `missing` True.

    Raises UserError where the folder or the list cannot be read, or a line of the list is wrong.
    """
    photos = Path(sources.photos)
    if not sources.list:
        found = walk(photos, sources.listing)
        return Inventory((entry._asdict() for entry in found.photographs), dict(sorted(found.skipped.items())))
    return Inventory(_listed(photos, Path(sources.list), sources.listing), {})


def _listed(photos: Path, path: Path, settings: ListingSettings) -> Iterator[dict[str, Any]]:
    # as text until its turn comes: ten million rows as dictionaries are eight gigabytes
    rows = sorted(
        (text_to_name(row.image), row.image, store.canonical_json({**row.extra, **row.fields}))
        for row in lists.read_list(path)
    )
    for _, image, columns in rows:
        file = look_up(photos, image, settings)
        yield {**json.loads(columns), **({"image": image, "missing": True} if file is None else file._asdict())}


def walk(photo_root: Path, settings: ListingSettings, results_too: bool = False) -> Listing:
    """Every photograph below `photo_root`. Raises UserError where the folder itself cannot be listed.

    What runs wrote below it, this one or others, is left out unless `results_too`: thumbnails are no photographs.

    A folder further down that cannot be listed is counted as `unreadable folder`: its neighbours are not lost.
    """
    found = Listing()
    root = os.fsencode(photo_root)
    suffixes = tuple(os.fsencode(suffix) for suffix in settings.sidecar_suffixes)
    try:
        os.scandir(root).close()
    except OSError as error:
        raise UserError(
            f"the photo folder {photo_root} cannot be listed ({error.strerror}); see that you may read it"
        ) from None
    real_root = os.path.realpath(root)
    # Each folder is entered once, known by device and inode: a loop of links comes to an end. Links wait until all
    # real folders are through, so that a photograph keeps its path when somebody adds a link to its folder.
    entered: set[tuple[int, int]] = set()
    pending, linked = deque([root]), deque[bytes]()
    while pending or linked:
        folder = pending.popleft() if pending else linked.popleft()
        for entry in _entries(folder, entered, found.skipped):
            reason = _reason_to_skip(entry, suffixes, real_root, settings.follow_links)
            if not reason and not results_too and _holds_results(entry):
                reason = "results folder"
            if reason:
                found.skipped[reason] += 1
            elif entry.is_dir():
                (linked if entry.is_symlink() else pending).append(entry.path)
            else:
                _add(found, entry, root)
    found.photographs.sort(key=lambda entry: text_to_name(entry.image))
    return found


def look_up(photo_root: Path, image: str, settings: ListingSettings) -> FileEntry | None:
    """The entry of one listed file, or None where there is no such file (any more).

    Raises UserError for a link that leads out of the photo folder.
    """
    path = os.path.join(os.fsencode(photo_root), text_to_name(image))  # noqa: PTH118 - bytes: any name must do
    try:
        facts = os.lstat(path)
        linked = stat.S_ISLNK(facts.st_mode)
        facts = os.stat(path) if linked else facts  # noqa: PTH116
    except (OSError, ValueError):
        return None
    real_root = _real(os.fsencode(photo_root))
    # the folder's way is followed once for all its files: it takes longer than all else here
    inside = _inside(path, real_root) if linked else _within(_real(os.path.dirname(path)), real_root)  # noqa: PTH120
    if not settings.follow_links and not inside:
        raise UserError(
            f"{image} in the list is a link out of the photo folder; allow it with "
            "--config listing='{follow_links: true}'"
        )
    if not stat.S_ISREG(facts.st_mode):
        return None
    return FileEntry(image, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


def _entries(folder: bytes, entered: set[tuple[int, int]], skipped: Counter[str]) -> Iterator[os.DirEntry[bytes]]:
    try:
        facts = os.stat(folder)  # noqa: PTH116
        if (facts.st_dev, facts.st_ino) in entered:
            skipped["folder seen already"] += 1
            return
        entered.add((facts.st_dev, facts.st_ino))
        with os.scandir(folder) as entries:
            # the file system's own order differs from machine to machine
            yield from sorted(entries, key=lambda entry: entry.name)
    except OSError:
        skipped["unreadable folder"] += 1


def _reason_to_skip(
    entry: os.DirEntry[bytes], suffixes: tuple[bytes, ...], real_root: bytes, follow_links: bool
) -> str | None:
    name = entry.name.lower()
    if name.startswith(b"."):
        # `._NAME` is what macOS writes beside NAME on foreign disks
        return "sidecar" if name.startswith(b"._") or name == b".ds_store" else "hidden"
    if entry.is_symlink() and (reason := _reason_against_link(entry.path, real_root, follow_links)):
        return reason
    if entry.is_dir():
        return "system folder" if name in _LITTER_FOLDERS else None
    if name in _LITTER or name.endswith(suffixes):
        return "sidecar"
    return None if entry.is_file() else "not a regular file"


def _reason_against_link(path: bytes, real_root: bytes, follow_links: bool) -> str | None:
    if not os.path.exists(path):  # noqa: PTH110 - a loop that never arrives does not exist either
        return "broken link"
    return None if follow_links or _inside(path, real_root) else "link out of the folder"


def _holds_results(entry: os.DirEntry[bytes]) -> bool:
    return entry.is_dir() and os.path.isfile(os.path.join(entry.path, _RUN_LOCK))  # noqa: PTH113, PTH118 - bytes


def _inside(path: bytes, real_root: bytes) -> bool:
    return _within(os.path.realpath(path), real_root)


def _within(real: bytes, real_root: bytes) -> bool:
    return real == real_root or real.startswith(real_root.rstrip(b"/") + b"/")


@lru_cache(maxsize=4096)
def _real(folder: bytes) -> bytes:
    return os.path.realpath(folder)


def _add(found: Listing, entry: os.DirEntry[bytes], root: bytes) -> None:
    try:
        facts = entry.stat()
    except OSError:
        found.skipped["vanished"] += 1
        return
    relative = entry.path[len(root) :].lstrip(b"/")
    found.photographs.append(FileEntry(name_to_text(relative), facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns))
