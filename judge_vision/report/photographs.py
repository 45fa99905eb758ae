"""What the page shows of each photograph: its row of the table, and the details behind it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from functools import partial
from typing import Any

from judge_vision.compliance.finding import add_findings
from judge_vision.compliance.rulings import Rulings, with_rulings
from judge_vision.exports.results import Results
from judge_vision.records import paths, store
from judge_vision.records.columns import COLUMNS
from judge_vision.records.steps import METRICS, STEPS
from judge_vision.workflow.kept import kept
from judge_vision.workflow.shard import ShardJob, read_records

_ENVELOPE = {"schema", "image", "sha256", "status", "error_type", "error"}
_COMPLIANCE = ("findings", "fixes", "corrected_copy", "corrected_changes")
_SIGNIFICANT_DIGITS = 6
# What a record of each step holds that the page has from the table.
_SHOWN = {step: _ENVELOPE | {column.record_key for column in COLUMNS if column.source == step} for step in STEPS}


def cell(value: Any) -> Any:
    """A table's value for the page: floats at six significant digits, which halves the page and hides nothing."""
    if isinstance(value, float):
        return _rounded(value) if math.isfinite(value) else None
    if isinstance(value, list):
        return [cell(one) for one in value]
    if isinstance(value, dict):
        return {key: cell(one) for key, one in value.items()}
    return value


def _rounded(value: float | str) -> float:
    return float(f"{float(value):.{_SIGNIFICANT_DIGITS}g}")


def details(results: Results, set_findings: dict[str, list[dict[str, Any]]], rulings: Rulings) -> dict[str, str]:
    """By image, for the rows of `results`: the details as canonical JSON text (dictionaries would need gigabytes).

    Raises FileNotFoundError or ValueError as `read_records` does.
    """
    by_image = {row["image"]: row for row in results.rows}
    rules = [asdict(ruling) for by_rule in rulings.values() for ruling in by_rule.values()]
    found: dict[str, str] = {}
    for shard in store.read_json(paths.MANIFEST)["shards"]:
        wanted = [entry["image"] for entry in ShardJob("report", shard).entries() if entry["image"] in by_image]
        if wanted:
            make = partial(_details_of_shard, shard, wanted, set_findings, rulings)
            found |= kept("report", shard, [wanted, set_findings, rules], make)
    later = {kind: [column.name for column in results.columns if column.source == kind] for kind in results.later}
    return {image: _with_later(text, by_image[image], later) for image, text in found.items()} if later else found


def _with_later(text: str, row: dict[str, Any], later: dict[str, list[str]]) -> str:
    """Details with what the columns of each later table, by its name, say of the photograph."""
    one = json.loads(text)
    for kind, names in later.items():
        values = {name.removeprefix(f"{kind}_"): cell(row[name]) for name in names}
        one[kind] = {name: value for name, value in values.items() if value is not None}
    return store.canonical_json(one)


def _details_of_shard(
    shard: str, wanted: list[str], set_findings: dict[str, list[dict[str, Any]]], rulings: Rulings
) -> dict[str, str]:
    # rounded where JSON is read: to look through the records for floats takes as long as all else here
    by_step = {step: read_records(step, shard, parse_float=_rounded) for step in STEPS}
    return {
        image: store.canonical_json(
            _details({step: by_step[step][image] for step in STEPS}, set_findings.get(image, []), rulings)
        )
        for image in wanted
    }


def _details(records: dict[str, dict[str, Any]], found: list[dict[str, Any]], rulings: Rulings) -> dict[str, Any]:
    compliance = records["compliance"]
    if found and compliance["status"] == "ok":
        compliance = add_findings(compliance, found)
    compliance = with_rulings(compliance, rulings)
    return {
        **{key: cell(compliance.get(key)) for key in _COMPLIANCE},
        "facts": _figures(records["prepare"], "prepare"),
        "iqa": _figures(records["iqa"], "iqa"),
        **{metric: _figures(records[metric], metric) for metric in METRICS},
        "failures": [
            {"step": step, "error_type": record["error_type"], "error": record["error"]}
            for step, record in records.items()
            if record["status"] == "failed"
        ],
    }


def _figures(record: dict[str, Any], step: str) -> dict[str, Any]:
    """What a record holds beyond the table's columns."""
    shown = _SHOWN[step]
    return {key: value for key, value in record.items() if key not in shown and value is not None}
