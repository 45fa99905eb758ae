"""How the results were made: the words on the scores, the settings and versions, and the times of the jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from judge_vision.records import store
from judge_vision.records.columns import SCHEMA_VERSION
from judge_vision.records.table import STEPS
from judge_vision.workflow import paths


def scores_sentence(rows: list[dict[str, Any]], bundle: dict[str, Any]) -> str:
    """What kind of scores these are, for a reader who knows no model."""
    label = f"{bundle.get('name', 'unknown')} {bundle.get('version', '')}".strip()
    if not any(row["model_bundle"] for row in rows):
        return "No photograph has scores of a network."
    if unrated(rows):
        return (
            f"NIMA and MUSIQ scores: bundle {label}, no human ratings. Its networks were never shown a mark given by a "
            "person: they are no judge's opinion, and neither a ranking nor an award may rest on them."
        )
    return (
        f"NIMA and MUSIQ scores: bundle {label}, networks trained on marks given by people. They predict what an "
        "average viewer would say, not what this competition's judges will."
    )


def unrated(rows: list[dict[str, Any]]) -> bool:
    """Whether any score comes from networks that were never shown a human mark."""
    return any(row["human_ratings"] is False for row in rows)


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


def engines() -> list[dict[str, Any]]:
    """Who scored which shards, on what, and what went wrong before; shards with the same story share a row."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(paths.engines_file("x").parent.glob("*.json")):
        told = store.read_json(path)
        story = {
            "scored_by": [f"{one['engine']} on {one['device']}" for one in told["scored"]],
            "failures": [f"{one['engine']}: {one['failure']}" for one in told["attempts"] if one["failure"]],
            "restarts": (told["service"] or {}).get("restarts", 0),
            "errors": (told["service"] or {}).get("errors", []),
        }
        row = found.setdefault(store.canonical_json(story), {**story, "shards": [], "photographs": 0})
        row["shards"].append(path.stem)
        row["photographs"] += sum(one["photographs"] for one in told["scored"])
    return list(found.values())


def _without_bundle(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key != "bundle"}


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Nested settings as dotted names with their values as JSON text."""
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), value[key])
    else:
        yield prefix, value if isinstance(value, str) else store.canonical_json(value)
