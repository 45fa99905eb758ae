"""Write the pages of the tables in docs/reference out of the lists of columns that the tables are made of."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from judge_vision.failure import CritiqueErrorType, ErrorType
from judge_vision.records.columns import COLUMNS, SCHEMA_VERSION, Column
from judge_vision.records.stage2_columns import STAGE2_VERSION, TABLES

INTRODUCTION = f"""# The Stage 1 table

`results/stage1.parquet` has one row for every file found, failed ones too, sorted by `image`. A value that could not be
measured is null, never an invented number. Columns of your own list follow behind these, as text.

Schema version {SCHEMA_VERSION}. The Parquet metadata holds, as JSON, `judge_vision.schema_version`,
`judge_vision.bundle` (the networks with the hash of each file) and `judge_vision.steps` (settings, library versions
and code hash of each step). The same input gives the same bytes on the same machine.

This page is made by `python scripts/table_docs.py`; a test holds it to the table.

"""


STAGE2_INTRODUCTION = f"""# The tables of Stage 2

`results/stage2.parquet` has one row for every photograph of the Stage 1 table, `results/ranking.parquet` too;
`results/playoff.parquet` has one row for every comparison of the playoff. A value that there is not is null: a
photograph whose critique failed has no score, and never the score 0. Replies of a model are text by strangers: show
them escaped.

Schema version {STAGE2_VERSION}, in the Parquet metadata as `judge_vision.schema_version`; `judge_vision.settings` holds
the settings as JSON. This page is made by `python scripts/table_docs.py`; a test holds it to the tables.
"""

HEAD = "| Column | Type | Unit | Range | Step | Meaning |\n| --- | --- | --- | --- | --- | --- |\n"


def table(columns: tuple[Column, ...]) -> str:
    """The columns as a table in Markdown."""
    rows = [
        f"| `{c.name}` | {c.type} | {c.unit} | {c.range} | {c.source} | {c.description} |".replace("  ", " ")
        for c in columns
    ]
    return HEAD + "\n".join(rows) + "\n"


def page() -> str:
    """The page of the Stage 1 table as Markdown."""
    reasons = ", ".join(f"`{reason.value}`" for reason in ErrorType)
    return f"{INTRODUCTION}{table(COLUMNS)}\n`error_type` is one of {reasons}.\n"


def stage2_page() -> str:
    """The page of the tables of Stage 2 as Markdown."""
    reasons = ", ".join(f"`{reason.value}`" for reason in CritiqueErrorType)
    sections = [f"\n## {name}\n\n{table(columns)}" for name, columns in TABLES.items()]
    return f"{STAGE2_INTRODUCTION}{''.join(sections)}\n`error_type` is one of {reasons}.\n"


if __name__ == "__main__":
    (ROOT / "docs" / "reference" / "stage1-table.md").write_text(page(), encoding="utf-8")
    (ROOT / "docs" / "reference" / "stage2-tables.md").write_text(stage2_page(), encoding="utf-8")
