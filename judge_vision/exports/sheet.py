"""Tables for spreadsheet programs, as CSV and as XLSX. No text in them is ever a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from judge_vision.exports.text import no_formula, one_line, plain
from judge_vision.records import store

Value = str | int | float | bool | None

# Excel refuses a file with a longer text.
_CELL_CHARS = 32_767
_HEAD = PatternFill("solid", start_color="EDEDEB")
_TOP = Alignment(vertical="top", wrap_text=True)
# The earliest date that a ZIP file can hold: the same rows give the same bytes.
_DATE = datetime(1980, 1, 1)


@dataclass(frozen=True)
class SheetColumn:
    """A column: its heading, its width in characters, and how many decimals a figure in it is worth."""

    title: str
    width: int = 12
    digits: int | None = None


def write_csv(path: Path, columns: Sequence[SheetColumn], rows: Sequence[Sequence[Value]]) -> None:
    """Write `csv_bytes` to `path`."""
    store.write_bytes(path, csv_bytes(columns, rows))


def csv_bytes(columns: Sequence[SheetColumn], rows: Sequence[Sequence[Value]]) -> bytes:
    """`rows` as CSV: UTF-8 with a mark by which Excel knows it, commas, text in quotes, CRLF line ends.

    Text that a spreadsheet would take for a formula gets an apostrophe in front (see `no_formula`).
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([no_formula(plain(column.title)) for column in columns])
    for row in rows:
        writer.writerow([_csv_value(value, column) for value, column in zip(row, columns, strict=True)])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def write_xlsx(
    path: Path,
    title: str,
    columns: Sequence[SheetColumn],
    rows: Sequence[Sequence[Value]],
    about: Sequence[tuple[str, str]],
    sheet: str = "Score sheet",
    more: Sequence[tuple[str, Sequence[SheetColumn], Sequence[Sequence[Value]]]] = (),
) -> None:
    """Write `rows` as an Excel workbook with a last sheet that says where the figures come from (`about`).

    `sheet` is the name of the first sheet; `more` are further ones with their names.

    Every text is marked as text, in the file and for whoever edits it later: nothing is computed. A text longer than
    Excel allows is cut and ends in "…".
    """
    book = Workbook()
    first = book.active
    assert isinstance(first, Worksheet)  # a new workbook has one
    first.title = sheet
    _lay_out(first, title, columns, rows)
    for name, its_columns, its_rows in more:
        _lay_out(book.create_sheet(name), title, its_columns, its_rows)
    notes = book.create_sheet("About")
    _fill(notes, ["About", title], about)
    notes.column_dimensions["A"].width = 24
    notes.column_dimensions["B"].width = 100
    store.write_bytes(path, _book_bytes(book))


def _book_bytes(book: Workbook) -> bytes:
    """The workbook as a file, with one fixed date in place of the clock's."""
    book.properties.created = book.properties.modified = _DATE
    clocked, fixed = io.BytesIO(), io.BytesIO()
    # Workbook.save would set the time of saving
    ExcelWriter(book, zipfile.ZipFile(clocked, "w")).save()
    with zipfile.ZipFile(clocked) as source, zipfile.ZipFile(fixed, "w") as target:
        for name in source.namelist():
            member = zipfile.ZipInfo(name, _DATE.timetuple()[:6])
            target.writestr(member, source.read(name), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def _lay_out(sheet: Worksheet, title: str, columns: Sequence[SheetColumn], rows: Sequence[Sequence[Value]]) -> None:
    _fill(sheet, [column.title for column in columns], rows)
    for number, column in enumerate(columns, start=1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = column.width
        if column.digits is not None:
            for cell in sheet[letter][1:]:
                cell.number_format = f"0.{'0' * column.digits}" if column.digits else "0"
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = sheet.dimensions
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    header, footer = sheet.HeaderFooter.oddHeader, sheet.HeaderFooter.oddFooter
    assert header is not None and footer is not None  # every sheet has them
    # in a header "&" begins a code, and not every program reads "&&" as the sign
    header.left.text = one_line(title)[:200].replace("&", "and") or "Score sheet"
    footer.right.text = "&P / &N"


def _fill(sheet: Worksheet, heads: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
    for row, values in enumerate([heads, *rows], start=1):
        for column, value in enumerate(values, start=1):
            cell = sheet.cell(row, column)
            assert isinstance(cell, Cell)  # nothing is merged here
            _set(cell, value)
            cell.alignment = _TOP
            if row == 1:
                cell.font = Font(bold=True)
                cell.fill = _HEAD


def _set(cell: Cell, value: Value) -> None:
    if isinstance(value, str):
        cell.value = _cut(plain(value)) or None
        # whatever it begins with: a text, and one that stays a text when somebody edits the cell
        cell.data_type = "s"
        cell.quotePrefix = True
    elif isinstance(value, bool):
        cell.value = "yes" if value else "no"
    else:
        cell.value = value


def _cut(text: str) -> str:
    return text if len(text) <= _CELL_CHARS else f"{text[: _CELL_CHARS - 1]}…"


def _csv_value(value: Value, column: SheetColumn) -> Value:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and column.digits is not None:
        return round(value, column.digits)
    return no_formula(plain(value)) if isinstance(value, str) else value
