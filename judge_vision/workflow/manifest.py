"""Which photograph belongs to which shard. The assignment is kept: a photograph stays in its shard while it exists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from judge_vision.records import store
from judge_vision.workflow import paths

Entry = dict[str, Any]


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


def write_manifest(entries: list[Entry], photographs_per_shard: int) -> dict[str, Any]:
    """Write the shard lists and the manifest below the working directory; return the manifest.

    A shard list whose photographs are unchanged is not touched: Snakemake re-runs only shards whose list changed.
    """
    by_image = {entry["image"]: entry for entry in entries}
    earlier = {path.stem: _images(path) for path in sorted(paths.shard_list("x").parent.glob("*.jsonl"))}
    shards = assign(list(by_image), earlier, photographs_per_shard)
    for name, images in shards.items():
        lines = "".join(store.canonical_json(by_image[image]) + "\n" for image in images)
        store.write_if_changed(paths.shard_list(name), lines.encode())
    for name in earlier.keys() - shards.keys():
        paths.shard_list(name).unlink()
    manifest = {"photographs": len(entries), "shards": sorted(shards)}
    store.write_json(paths.MANIFEST, manifest)
    return manifest


def read_inventory(path: Path) -> list[Entry]:
    """The photographs in the inventory, in its order."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _images(shard_list: Path) -> list[str]:
    return [entry["image"] for entry in read_inventory(shard_list)]
