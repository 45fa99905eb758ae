"""The records of one job on the disk: a file per photograph or, in large runs, one file of JSON lines.

The index says which form it is and vouches for it with SHA-256; `read_records` reads both. Ten million photographs
would be fifty million small files, more than many file systems bear. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from judge_vision.records import store

Record = dict[str, Any]


def write_records(index: Path, folder: Path, records: list[tuple[str, Record]], rule: str, packed: bool) -> None:
    """Write the records, each given with its file name, below `folder`, or into `folder`.jsonl; at last the index.

    Unchanged files are not touched; files of an earlier run that no record needs go, those of the other form too.
    """
    document = _write_packed(folder, records) if packed else _write_files(folder, records)
    # one flush before the index that vouches for them, for all records and the pictures that they name: a flush per
    # file costs milliseconds each
    os.sync()
    store.write_json(index, {"rule": rule, **document})


def read_records(index: Path, parse_float: Callable[[str], float] = float) -> dict[str, Record]:
    """The records that `index` names, by image, each checked against its SHA-256; paths start at the current folder.

    `parse_float` makes a number of each decimal.

    Raises FileNotFoundError for a missing index or record, ValueError for a record that was changed by hand.
    """
    document = store.read_json(index)
    # one decoder for all: `json.loads` with an argument would build one for each
    decode = json.JSONDecoder(parse_float=parse_float).decode
    if "packed" in document:
        lines = _checked(document["packed"], index).decode("ascii").splitlines()
        records = [decode(line) for line in lines]
        return {record["image"]: record for record in records}
    return {row["image"]: decode(_checked(row, index).decode("ascii")) for row in document["records"]}


def packed_file(folder: Path) -> Path:
    """Where the records go in packed form that else were in files below `folder`."""
    return folder.with_name(f"{folder.name}.jsonl")


def _checked(row: dict[str, Any], index: Path) -> bytes:
    # not Path.read_bytes, and no buffer: for half a million small files that takes twice as long
    with open(row["file"], "rb", buffering=0) as handle:  # noqa: PTH123
        data = handle.read()
    if hashlib.sha256(data).hexdigest() != row["sha256"]:
        raise ValueError(f"{row['file']} is not what the run wrote; delete it and {index}")
    return data


def _write_files(folder: Path, records: list[tuple[str, Record]]) -> dict[str, Any]:
    rows = []
    for name, record in records:
        # a line for each value: `indent` reads better still, but leaves the C encoder and takes three times as long
        data = (json.dumps(record, sort_keys=True, allow_nan=False, separators=(",\n ", ": ")) + "\n").encode()
        store.write_if_changed(folder / name, data, durable=False)
        rows.append(
            {
                "image": record["image"],
                "file": (folder / name).as_posix(),
                "sha256": hashlib.sha256(data).hexdigest(),
                "status": record["status"],
            }
        )
    kept = {name for name, _ in records}
    for path in folder.glob("*.json") if folder.is_dir() else ():
        if path.name not in kept:
            path.unlink()
    packed_file(folder).unlink(missing_ok=True)
    return {"records": rows}


def _write_packed(folder: Path, records: list[tuple[str, Record]]) -> dict[str, Any]:
    path = packed_file(folder)
    data = "".join(store.canonical_json(record) + "\n" for _, record in records).encode()
    store.write_if_changed(path, data, durable=False)
    shutil.rmtree(folder, ignore_errors=True)
    failed = sum(record["status"] == "failed" for _, record in records)
    return {
        "packed": {
            "file": path.as_posix(),
            "sha256": hashlib.sha256(data).hexdigest(),
            "photographs": len(records),
            "failed": failed,
        }
    }
