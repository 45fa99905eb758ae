"""Columns of the tables and fields of the JSON records."""

from __future__ import annotations

import enum
import json
from typing import Any

from judge_vision.failure import CritiqueErrorType, ErrorType
from judge_vision.records.columns import COLUMNS, Column
from judge_vision.records.stage2_columns import TABLES
from judge_vision.records.steps import SCHEMAS
from judge_vision.reference.markdown import code, plain_type, table


def stage1_columns() -> str:
    """The columns of the Stage 1 table."""
    return _columns(COLUMNS)


def stage2_columns() -> str:
    """The columns of each table of Stage 2."""
    return "\n\n".join(f"## {name}\n\n{_columns(columns)}" for name, columns in TABLES.items())


def stage1_reasons() -> str:
    """The closed list of what may be wrong with a photograph."""
    return _reasons(ErrorType)


def stage2_reasons() -> str:
    """The closed list of why there is no critique or comparison."""
    return _reasons(CritiqueErrorType)


def record_fields() -> str:
    """The fields of each kind of JSON record."""
    parts = []
    for path in sorted(SCHEMAS.glob("*.schema.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        name = path.name.removesuffix(".schema.json")
        parts.append(f"## {name}\n\n{schema['description']}\n\n{_fields(schema, schema)}")
        inner = {key: _target(field, schema) for key, field in schema["properties"].items()}
        parts += [f"### {name}: {key}\n\n{_fields(one, schema)}" for key, one in inner.items() if "properties" in one]
    return "\n\n".join(parts)


def _columns(columns: tuple[Column, ...]) -> str:
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
