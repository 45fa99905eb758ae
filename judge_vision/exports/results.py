"""The results as one row per photograph: Stage 1 with, where they exist, the critique and the ranking."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from judge_vision.records import paths
from judge_vision.records.columns import COLUMNS, Column
from judge_vision.records.table import read_metadata, read_table

Row = dict[str, Any]

# The tables beside Stage 1's, by the word that is put before a column's name where Stage 1 has the same name or the
# name alone says too little.
LATER_TABLES = {"critique": Path("stage2.parquet"), "ranking": Path("ranking.parquet")}
_IN_STAGE_1 = frozenset({"image", "sha256", "title", "category", "author"})
_TOO_SHORT = frozenset({
    "status", "error_type", "error", "engine", "notice", "score", "max_score", "model", "served_model", "prompt",
    "prompt_sha256", "seed", "temperature", "reply_format", "finish_reason", "prompt_tokens", "completion_tokens",
    "requests", "raw_reply", "reason", "score_source",
})  # fmt: skip
_ARROW_TYPES = {"string": "string", "int64": "int64", "double": "float64", "bool": "bool"}


@dataclass(frozen=True)
class Results:
    """What a finished run found, in the order of the Stage 1 table."""

    rows: list[Row]
    columns: list[Column]
    metadata: dict[str, Any]
    """The Stage 1 table's."""
    later: dict[str, dict[str, Any]]
    """The metadata of the other tables that there are, by `critique` or `ranking`."""

    def has(self, name: str) -> bool:
        """Whether any photograph has a value in the column."""
        return any(row.get(name) not in (None, "", []) for row in self.rows)

    def notices(self) -> list[str]:
        """What must be said wherever a critique, a mark or a rank is shown: each sentence once, the usual one first."""
        said = Counter(
            row[name] for row in self.rows for name in ("critique_notice", "ranking_notice") if row.get(name)
        )
        return [sentence for sentence, _ in said.most_common()]


def read_results(later: dict[str, Path] | None = None, rows: list[Row] | None = None) -> Results:
    """The results below the working directory, all of them or those for `rows` of the Stage 1 table.

    `later` is for tests; a table that is not there is left out.

    A critique of other bytes than those Stage 1 saw is of another photograph, and is left out. Raises
    FileNotFoundError without a Stage 1 table.
    """
    rows, metadata = read_table(paths.TABLE)[0] if rows is None else rows, read_metadata(paths.TABLE)
    known = {column.name: column for column in COLUMNS}
    names = list(rows[0]) if rows else []
    columns = [known.get(name) or Column(name, "string", "list", "Column of your own list") for name in names]
    found: dict[str, dict[str, Any]] = {}
    for kind, path in (later or LATER_TABLES).items():
        if path.exists():
            columns += _join(kind, path, rows)
            found[kind] = read_table(path)[1]
    return Results(rows, columns, metadata, found)


def _join(kind: str, path: Path, rows: list[Row]) -> list[Column]:
    """Add the columns of a table to `rows`, in place; return what they are."""
    schema = pq.read_schema(path)
    taken = set(rows[0]) if rows else set()
    names = {
        name: f"{kind}_{name}" if name in _TOO_SHORT or name in taken else name
        for name in schema.names
        if name not in _IN_STAGE_1
    }
    by_image = {row["image"]: row for row in read_table(path)[0]}
    for row in rows:
        other = by_image.get(row["image"], {})
        if other.get("sha256", row["sha256"]) != row["sha256"]:
            other = {}
        row.update({ours: other.get(theirs) for theirs, ours in names.items()})
    return [_column(schema.field(theirs), ours, kind) for theirs, ours in names.items()]


def _column(field: Any, name: str, kind: str) -> Column:
    facts = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    kind_of_value = _ARROW_TYPES.get(str(field.type), "list<string>" if "list" in str(field.type) else "string")
    return Column(name, kind_of_value, kind, facts.get("description", ""), facts.get("unit", ""))
