"""How the results were made: the settings and versions, and the times of the jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from judge_vision.records import store
from judge_vision.records.columns import SCHEMA_VERSION
from judge_vision.records.table import STEPS
from judge_vision.workflow import paths


def making(rows: list[dict[str, Any]], metadata: dict[str, Any]) -> dict[str, Any]:
    """Versions, models, engines and settings, from the table alone: no times, so equal input gives an equal page."""
    steps = metadata["steps"]
    libraries = {name: version for step in steps.values() for name, version in step["libraries"].items()}
    return {
        "schema_version": SCHEMA_VERSION,
        "bundle": metadata["bundle"],
        "engines": sorted({row["iqa_engine"] for row in rows if row["iqa_engine"]}),
        "libraries": dict(sorted(libraries.items())),
        "steps": [
            {
                "step": step,
                "code": steps[step]["code"],
                "settings": [list(pair) for pair in _flat("", _without_bundle(steps[step]["settings"]))],
            }
            for step in STEPS
        ],
    }


def times() -> list[dict[str, Any]]:
    """What the last job on each shard took, added up by step; steps without jobs on record are absent."""
    found = []
    for step in STEPS:
        folder = paths.STATE / "jobs" / step
        jobs = [store.read_json(path) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []
        if jobs:
            sums = {key: sum(job[key] for job in jobs) for key in ("photographs", "cached", "failed", "seconds")}
            found.append({"step": step, "jobs": len(jobs), **sums, "seconds": round(sums["seconds"], 1)})
    return found


def _without_bundle(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key != "bundle"}


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Nested settings as dotted names with their values as JSON text."""
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), value[key])
    else:
        yield prefix, value if isinstance(value, str) else store.canonical_json(value)
