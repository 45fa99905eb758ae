"""All critiques into one table and one summary. Works in the results folder."""

from __future__ import annotations

from collections import Counter
from typing import Any

from judge_vision.records import paths, store
from judge_vision.records.stage2_columns import CRITIQUES, STAGE2_VERSION
from judge_vision.records.table import arrow_schema, read_table, write_rows
from judge_vision.workflow.merge import sweep
from judge_vision.workflow.shard import read_records

_OUTCOMES = ("ok", "failed", "not_judged")


def build_table() -> dict[str, Any]:
    """Write `stage2.parquet` and `stage2-summary.json`; return the summary.

    Raises FileNotFoundError or ValueError where a shard's records are missing or are not what its index says.
    """
    stage1 = {row["image"]: row for row in read_table(paths.TABLE)[0]}
    rows = []
    shards = store.read_json(paths.MANIFEST)["shards"]
    for shard in shards:
        for image, record in read_records("critique", shard).items():
            about = stage1.pop(image)
            rows.append({c.name: (about if c.source == "stage1" else record)[c.name] for c in CRITIQUES})
    if stage1:
        raise ValueError(f"{len(stage1)} photographs of the Stage 1 table have no critique, {min(stage1)!r} for one")
    rows.sort(key=lambda row: row["image"])
    settings = store.read_json(paths.settings_file("critique"))["settings"]
    write_rows(paths.STAGE2_TABLE, rows, arrow_schema({"settings": settings}, [], CRITIQUES, STAGE2_VERSION))
    summary = summarise(rows, settings["engine"])
    store.write_json(paths.STAGE2_SUMMARY, summary)
    sweep(set(shards), ["critique"])
    return summary


def summarise(rows: list[dict[str, Any]], engine: str) -> dict[str, Any]:
    """How many critiques there are, and how many failed and why."""
    counts = Counter(row["status"] for row in rows)
    failures = [
        {key: row[key] for key in ("image", "error_type", "error")} for row in rows if row["status"] == "failed"
    ]
    return {
        "engine": engine,
        "photographs": len(rows),
        **{outcome: counts[outcome] for outcome in _OUTCOMES},
        "failures": failures,
        "failed_by_type": dict(sorted(Counter(row["error_type"] for row in failures).items())),
        "prompt_tokens": sum(row["prompt_tokens"] or 0 for row in rows),
        "completion_tokens": sum(row["completion_tokens"] or 0 for row in rows),
    }
