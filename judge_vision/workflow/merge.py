"""All records of all shards into one table and one summary. Works in the results folder."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from judge_vision.compliance.finding import add_findings
from judge_vision.compliance.rulings import idle_rulings, open_rulings, with_rulings
from judge_vision.records import store
from judge_vision.records.table import STEPS, row, write_table
from judge_vision.workflow import paths
from judge_vision.workflow.shard import ShardJob, read_records

# Keys of a shard list's line that are not the user's own columns.
_OWN_KEYS = {"image", "path", "size", "mtime_ns", "ctime_ns", "title", "category", "author", "missing"}


def merge() -> dict[str, Any]:
    """Write `stage1.parquet` and `summary.json`; return the summary.

    Raises FileNotFoundError or ValueError where a shard's records are missing or are not what its index says.
    """
    manifest = store.read_json(paths.MANIFEST)
    rows: list[dict[str, Any]] = []
    extra_names: set[str] = set()
    set_findings = store.read_json(paths.ENTRIES)
    rulings = open_rulings(store.read_json(paths.RUN_CONFIG)["compliance"])
    checked = []
    for records, entry in _photographs(manifest["shards"]):
        found = set_findings.get(entry["image"], [])
        if found and records["compliance"]["status"] == "ok":
            records["compliance"] = add_findings(records["compliance"], found)
        records["compliance"] = with_rulings(records["compliance"], rulings)
        checked.append(records["compliance"])
        extra = {key: entry[key] for key in entry.keys() - _OWN_KEYS}
        extra_names |= extra.keys()
        listed = {key: entry.get(key) for key in ("title", "category", "author")}
        rows.append(row(records, listed, extra))
    if len(rows) != manifest["photographs"]:
        raise ValueError(f"{manifest['photographs']} photographs in the manifest, {len(rows)} in the records")
    write_table(paths.TABLE, rows, _metadata(), sorted(extra_names))
    summary = summarise(rows) | {"idle_rulings": idle_rulings(checked, rulings)}
    store.write_json(paths.SUMMARY, summary)
    sweep(set(manifest["shards"]), STEPS)
    return summary


def summarise(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """How many photographs are ok and failed, the failures by reason, and what the folder held besides."""
    failures = [row for row in rows if row["status"] == "failed"]
    return {
        "photographs": len(rows),
        "ok": len(rows) - len(failures),
        "failed": len(failures),
        "failures": [
            {"image": row["image"], "error_type": row["error_type"], "error": row["error"]}
            for row in sorted(failures, key=lambda row: row["image"])
        ],
        "failed_by_type": dict(sorted(Counter(row["error_type"] for row in failures).items())),
        "skipped": store.read_json(paths.SKIPPED),
    }


def _photographs(shards: list[str]) -> Iterator[tuple[dict[str, dict[str, Any]], dict[str, Any]]]:
    for shard in shards:
        by_step = {step: read_records(step, shard) for step in STEPS}
        for entry in ShardJob("merge", shard).entries():
            yield {step: by_step[step][entry["image"]] for step in STEPS}, entry


def _metadata() -> dict[str, Any]:
    """What made the table: settings, libraries, code of each step. No paths, no times: equal input, equal bytes."""
    steps = {}
    for step in STEPS:
        document = store.read_json(paths.settings_file(step))
        steps[step] = {key: document[key] for key in ("settings", "libraries", "code")}
    return {"steps": steps, "bundle": steps["iqa"]["settings"]["bundle"]}


def sweep(shards: set[str], steps: Iterable[str]) -> None:
    """Remove what earlier runs of these rules left of shards that are no more."""
    for step in steps:
        for folder in (paths.records_folder(step), paths.STATE / "jobs" / step, paths.index_file(step, "x").parent):
            for path in folder.iterdir() if folder.is_dir() else ():
                if path.name.split(".")[0] not in shards:
                    _remove(path)
    for path in paths.engines_file("x").parent.glob("*.json"):
        if path.stem not in shards:
            path.unlink()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
