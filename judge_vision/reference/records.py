"""Columns of the tables and fields of the JSON records."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Any

from judge_vision.failure import CritiqueErrorType, ErrorType
from judge_vision.records.columns import COLUMNS, Column
from judge_vision.records.stage2_columns import TABLES
from judge_vision.records.steps import METRICS, SCHEMAS, record_schema
from judge_vision.reference.markdown import code, plain_type, table


def stage1_columns() -> str:
    """The columns of the Stage 1 table, without those of the metrics."""
    return _columns(column for column in COLUMNS if column.source not in METRICS)


def metric_columns() -> str:
    """The columns of the metrics."""
    return _columns(column for column in COLUMNS if column.source in METRICS)


def stage2_columns() -> str:
    """The columns of each table of Stage 2."""
    return "\n\n".join(f"## {name}\n\n{_columns(columns)}" for name, columns in TABLES.items())


def stage1_reasons() -> str:
    """The closed list of what may be wrong with a photograph."""
    return _reasons(ErrorType)


def stage2_reasons() -> str:
    """The closed list of why there is no critique or comparison."""
    return _reasons(CritiqueErrorType)


def step_records() -> str:
    """The fields of each kind of JSON record, without those of the metrics."""
    names = (path.name.removesuffix(".schema.json") for path in sorted(SCHEMAS.glob("*.schema.json")))
    return _records(name for name in names if name not in METRICS)


def metric_records() -> str:
    """The fields of the metrics' records."""
    return _records(METRICS)


def _records(names: Iterable[str]) -> str:
    parts = []
    for name in names:
        schema = record_schema(name)
        parts.append(f"## {name}\n\n{schema['description']}\n\n{_fields(schema, schema)}")
        inner = {key: _target(field, schema) for key, field in schema["properties"].items()}
        parts += [f"### {name}: {key}\n\n{_fields(one, schema)}" for key, one in inner.items() if "properties" in one]
    return "\n\n".join(parts)


def _columns(columns: Iterable[Column]) -> str:
    rows = [(code(c.name), code(c.type), c.unit, c.range, c.source, c.description) for c in columns]
    return table(("Column", "Type", "Unit", "Range", "Step", "Meaning"), rows)


def _reasons(reasons: type[enum.Enum]) -> str:
    return f"`error_type` is one of {', '.join(code(reason.value) for reason in reasons)}."


def _target(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The mapping that a field, or each item of it, is; definitions are looked up."""
    one = field.get("items", field)
    found: dict[str, Any] = schema["$defs"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
    return found


def _fields(part: dict[str, Any], schema: dict[str, Any]) -> str:
    rows = []
    for name, field in part["properties"].items():
        kind = "list of mappings" if "$ref" in field.get("items", {}) else plain_type(field)
        rows.append((code(name), kind, field.get("unit", ""), field.get("description", "")))
    return table(("Field", "Type", "Unit", "Meaning"), rows)
