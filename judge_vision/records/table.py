"""Building and writing the Stage 1 table."""

from __future__ import annotations

import io
import json
import shutil
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from judge_vision.records import store
from judge_vision.records.columns import COLUMNS, SCHEMA_VERSION, Column
from judge_vision.records.steps import STEPS

_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "list<string>": pa.list_(pa.string()),
}

# Rows kept in memory while a table is written: three parts, some 200 MB.
_ROWS_HELD = 200_000

_ROWS_READ = 8_192

# Name, step and key in its record of each column.
_PLACES = [(column.name, column.source, column.record_key) for column in COLUMNS]


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
    values = {name: (merged if source == "merge" else records[source]).get(key) for name, source, key in _PLACES}
    # a photograph that failed before its rules were checked keeps what its list says of it
    known = {name: values[name] if values[name] is not None else value for name, value in listed.items()}
    return {**values, **known, **extra}


def write_rows(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    """Write `rows`, in their order, as Parquet, atomically."""
    table = pa.Table.from_pylist(rows, schema=schema)
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", row_group_size=65_536)
    store.write_bytes(path, buffer.getvalue())


class TableWriter:
    """Writes rows that come in any order as a table sorted by image, in memory that does not grow with their number.

    The table is one file with a row group for each part or, if `packed`, a folder with a file for each part. A part
    begins with the image that `starts` names. What does not fit into memory waits beside the table. The same rows,
    starts and metadata give the same bytes, whatever the order in which the rows came.
    """

    def __init__(self, path: Path, schema: pa.Schema, starts: list[str], packed: bool) -> None:
        """Begin a table that replaces `path` when it is complete."""
        self._path, self._schema, self._packed = path, schema, packed
        self._starts = sorted(starts)[1:]
        self._held: dict[int, list[pa.Table]] = defaultdict(list)
        self._rows_held = 0
        self._spilled: dict[int, list[Path]] = defaultdict(list)
        self._aside = path.with_name(f".{path.name}.part")

    def __enter__(self) -> TableWriter:
        """Remove what a killed merge left."""
        shutil.rmtree(self._aside, ignore_errors=True)
        self._aside.mkdir(parents=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Put the table in its place, unless something went wrong."""
        try:
            if kind is None:
                self._finish()
        finally:
            shutil.rmtree(self._aside, ignore_errors=True)

    def add(self, rows: list[dict[str, Any]]) -> None:
        """Add rows, each with an image that no other row has."""
        ordered = sorted(rows, key=lambda values: values["image"])
        images = [values["image"] for values in ordered]
        table = pa.Table.from_pylist(ordered, schema=self._schema)
        edges = [0, *(bisect_left(images, start) for start in self._starts), len(images)]
        for part, (first, last) in enumerate(pairwise(edges)):
            if last > first:
                self._held[part].append(table.slice(first, last - first))
        self._rows_held += len(rows)
        if self._rows_held > _ROWS_HELD:
            self._spill()

    def _spill(self) -> None:
        for part, tables in self._held.items():
            path = self._aside / f"{part}-{len(self._spilled[part])}.arrow"
            with pa.ipc.new_file(path, self._schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
                for table in tables:
                    writer.write_table(table)
            self._spilled[part].append(path)
        self._held.clear()
        self._rows_held = 0

    def _parts(self) -> Iterator[pa.Table]:
        for part in range(len(self._starts) + 1):
            tables = [pa.ipc.open_file(path).read_all() for path in self._spilled.get(part, [])]
            tables += self._held.pop(part, [])
            yield pa.concat_tables(tables or [self._schema.empty_table()]).sort_by("image")

    def _finish(self) -> None:
        made = self._aside / "table"
        if self._packed:
            made.mkdir()
            for number, part in enumerate(self._parts()):
                pq.write_table(part, made / f"part-{number:05d}.parquet", compression="zstd")
        else:
            with pq.ParquetWriter(made, self._schema, compression="zstd") as writer:
                for part in self._parts():
                    writer.write_table(part)
        if self._path.is_dir() or (self._packed and self._path.exists()):
            # a folder cannot be exchanged in one step; whoever reads in between sees no table, never half of one
            self._path.rename(self._aside / "old")
        store.replace(made, self._path)


def read_table(path: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of a Stage 1 table, a file or a folder of parts, and its metadata (see `read_metadata`)."""
    return [row for rows in read_batches(path) for row in rows], read_metadata(path)


def read_batches(path: Path) -> Iterator[list[dict[str, Any]]]:
    """The rows of a Stage 1 table in their order, some thousands at a time: for tables that do not fit into memory."""
    for file in _files(path):
        with pq.ParquetFile(file) as part:
            for batch in part.iter_batches(batch_size=_ROWS_READ):
                names, columns = batch.schema.names, [_values(column) for column in batch.columns]
                yield [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _values(column: pa.Array) -> list[Any]:
    """What `to_pylist` gives; of numbers without a gap by way of NumPy, in a twentieth of the time."""
    numbers = column.null_count == 0 and (pa.types.is_floating(column.type) or pa.types.is_integer(column.type))
    values: list[Any] = column.to_numpy().tolist() if numbers else column.to_pylist()
    return values


def read_metadata(path: Path) -> dict[str, Any]:
    """What made a Stage 1 table; keys without the `judge_vision.` prefix."""
    return {
        key.decode().removeprefix("judge_vision."): json.loads(value)
        for key, value in (read_schema(path).metadata or {}).items()
        if key.startswith(b"judge_vision.")
    }


def read_schema(path: Path) -> pa.Schema:
    """The schema of a Stage 1 table."""
    return pq.read_schema(_files(path)[0])


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]
