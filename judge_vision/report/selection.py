"""Which rows of a large table the page shows: a browser bears thousands, a table may hold millions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judge_vision.records.table import read_batches

Row = dict[str, Any]


def select_rows(table: Path, summary: dict[str, Any], limit: int) -> list[Row]:
    """All rows, in the table's order, if there are at most `limit`; else the failed ones, at most half of the limit,
    and of the others one in every so many, evenly over the table.

    `summary` is the run's own (`ok`, `failed`). Memory: the rows returned. The same table gives the same rows.
    """
    rows = (row for batch in read_batches(table) for row in batch)
    if summary["photographs"] <= limit:
        return list(rows)
    most_failed = min(summary["failed"], limit // 2)
    every = -(-summary["ok"] // (limit - most_failed))
    kept, ok, failed = [], 0, 0
    for row in rows:
        if row["status"] == "failed":
            failed += 1
            wanted = failed <= most_failed
        else:
            wanted = ok % every == 0
            ok += 1
        if wanted:
            kept.append(row)
    return kept


def selection_sentence(shown: int, summary: dict[str, Any]) -> str:
    """What of the table the page shows; empty where that is everything."""
    if shown >= summary["photographs"]:
        return ""
    what = "failed ones and an even sample of the others" if summary["failed"] else "an even sample"
    return f" This page shows {shown:,} of them, {what}; the table has every one."
