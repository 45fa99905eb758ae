"""Marks that come back from the judges, by number: several judges, half marks, absent marks, and no others."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from judge_vision.compliance.rules import Marking
from judge_vision.compliance.text import clean, folded
from judge_vision.failure import UserError

# Columns of the form; every other column is a judge's. `mark` is the judge's by whose name the file goes.
_FORM = frozenset({"pack", "number", "section", "title", "remarks", "notes", "comment", "comments"})
_ABSENT = frozenset({"", "-", "–", "—", "absent", "none", "n/a"})

Key = Mapping[int, tuple[str, str]]
"""Of a pack: SHA-256 of the entry behind each number, and how its image was called then, as a table shows it."""
Keys = Mapping[str, Key]
"""By the code of the pack."""


@dataclass(frozen=True)
class Marks:
    """`judges` in the order in which they were read; `given`: by pack and number, marks by judge, no absent ones."""

    judges: list[str]
    given: dict[str, dict[int, dict[str, float]]]


def read_marks(path: Path, keys: Keys, marking: Marking) -> Marks:
    """The marks in a CSV file, or in every CSV file of a folder.

    A file has a column `number`, a column `mark` or one for each judge, and should keep the form's column `pack`.
    Raises UserError, one line a mistake with file and line: a number that is not in the pack or there twice, a mark
    that is no number, outside the scale or finer than it, a judge who comes twice for a pack, a pack not known here.
    """
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not files:
        raise UserError(f"the folder {path} holds no CSV file of marks; put the judges' files there, or name one file")
    mistakes: list[str] = []
    judges: dict[str, str] = {}
    given: dict[str, dict[int, dict[str, float]]] = {}
    seen: set[tuple[str, str]] = set()
    for file in files:
        table = _read(file)
        code = _key(table, keys)
        for column, judge in table.judges.items():
            if (code, folded(judge)) in seen:
                mistakes.append(f"{file}: there are marks of {judge} already; a judge's marks come once")
            seen.add((code, folded(judge)))
            table.judges[column] = judges.setdefault(folded(judge), judge)
        mistakes += _collect(table, keys[code], marking, given.setdefault(code, {}))
    if mistakes:
        raise UserError("\n".join(mistakes))
    return Marks(list(judges.values()), given)


@dataclass(frozen=True)
class _Table:
    file: Path
    judges: dict[str, str]
    """Name by column."""
    rows: list[tuple[int, dict[str, str]]]
    """With their line numbers."""


def _read(file: Path) -> _Table:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UserError(
            f"the marks {file} cannot be read ({error.strerror}); see competition.marks, or MARKS="
        ) from None
    except UnicodeDecodeError:
        raise UserError(f"the marks {file} are not UTF-8 text; save them as 'CSV UTF-8'") from None
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        header = [clean(name) for name in next(reader, [])]
        lines = list(_lines(reader, header))
    except csv.Error as error:
        raise UserError(
            f"{file}, line {reader.line_num}: not valid CSV ({error}); save it again from the spreadsheet program"
        ) from None
    known = [folded(name) for name in header]
    if "number" not in known:
        raise UserError(f"the marks {file} have no column number; its columns are: {', '.join(header)}")
    judges = {
        column: clean(file.stem) if folded(column) == "mark" else column
        for column in header
        if column and folded(column) not in _FORM
    }
    if not judges:
        raise UserError(
            f"the marks {file} have no column mark and none of a judge; "
            "give each judge a column, or call the only one mark"
        )
    if len(set(known)) < len(known):
        raise UserError(f"the marks {file} have a column twice; keep one of them")
    return _Table(file, judges, lines)


def _lines(reader: Iterator[list[str]], header: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    # line_num is csv's own; a title with a line break takes several
    end = reader.line_num  # type: ignore[attr-defined]
    for cells in reader:
        line, end = end + 1, reader.line_num  # type: ignore[attr-defined]
        if any(cell.strip() for cell in cells):
            padded = [*cells, *[""] * (len(header) - len(cells))]
            yield line, {name: cell.strip() for name, cell in zip(header, padded, strict=False)}


def _key(table: _Table, keys: Keys) -> str:
    """The code of the pack that the table's numbers are of."""
    column = next((name for name in table.rows[0][1] if folded(name) == "pack"), None) if table.rows else None
    codes = {row[column] for _, row in table.rows if row[column]} if column else set()
    if not codes and len(keys) == 1:
        return next(iter(keys))
    if len(codes) != 1:
        why = "names several packs" if codes else f"has no column pack, and there are {len(keys)} packs"
        raise UserError(f"the marks {table.file}: the file {why}; keep the column pack of the judge's form")
    (code,) = codes
    if code not in keys:
        raise UserError(f"the marks {table.file} are for the pack {code}; known here: {', '.join(sorted(keys))}")
    return code


def _collect(table: _Table, key: Key, marking: Marking, given: dict[int, dict[str, float]]) -> Iterator[str]:
    """Add the table's marks to `given`, in place; yield its mistakes."""
    number_column = next(name for name in table.rows[0][1] if folded(name) == "number") if table.rows else ""
    seen: dict[int, int] = {}
    for line, row in table.rows:
        where, text = f"{table.file}, line {line}", row[number_column]
        number = int(text) if text.isascii() and text.isdigit() else None
        if number not in key or number is None:
            yield f"{where}: there is no picture {text or 'without a number'} in the pack; see the numbers of its form"
            continue
        if number in seen:
            yield f"{where}: picture {text} is in line {seen[number]} already; keep one of them"
            continue
        seen[number] = line
        for column, judge in table.judges.items():
            try:
                mark = _mark(row[column], marking)
            except ValueError as error:
                yield f"{where}: {judge} gives picture {text} {error}"
                continue
            if mark is not None:
                given.setdefault(number, {})[judge] = mark


def written_number(text: str) -> float:
    """A number as people write it, with a point or a comma. Raises ValueError for anything else."""
    plain = text.replace(",", ".")
    # not float() alone: it also reads "nan", "inf", "1e1" and "1_0"
    if not plain.replace(".", "", 1).removeprefix("-").isdecimal() or not plain.isascii():
        raise ValueError(text)
    return float(plain)


def _mark(text: str, marking: Marking) -> float | None:
    """The mark, or None for an absent one. Raises ValueError with the rest of a sentence."""
    if folded(text) in _ABSENT:
        return None
    try:
        mark = written_number(text)
    except ValueError:
        raise ValueError(f"{text!r}, which is not a mark") from None
    if not marking.least <= mark <= marking.most:
        raise ValueError(f"{text}; the scale is {marking.least:g} to {marking.most:g}")
    if not (mark * (2 if marking.half_marks else 1)).is_integer():
        raise ValueError(f"{text}; {'half' if marking.half_marks else 'whole'} marks are the finest")
    return mark
