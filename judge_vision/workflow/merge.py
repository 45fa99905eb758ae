"""All records of all shards into one table and one summary. Works in the results folder."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from judge_vision.compliance.finding import add_findings
from judge_vision.compliance.rulings import Rulings, idle_rulings, open_rulings, with_rulings
from judge_vision.records import paths, store
from judge_vision.records.columns import COLUMNS
from judge_vision.records.steps import STEPS
from judge_vision.records.table import TableWriter, arrow_schema, row
from judge_vision.workflow.cache import update_catalogue
from judge_vision.workflow.kept import MAKERS, kept, kept_file
from judge_vision.workflow.plan import read_plan
from judge_vision.workflow.shard import ShardJob, read_records

Row = dict[str, Any]
Record = dict[str, Any]

# Failures that the summary names; the table has them all.
_FAILURES_NAMED = 10_000


def merge() -> dict[str, Any]:
    """Write `stage1.parquet` and `summary.json`; return the summary. Memory: one shard, and some 200,000 rows.

    Raises FileNotFoundError or ValueError where a shard's records are missing or are not what its index says.
    """
    manifest = store.read_json(paths.MANIFEST)
    set_findings = store.read_json(paths.ENTRIES)
    rulings = open_rulings(store.read_json(paths.RUN_CONFIG)["compliance"])
    ruled: list[Record] = []
    packed = read_plan().packed
    columns = own_columns(manifest["columns"])
    schema = arrow_schema(_metadata(), list(columns.values()))
    # what a shard's rows depend on beside its records
    about = [columns, set_findings, [asdict(ruling) for by_rule in rulings.values() for ruling in by_rule.values()]]
    tally = Tally()
    with TableWriter(paths.TABLE, schema, manifest["parts"], packed) as table:
        for shard in manifest["shards"]:
            part = kept("merge", shard, about, partial(_part, shard, set_findings, rulings, columns))
            ruled += part["ruled"]
            tally.add(part["rows"])
            table.add(part["rows"])
        if tally.photographs != manifest["photographs"]:
            raise ValueError(
                f"{manifest['photographs']} photographs in the manifest, {tally.photographs} in the records"
            )
    summary = tally.summary() | {"idle_rulings": idle_rulings(ruled, rulings)}
    store.write_json(paths.SUMMARY, summary)
    sweep(set(manifest["shards"]), STEPS)
    if packed:
        for step in STEPS:
            update_catalogue(paths.cache_folder(step))
    return summary


def _part(
    shard: str, set_findings: dict[str, list[Record]], rulings: Rulings, columns: dict[str, str]
) -> dict[str, list[Row]]:
    """The `rows` of a shard, and the compliance records on which there are rulings (`ruled`)."""
    photographs = list(_photographs(shard, set_findings, rulings))
    compliance = [records["compliance"] for records, _ in photographs]
    return {
        "rows": [_row(records, entry, columns) for records, entry in photographs],
        "ruled": [record for record in compliance if record["sha256"] in rulings],
    }


def own_columns(names: list[str]) -> dict[str, str]:
    """The table's columns for the columns of the user's list: their own names, unless the table has those already."""
    taken = {column.name for column in COLUMNS}
    columns = {}
    for name in names:
        column = name
        while column in taken or (column != name and column in names):
            column = f"list_{column}"
        taken.add(column)
        columns[name] = column
    return columns


@dataclass
class Tally:
    """How many photographs are ok and failed, and why."""

    photographs: int = 0
    by_type: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, str]] = field(default_factory=list)
    """Those named: the first ones by image."""

    def add(self, rows: list[Row]) -> None:
        """Count rows of the table."""
        failed = [row for row in rows if row["status"] == "failed"]
        self.photographs += len(rows)
        self.by_type.update(row["error_type"] for row in failed)
        self.failures += [{key: row[key] for key in ("image", "error_type", "error")} for row in failed]
        self.failures = sorted(self.failures, key=lambda failure: failure["image"])[:_FAILURES_NAMED]

    def summary(self) -> dict[str, Any]:
        """The counts, the failures, and what the folder held besides."""
        failed = self.by_type.total()
        return {
            "photographs": self.photographs,
            "ok": self.photographs - failed,
            "failed": failed,
            "failures": self.failures,
            "failed_by_type": dict(sorted(self.by_type.items())),
            "skipped": store.read_json(paths.SKIPPED),
        }


def _photographs(
    shard: str, set_findings: dict[str, list[Record]], rulings: Rulings
) -> Iterator[tuple[dict[str, Record], dict[str, Any]]]:
    """Each photograph's records by step, with what the whole set and people say of it, and its line in the list."""
    by_step = {step: read_records(step, shard) for step in STEPS}
    for entry in ShardJob("merge", shard).entries():
        records = {step: by_step[step][entry["image"]] for step in STEPS}
        found = set_findings.get(entry["image"], [])
        if found and records["compliance"]["status"] == "ok":
            records["compliance"] = add_findings(records["compliance"], found)
        records["compliance"] = with_rulings(records["compliance"], rulings)
        yield records, entry


def _row(records: dict[str, Record], entry: dict[str, Any], columns: dict[str, str]) -> Row:
    extra = {column: entry.get(name) for name, column in columns.items()}
    listed = {key: entry.get(key) for key in ("title", "category", "author")}
    return row(records, listed, extra)


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
    for path in (*paths.engines_file("x").parent.glob("*.json"), *_kept_files()):
        if path.stem not in shards:
            path.unlink()


def _kept_files() -> Iterator[Path]:
    for maker in MAKERS:
        yield from kept_file(maker, "x").parent.glob("*.json")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
