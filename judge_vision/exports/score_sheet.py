"""The score sheet: a line for each photograph, for the organiser's spreadsheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge_vision.exports.results import Results, Row, read_results
from judge_vision.exports.sheet import SheetColumn, Value, write_csv, write_xlsx
from judge_vision.exports.text import in_words
from judge_vision.records import words
from judge_vision.records.columns import SCHEMA_VERSION

FOLDER = Path("exports")
CSV = FOLDER / "score-sheet.csv"
XLSX = FOLDER / "score-sheet.xlsx"

# Column, width in characters; a column that no photograph has a value for is left out, those marked always are not.
_LAYOUT = (
    ("title", 30), ("author", 20), ("category", 14), ("image", 30), ("placing", 14), ("rank", 7), ("band", 13),
    ("mark", 8), ("critique_score", 9), ("playoff_strength", 10), ("nima_aesthetic_mean", 12),
    ("nima_technical_mean", 12), ("musiq_mos", 12), ("mono_verdict", 13), ("mono_dominant_tone", 11),
    ("compliance_passed", 12), ("compliance_issues", 42), ("compliance_warnings", 42), ("tonal_summary", 42),
    ("critique", 70), ("status", 10), ("error", 42),
)  # fmt: skip
_ALWAYS = ("title", "image", "status")
_MONO_WORDS = {"pass": "complies", "query": "refer", "fail": "colour"}


@dataclass(frozen=True)
class ScoreSheet:
    """A score sheet as values, before it becomes a file."""

    columns: list[SheetColumn]
    rows: list[list[Value]]
    about: list[tuple[str, str]]


def score_sheet(results: Results, include: Callable[[Row], bool] = lambda row: True) -> ScoreSheet:
    """The photographs for which `include` is true, in the order of the table, with a column for the mark of a judge.

    Scores of networks that never saw a human mark have that in their headings.
    """
    unrated = words.unrated(results.rows)
    described = {column.name: column for column in results.columns}
    shown = [(name, width) for name, width in _LAYOUT if name in described and (name in _ALWAYS or results.has(name))]
    columns = [SheetColumn("No.", 6, 0)]
    for name, width in shown:
        is_figure = described[name].type == "float64"
        columns.append(SheetColumn(words.heading(name, unrated), width, words.digits(name) if is_figure else None))
    columns += [SheetColumn("Mark of the judge", 10), SheetColumn("Remarks of the judge", 30)]
    rows: list[list[Value]] = [
        [number, *(_value(row, name) for name, _ in shown), None, None]
        for number, row in enumerate(filter(include, results.rows), start=1)
    ]
    return ScoreSheet(columns, rows, about(results))


def about(results: Results) -> list[tuple[str, str]]:
    """Where the figures come from, as pairs for a second sheet or a foot of a page."""
    pairs = [("Scores of networks", words.scores_sentence(results.rows, results.metadata["bundle"]))]
    pairs += [("Critique and marks", sentence) for sentence in results.notices()]
    pairs += [
        ("Photographs", str(len(results.rows))),
        ("Failed", str(sum(row["status"] == "failed" for row in results.rows))),
        ("All figures", f"stage1.parquet, table version {SCHEMA_VERSION}"),
    ]
    return pairs


def write_score_sheet(title: str) -> tuple[Path, Path]:
    """Write the score sheet of the results below the working directory as CSV and as XLSX."""
    made = score_sheet(read_results())
    write_csv(CSV, made.columns, made.rows)
    write_xlsx(XLSX, title, made.columns, made.rows, made.about)
    return CSV, XLSX


def _value(row: Row, name: str) -> Value:
    value: Any = row.get(name)
    if name == "title":
        return words.shown_title(row)
    if name == "mono_verdict":
        return _MONO_WORDS.get(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return in_words(value)
