"""How the results were made: the settings and versions, and the times of the jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from judge_vision.exports.results import Results
from judge_vision.records import paths, store
from judge_vision.records.columns import SCHEMA_VERSION
from judge_vision.records.steps import STEPS


def making(results: Results) -> dict[str, Any]:
    """Versions, models, engines and settings, from the tables alone: no times, so equal input gives an equal page."""
    rows, metadata = results.rows, results.metadata
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
        "later": [
            {
                "step": kind,
                "settings": [list(pair) for pair in _flat("", facts.get("settings", {}))],
                "used": _used(rows, kind),
            }
            for kind, facts in results.later.items()
        ],
    }


def _used(rows: list[dict[str, Any]], kind: str) -> list[list[str]]:
    """What a later step was made with and how often: models as the server names them, prompts, tokens, requests."""
    found: list[list[str]] = []
    for name in ("engine", "model", "served_model", "prompt", "prompt_sha256", "seed", "reply_format", "score_source"):
        values = Counter(str(row[f"{kind}_{name}"]) for row in rows if row.get(f"{kind}_{name}") is not None)
        if values:
            counted = values if len(values) > 1 else dict.fromkeys(values)
            found.append([name, ", ".join(f"{value} ({many})" if many else value for value, many in counted.items())])
    for name in ("requests", "prompt_tokens", "completion_tokens"):
        numbers = [row[f"{kind}_{name}"] for row in rows if row.get(f"{kind}_{name}") is not None]
        if numbers:
            found.append([f"{name}, in all", f"{sum(numbers):,}"])
    return found


def run_facts() -> dict[str, Any]:
    """What differs from run to run: the times of the jobs, and which engines scored."""
    return {"steps": _times(), "engines": _engines()}


def _times() -> list[dict[str, Any]]:
    """What the last job on each shard took, added up by step; steps without jobs on record are absent."""
    found = []
    root = paths.STATE / "jobs"
    others = sorted(folder.name for folder in root.iterdir() if folder.name not in STEPS) if root.is_dir() else []
    for step in (*STEPS, *others):
        folder = root / step
        jobs = [store.read_json(path) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []
        if jobs:
            sums = {key: sum(job.get(key, 0) for job in jobs) for key in ("photographs", "cached", "failed", "seconds")}
            found.append({"step": step, "jobs": len(jobs), **sums, "seconds": round(sums["seconds"], 1)})
    return found


def _engines() -> list[dict[str, Any]]:
    """Who scored which shards, on what, and what went wrong before; shards with the same story share a row."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((paths.STATE / "engines").glob("*.json")):
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
