"""Looking up entries in the archive of earlier seasons. Works in the results folder.

A picture of the archive is decoded and hashed once: 20,000 take minutes, so what is hashed is kept, picture by picture.
"""

from __future__ import annotations

import base64
import importlib.metadata
import io
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from judge_vision.compliance import borders, re_entry
from judge_vision.compliance.archive import Earlier, archive_folder, list_archive
from judge_vision.compliance.re_entry import Hashes, entry_hashes, matches, picture_hashes
from judge_vision.compliance.rules import Competition
from judge_vision.failure import PhotographError
from judge_vision.metrics import mono
from judge_vision.photograph.isolate import prepare_all
from judge_vision.photograph.names import locate
from judge_vision.photograph.prepare import show, thumbnail_jpeg
from judge_vision.photograph.proof import ProofSizes
from judge_vision.photograph.settings import ListingSettings, PrepareSettings
from judge_vision.photograph.showing import Facts
from judge_vision.records import paths, store
from judge_vision.workflow.progress import Progress

log = logging.getLogger(__name__)

INDEX = paths.cache_folder("archive") / "hashes.jsonl"
_NO_PROOF = ProofSizes(1, 1, 1)  # a picture of the archive is only hashed
_CHUNK = 64


@dataclass(frozen=True)
class Found:
    """`by_sha256`: what of the archive looks like an entry, nearest first; `notes`: what the archive's state is."""

    by_sha256: dict[str, list[dict[str, Any]]]
    notes: list[str]


def find_earlier(
    competition: Competition,
    archive: Path,
    photos: Path,
    entries: list[dict[str, Any]],
    listing: ListingSettings,
    prepare: PrepareSettings,
    prepared_by: str,
    workers: int,
) -> Found:
    """Which pictures of `archive` the `entries` (records with `sha256`; those prepared have a thumbnail) look like.

    `prepared_by` is the hash of the code and settings of `prepare`, which thumbnails depend on.
    """
    listed, missing = list_archive(archive, listing)
    folder = archive_folder(archive)
    earlier = [one for one in listed if not _is_ours(folder, one, photos)]
    known = _hashed(earlier, folder, prepare, _measured_by(prepared_by), workers)
    readable = [one for one in earlier if "hashes" in known[one.file.image]]
    notes = [f"The archive of earlier seasons has {len(readable):,} pictures that could be read."]
    if len(earlier) < len(listed):
        count = len(listed) - len(earlier)
        notes.append(f"{count:,} of the archive's pictures lie in this round's own folders and do not count.")
    notes += [f"The archive's table names {image}, and there is no such file." for image in missing]
    notes += [
        f"{one.file.image} in the archive could not be read: {known[one.file.image]['error']}"
        for one in earlier
        if "hashes" not in known[one.file.image]
    ]
    by_sha256: dict[str, list[dict[str, Any]]] = {}
    digests = sorted({entry["sha256"] for entry in entries if entry["sha256"] and _thumbnail(entry["sha256"]).exists()})
    if readable and digests:
        own = np.stack([entry_hashes(_pixels(sha256)) for sha256 in digests])
        kept = np.stack([_unpacked(known[one.file.image]["hashes"]) for one in readable])
        for match in matches(own, kept, competition.rules.archive_max_bits):
            sha256, one = digests[match.entry], readable[match.earlier]
            seen = _seen(sha256, one, known[one.file.image]["sha256"], folder, prepare)
            if seen["monochrome"] and not competition.rules.archive_monochrome:
                continue
            by_sha256.setdefault(sha256, []).append(seen | {"bits": match.bits, "mirrored": match.mirrored})
    return Found(by_sha256, notes)


def _seen(sha256: str, one: Earlier, earlier_sha256: str, folder: Path, prepare: PrepareSettings) -> dict[str, Any]:
    """The archive's picture as evidence; brings its thumbnail, which hashing did not keep."""
    if not _thumbnail(earlier_sha256).exists():
        _prepared(locate(folder, one.file.image), prepare, keep_thumbnail=True)
    was, now = (mono.judge(_pixels(digest))[0]["mono_verdict"] for digest in (earlier_sha256, sha256))
    return {
        "image": one.file.image,
        "sha256": earlier_sha256,
        "title": one.title,
        "date": one.date,
        # a verdict of query is neither: it is no evidence that the picture was turned to monochrome
        "monochrome": {was, now} == {"pass", "fail"},
    }


