"""The job of `prepare`: facts from the cache where the file is untouched, else from the file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from judge_vision.failure import ErrorType, PhotographError
from judge_vision.photograph.isolate import prepare_all
from judge_vision.photograph.names import locate
from judge_vision.photograph.proof import PREVIEW, THUMBNAIL, ProofSizes
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.records import paths, store
from judge_vision.records.steps import PROOF_READERS
from judge_vision.workflow.cache import Cache
from judge_vision.workflow.plan import read_plan
from judge_vision.workflow.shard import Figures, Item, Outcome, ShardJob, content_key

_STAMP = ("image", "size", "mtime_ns", "ctime_ns")


def prepare_shard(shard: str, workers: int) -> None:
    """Prepare the photographs of `shard` in `workers` processes."""
    job = ShardJob("prepare", shard)
    document = job.settings()
    settings, sizes = PrepareSettings(**document["settings"]), ProofSizes(**document["proof"])
    if read_plan().packed:
        # nobody opens the pages of so many, and previews would be most of the disk
        settings = dataclasses.replace(settings, preview_side_px=0)
    pictures = _pictures(settings)
    photos = Path(store.read_json(paths.RUN_CONFIG)["photos"])
    paths.working_folder(shard).mkdir(parents=True, exist_ok=True)
    readers = [
        (ShardJob(rule, shard).settings()["measured_by"], ShardJob(rule, shard).cache()) for rule in PROOF_READERS
    ]

    def proof_file(item: Item) -> Path:
        return paths.proof_file(shard, item.image, document["proof"])

    def key(item: Item) -> str:
        # the file's time and size stand for its content: reading every file to know that nothing changed is no help
        return content_key(document["measured_by"], *(item.entry.get(name) for name in _STAMP))

    def usable(item: Item, facts: Figures) -> bool:
        for picture in pictures:
            made = facts[picture.hash_name]
            if not made or not store.holds(picture.place(facts["sha256"]), made):
                return False
        return proof_file(item).exists() or not _wanted(facts["sha256"], readers)

    def measure(items: list[Item]) -> Iterator[tuple[Item, Outcome]]:
        todo = [(item.image, locate(photos, item.image), proof_file(item)) for item in items]
        by_image = {item.image: item for item in items}
        for image, found in prepare_all(todo, settings, sizes, workers):
            outcome: Outcome = found
            if isinstance(found, PhotographError):
                if by_image[image].entry.get("missing"):
                    outcome = PhotographError(
                        ErrorType.MISSING,
                        "the list names it, but there is no such file; put it back or take it off the list",
                    )
            else:
                for picture in pictures:
                    _move(proof_file(by_image[image]).with_suffix(picture.suffix), picture.place(found["sha256"]))
            yield by_image[image], outcome

    items = [Item(entry["image"], entry) for entry in job.entries()]
    job.run(items, measure, key, usable)


@dataclass(frozen=True)
class _Picture:
    """A kind of picture for people: how its name ends beside the proof, where it goes, the fact that is its hash."""

    suffix: str
    folder: Path
    hash_name: str

    def place(self, sha256: str) -> Path:
        return paths.by_content(self.folder, sha256, ".jpg")


def _pictures(settings: PrepareSettings) -> list[_Picture]:
    """Those that are wanted."""
    thumbnail = _Picture(THUMBNAIL, paths.THUMBNAILS, "thumbnail_sha256")
    preview = _Picture(PREVIEW, paths.PREVIEWS, "preview_sha256")
    sides = {thumbnail: settings.thumbnail_side_px, preview: settings.preview_side_px}
    return [picture for picture, side_px in sides.items() if side_px]


def _move(made: Path, target: Path) -> None:
    try:
        made.replace(target)
    except FileNotFoundError:  # the folder is made once
        target.parent.mkdir(parents=True, exist_ok=True)
        made.replace(target)


def _wanted(sha256: str, readers: list[tuple[str, Cache]]) -> bool:
    """Whether a rule still has to measure the photograph, and so needs its proof."""
    return any(content_key(measured_by, sha256) not in cache for measured_by, cache in readers)
