"""The job of `prepare`: facts from the cache where the file is untouched, else from the file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
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
    folders = _folders(settings)
    run = store.read_json(paths.RUN_CONFIG)
    photos = Path(run["photos"])
    # a link that was put in a photograph's place since it was listed is followed no further than the listing would
    below = None if run["listing"]["follow_links"] else photos.resolve()
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
        wanted = {_place(folder, facts["sha256"]).as_posix() for folder in folders.values()}
        if not wanted <= facts.get(store.COMPANIONS, {}).keys():
            return False
        return proof_file(item).exists() or not _wanted(facts["sha256"], readers)

    def measure(items: list[Item]) -> Iterator[tuple[Item, Outcome]]:
        todo = [(item.image, locate(photos, item.image), proof_file(item)) for item in items]
        by_image = {item.image: item for item in items}
        for image, found in prepare_all(todo, settings, sizes, workers, below=below):
            outcome: Outcome = found
            if isinstance(found, PhotographError):
                if by_image[image].entry.get("missing"):
                    outcome = PhotographError(
                        ErrorType.MISSING,
                        "the list names it, but there is no such file; put it back or take it off the list",
                    )
            else:
                outcome = {**found, store.COMPANIONS: _put_in_place(found, proof_file(by_image[image]), folders)}
            yield by_image[image], outcome

    items = [Item(entry["image"], entry) for entry in job.entries()]
    job.run(items, measure, key, usable)


def _folders(settings: PrepareSettings) -> dict[str, Path]:
    """Where the pictures for people go, by how their names end beside the proof: those that are wanted."""
    both = (
        (THUMBNAIL, paths.THUMBNAILS, settings.thumbnail_side_px),
        (PREVIEW, paths.PREVIEWS, settings.preview_side_px),
    )
    return {suffix: folder for suffix, folder, side_px in both if side_px}


def _place(folder: Path, sha256: str) -> Path:
    return paths.by_content(folder, sha256, ".jpg")


def _put_in_place(facts: Figures, proof: Path, folders: dict[str, Path]) -> dict[str, str]:
    """Move the pictures from beside the proof; their SHA-256 by where they are now."""
    moved = {}
    for suffix, folder in folders.items():
        made, target = proof.with_suffix(suffix), _place(folder, facts["sha256"])
        made_sha256 = store.file_sha256(made)
        try:
            made.replace(target)
        except FileNotFoundError:  # the folder is made once
            target.parent.mkdir(parents=True, exist_ok=True)
            made.replace(target)
        moved[target.as_posix()] = made_sha256
    return moved


def _wanted(sha256: str, readers: list[tuple[str, Cache]]) -> bool:
    """Whether a rule still has to measure the photograph, and so needs its proof."""
    return any(content_key(measured_by, sha256) not in cache for measured_by, cache in readers)
