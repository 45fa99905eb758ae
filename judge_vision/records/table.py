"""Building and writing the Stage 1 table."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from judge_vision.records import store
from judge_vision.records.columns import COLUMNS, SCHEMA_VERSION, Column

_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "list<string>": pa.list_(pa.string()),
}

# In order: the first step that failed gives the row its reason.
STEPS = ("prepare", "iqa", "tonal", "mono", "compliance")


def arrow_schema(
    metadata: dict[str, Any], extra: list[str], columns: tuple[Column, ...] = COLUMNS, version: str = SCHEMA_VERSION
) -> pa.Schema:
    """A table's schema; `extra` are columns of the user's own list, kept as text behind ours."""
    fields = [
        pa.field(column.name, _TYPES[column.type], metadata={"unit": column.unit, "description": column.description})
        for column in columns
    ]
    fields += [pa.field(name, pa.string()) for name in extra]
    values = {f"judge_vision.{key}": store.canonical_json(value) for key, value in metadata.items()}
    return pa.schema(fields, metadata={"judge_vision.schema_version": version, **values})


def row(
    records: dict[str, dict[str, Any]], listed: dict[str, str | None], extra: dict[str, str | None]
) -> dict[str, Any]:
    """One row out of the records of one photograph, by step, and what the user's list says of it.

    The row failed if any step failed, for the reason of the first that did; what other steps found is kept.
    """
    failed = next((records[step] for step in STEPS if records[step]["status"] == "failed"), None)
    merged = {
        "status": "failed" if failed else "ok",
        "error_type": failed["error_type"] if failed else None,
        "error": failed["error"] if failed else None,
    }
    values = {
        column.name: (merged if column.source == "merge" else records[column.source]).get(column.record_key)
        for column in COLUMNS
    }
    # a photograph that failed before its rules were checked keeps what its list says of it
    known = {name: values[name] if values[name] is not None else value for name, value in listed.items()}
    return {**values, **known, **extra}


def write_table(path: Path, rows: list[dict[str, Any]], metadata: dict[str, Any], extra: list[str]) -> None:
    """Write `rows`, sorted by image, as Parquet, atomically. The same rows and metadata give the same bytes."""
    ordered = sorted(rows, key=lambda values: values["image"])
    write_rows(path, ordered, arrow_schema(metadata, extra))


def write_rows(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    """Write `rows`, in their order, as Parquet, atomically."""
    table = pa.Table.from_pylist(rows, schema=schema)
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", row_group_size=65_536)
    store.write_bytes(path, buffer.getvalue())


def read_table(path: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of a Stage 1 table, and its metadata without the `judge_vision.` prefix."""
    table = pq.read_table(path)
    metadata = {
        key.decode().removeprefix("judge_vision."): json.loads(value)
        for key, value in (table.schema.metadata or {}).items()
        if key.startswith(b"judge_vision.")
    }
    return table.to_pylist(), metadata
