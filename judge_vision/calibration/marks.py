"""Marks that people gave, out of a CSV or Parquet file."""

from __future__ import annotations

import math
from pathlib import Path

from judge_vision.failure import UserError
from judge_vision.photograph.lists import read_list


def read_marks(path: Path) -> dict[str, float]:
    """The mark of each photograph, by image: the mean over all columns whose names begin with `mark`.

    Photographs without a mark are left out. Raises UserError for a file without such a column or a mark that is no
    number; a decimal comma is one.
    """
    found: dict[str, float] = {}
    seen: set[str] = set()
    for row in read_list(path):
        columns = sorted(name for name in row.extra if name.startswith("mark"))
        seen |= set(columns)
        given = [_number(row.extra[name], f"{path}: {row.image}, column {name}") for name in columns]
        marks = [mark for mark in given if mark is not None]
        if marks:
            found[row.image] = sum(marks) / len(marks)
    if not seen:
        raise UserError(f"{path} has no column mark; a mark each in mark_1, mark_2 and so on is fine too")
    return found


def _number(text: str | None, where: str) -> float | None:
    if text is None:
        return None
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"{where}: {text!r} is not a mark; write a number, or leave the cell empty")
    return number