def _is_ours(folder: Path, one: Earlier, photos: Path) -> bool:
    """Whether the archive holds this round's entries or results: every entry would look like itself."""
    path = locate(folder, one.file.image).resolve()
    return photos.resolve() in path.parents or Path.cwd() in path.parents


def _measured_by(prepared_by: str) -> str:
    """What hashes depend on; not on the registry, or one edited rule would hash the whole archive again."""
    sources = [store.file_sha256(Path(str(module.__file__))) for module in (re_entry, borders)]
    versions = [importlib.metadata.version(name) for name in ("imagehash", "opencv-python-headless")]
    return store.digest([prepared_by, sources, versions])


def _hashed(
    earlier: list[Earlier], folder: Path, prepare: PrepareSettings, measured_by: str, workers: int
) -> dict[str, dict[str, Any]]:
    """By image: `hashes` and `sha256` of each picture, or `error`. What is new is hashed in processes of its own."""
    kept = _kept(measured_by)
    stamps = {one.file.image: [one.file.image, one.file.size, one.file.mtime_ns] for one in earlier}
    known = {image: kept[image] for image, stamp in stamps.items() if kept.get(image, {}).get("stamp") == stamp}
    todo = [image for image in stamps if image not in known]
    progress = Progress("archive", len(stamps), len(todo), len(known))
    work = ((image, locate(folder, image), paths.working_folder("archive") / "x") for image in todo)
    lines: list[str] = []
    for image, found in prepare_all(work, prepare, _NO_PROOF, workers, prepare=hash_picture) if todo else ():
        value = {"error": found.message} if isinstance(found, PhotographError) else found
        known[image] = {"stamp": stamps[image], "measured_by": measured_by, **value}
        lines.append(store.canonical_json(known[image]) + "\n")
        if len(lines) >= _CHUNK:
            _append(lines)
        progress.step()
    _append(lines)
    progress.finish(sum("error" in value for value in known.values()))
    if len(known) < len(kept):
        store.write_bytes(INDEX, "".join(store.canonical_json(value) + "\n" for value in known.values()).encode())
    return known


def _kept(measured_by: str) -> dict[str, dict[str, Any]]:
    """What earlier runs hashed; a line that a power cut broke, or that other code made, is passed over."""
    found = {}
    for line in INDEX.read_text(encoding="utf-8").splitlines() if INDEX.exists() else ():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if value["measured_by"] == measured_by:
            found[value["stamp"][0]] = value
    return found


def _append(lines: list[str]) -> None:
    """Add `lines` to the index, and empty the list."""
    INDEX.parent.mkdir(parents=True, exist_ok=True)
    with INDEX.open("a", encoding="utf-8") as handle:
        # a run that was killed may have left half a line
        handle.write("".join(["\n" if _ends_broken() else "", *lines]))
    lines.clear()


def _ends_broken() -> bool:
    with INDEX.open("rb") as handle:
        handle.seek(0, io.SEEK_END)
        if handle.tell() == 0:
            return False
        handle.seek(-1, io.SEEK_END)
        return handle.read(1) != b"\n"


def hash_picture(path: Path, settings: PrepareSettings, _sizes: ProofSizes, _proof: Path) -> Facts:
    """SHA-256 and hashes of one picture of the archive, from its thumbnail. Runs in a process of its own."""
    sha256, pixels = _prepared(path, settings, keep_thumbnail=False)
    return {"sha256": sha256, "hashes": base64.b64encode(picture_hashes(pixels).tobytes()).decode("ascii")}


def _prepared(path: Path, settings: PrepareSettings, keep_thumbnail: bool) -> tuple[str, npt.NDArray[np.uint8]]:
    """SHA-256 of the file and the pixels of its thumbnail, which is kept among the others if so wished."""
    shown = show(path, settings)
    sha256: str = shown.facts["sha256"]
    thumbnail = thumbnail_jpeg(shown.image, settings.thumbnail_side_px)
    if keep_thumbnail:
        store.write_bytes(_thumbnail(sha256), thumbnail)
    with Image.open(io.BytesIO(thumbnail)) as picture:
        return sha256, np.asarray(picture)


def _thumbnail(sha256: str) -> Path:
    return paths.by_content(paths.THUMBNAILS, sha256, ".jpg")


def _pixels(sha256: str) -> npt.NDArray[np.uint8]:
    with Image.open(_thumbnail(sha256)) as picture:
        return np.asarray(picture.convert("RGB"))


def _unpacked(text: str) -> Hashes:
    return np.frombuffer(base64.b64decode(text), dtype=np.uint8).reshape(16, 32)
