"""Print docs/stage1-table.md: the columns of the Stage 1 table, from the list that the table itself is made of."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from judge_vision.failure import ErrorType
from judge_vision.records.columns import COLUMNS, SCHEMA_VERSION

INTRODUCTION = f"""# The Stage 1 table

`results/stage1.parquet` has one row for every file found, failed ones too, sorted by `image`. A value that could not be
measured is null, never an invented number. Columns of your own list follow behind these, as text.

Schema version {SCHEMA_VERSION}. The Parquet metadata holds, as JSON, `judge_vision.schema_version`,
`judge_vision.bundle` (the networks with the hash of each file) and `judge_vision.steps` (settings, library versions
and code hash of each step). The same input gives the same bytes on the same machine.

This page is made by `python scripts/table_docs.py`; a test holds it to the table.

| Column | Type | Unit | Range | Step | Meaning |
| --- | --- | --- | --- | --- | --- |
"""


def page() -> str:
    """The page as Markdown."""
    rows = [
        f"| `{c.name}` | {c.type} | {c.unit} | {c.range} | {c.source} | {c.description} |".replace("  ", " ")
        for c in COLUMNS
    ]
    reasons = ", ".join(f"`{reason.value}`" for reason in ErrorType)
    return INTRODUCTION + "\n".join(rows) + f"\n\n`error_type` is one of {reasons}.\n"


if __name__ == "__main__":
    print(page(), end="")
