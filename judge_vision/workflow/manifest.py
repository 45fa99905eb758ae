"""Which photograph belongs to which shard. The assignment is kept: a photograph stays in its shard while it exists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from judge_vision.records import paths, store
from judge_vision.records.columns import ROWS_PER_PART
from judge_vision.workflow.plan import photographs_per_shard

# Keys of an inventory's line that are not the user's own columns.
OWN_KEYS = frozenset({"image", "path", "size", "mtime_ns", "ctime_ns", "title", "category", "author", "missing"})


def assign(images: list[str], earlier: dict[str, list[str]], photographs_per_shard: int) -> dict[str, list[str]]:
    """Shards, by name, with their photographs, each list sorted.

    Photographs keep their earlier shard, so that adding one changes one shard; new ones fill the last shard and then
    new shards of equal size. A shard that has lost all its photographs goes.
    """
    present = set(images)
    shards = {name: [image for image in kept if image in present] for name, kept in sorted(earlier.items())}
    known = {image for kept in shards.values() for image in kept}
    fresh = sorted(image for image in images if image not in known)
    if shards and fresh:
        last = max(shards)
        room = max(0, photographs_per_shard - len(shards[last]))
        shards[last].extend(fresh[:room])
        fresh = fresh[room:]
    number = max((int(name) for name in shards), default=-1) + 1
    count = -(-len(fresh) // photographs_per_shard)
    for part in range(count):
        shards[f"{number + part:05d}"] = fresh[part * len(fresh) // count : (part + 1) * len(fresh) // count]
    return {name: sorted(kept) for name, kept in shards.items() if kept}


def write_manifest(inventory: Path, photographs_per_job: int) -> dict[str, Any]:
    """Write the shard lists and the manifest below the working directory; return the manifest.

    A shard list whose photographs are unchanged is not touched: Snakemake re-runs only shards whose list changed.
    The manifest also says what the table needs to know before its first row: the names of the user's own columns, and
    the first image of each of its parts. Memory: the names of all photographs, some 500 bytes each.
    """
    places, columns = _survey(inventory)
    images = list(places)
    earlier = {path.stem: _images(path) for path in sorted(paths.shard_list("x").parent.glob("*.jsonl"))}
    shards = assign(images, earlier, photographs_per_shard(len(images), photographs_per_job))
    with inventory.open("rb") as handle:

        def line(image: str) -> bytes:
            handle.seek(places[image])
            return handle.readline()

        for name, kept in shards.items():
            store.write_if_changed(paths.shard_list(name), b"".join(map(line, kept)))
    for name in earlier.keys() - shards.keys():
        paths.shard_list(name).unlink()
    manifest = {
        "photographs": len(images),
        "shards": sorted(shards, key=int),
        "columns": sorted(columns),
        "parts": images[::ROWS_PER_PART],
    }
    store.write_json(paths.MANIFEST, manifest)
    return manifest


def _survey(inventory: Path) -> tuple[dict[str, int], set[str]]:
    """Where in the inventory the line of each image starts, in its order, and which columns are the user's own."""
    places: dict[str, int] = {}
    columns: set[str] = set()
    start = 0
    with inventory.open("rb") as handle:
        for line in handle:
            entry = json.loads(line)
            places[entry["image"]] = start
            columns |= entry.keys() - OWN_KEYS
            start += len(line)
    return places, columns


def _images(shard_list: Path) -> list[str]:
    with shard_list.open("rb") as handle:
        return [json.loads(line)["image"] for line in handle]
