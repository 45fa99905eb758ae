"""What was made out of a shard's records, kept until one of them changes.

One photograph more changes one shard; to merge and to show the others again, their records need not be read: at 10,000
photographs they are 60,000 files.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from judge_vision.records import paths, store
from judge_vision.records.steps import STEPS
from judge_vision.workflow.plan import read_plan

MAKERS = ("merge", "report")


def kept(maker: str, shard: str, more: Any, make: Callable[[], Any]) -> Any:
    """What `make` gives for `shard`, or gave when the records, their list, the code of `maker` and `more` were these.

    `more` is all else that it depends on; both it and the value are JSON. An index vouches for its records with
    SHA-256, so the indexes stand for them. Packed shards are made anew: one file is as quick to read as the other.
    """
    if read_plan().packed:
        return make()
    path = kept_file(maker, shard)
    key = store.digest([store.read_json(paths.settings_file(maker))["code"], _records(shard), more])
    try:
        found = store.read_json(path)
        if isinstance(found, dict) and found.get("key") == key:
            return found["value"]
    except (FileNotFoundError, ValueError):
        pass  # none, or damaged: made anew
    value = make()
    store.write_bytes(path, store.canonical_json({"key": key, "value": value}).encode(), durable=False)
    return value


def kept_file(maker: str, shard: str) -> Path:
    """Where it lies."""
    return paths.STATE / "kept" / maker / f"{shard}.json"


def _records(shard: str) -> list[str]:
    files = [paths.shard_list(shard), *(paths.index_file(step, shard) for step in STEPS)]
    return [store.file_sha256(path) for path in files]
