"""A list of entries as CSV or Parquet: which photographs, and what the club knows about them."""

from __future__ import annotations

import csv
import math
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from judge_vision.failure import UserError
from judge_vision.photograph.names import name_to_text, text_to_name

# Spellings of the column that names the file; the first is the one that we document.
_IMAGE_COLUMNS = ("image", "path", "file", "filename")
_KNOWN_FIELDS = ("title", "category", "author")
# Keys of the inventory's own, which a list's column must not overwrite.
_OWN_KEYS = frozenset({"image", "size", "mtime_ns", "ctime_ns", "missing"})


@dataclass(frozen=True)
class ListRow:
    """One line of a list."""

    image: str
    """Path relative to the photo folder, as text (see `names`)."""
    fields: dict[str, str | None]
    """title, category and author, as far as the list has these columns; None for an empty cell."""
    extra: dict[str, str | None]
    """Every other column, by its name."""


def read_list(path: Path) -> Iterator[ListRow]:
    """The rows of a CSV file (UTF-8, separated by commas, semicolons or tabs) or of a Parquet file, in their order.

    Raises UserError, with the number of the line, for a missing column, an empty or repeated image, or a path that
    leads out of the photo folder.
    """
    seen: dict[str, int] = {}
    for line, raw in _parquet_rows(path) if path.suffix.lower() == ".parquet" else _csv_rows(path):
        row = _row(raw, f"{path}, line {line}")
        if row.image in seen:
            raise UserError(f"{path}, line {line}: {row.image} is in line {seen[row.image]} already; keep one of them")
        seen[row.image] = line
        yield row
    if not seen:
        raise UserError(f"the list {path} has no rows; name a photograph in each")


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, str | None]]]:
    try:
        # Spreadsheets put a byte order mark in front; utf-8-sig takes it away.
        with path.open(encoding="utf-8-sig", newline="") as handle:
            yield from _cells(path, handle)
    except OSError as error:
        raise UserError(f"the list {path} cannot be read ({error.strerror}); see `list` in the configuration") from None
    except UnicodeDecodeError:
        raise UserError(
            f"the list {path} is not UTF-8 text; save it as 'CSV UTF-8' in the spreadsheet program"
        ) from None


def _cells(path: Path, handle: TextIO) -> Iterator[tuple[int, dict[str, str | None]]]:
    separator = max(",;\t", key=handle.readline().count)
    handle.seek(0)
    reader = csv.reader(handle, delimiter=separator, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if not header:
            return
        _check_header(path, header)
        end = reader.line_num
        for cells in reader:
            start, end = end + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
                raise UserError(
                    f"{path}, line {start}: {len(cells)} values for {len(header)} columns; put quotes around a value "
                    f"that holds '{separator}'"
                )
            # spreadsheets leave away the empty cells at the end of a row
            padded = [*cells, *[""] * (len(header) - len(cells))]
            yield start, dict(zip(header, padded, strict=False))
    except csv.Error as error:
        raise UserError(
            f"{path}, line {reader.line_num}: not valid CSV ({error}); save it again from the spreadsheet program"
        ) from None


def _parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    # Only those who bring a Parquet list pay for importing its reader.
    import pyarrow
    import pyarrow.parquet

    number = 0
    try:
        for file in sorted(path.rglob("*.parquet")) if path.is_dir() else [path]:
            with pyarrow.parquet.ParquetFile(file) as table:
                header = [name.strip().lower() for name in table.schema_arrow.names]
                _check_header(path, header)
                for batch in table.iter_batches():
                    for values in _values(batch, header, f"{path}, row", number):
                        number += 1
                        yield number, dict(zip(header, values, strict=True))
    except OSError as error:
        raise UserError(
            f"the list {path} cannot be read ({error.strerror or error}); see `list` in the configuration"
        ) from None
    except pyarrow.ArrowException as error:
        raise UserError(f"the list {path} is not a Parquet file ({error}); write it again, or give a CSV") from None


def _values(batch: Any, header: list[str], rows: str, before: int) -> Iterator[tuple[Any, ...]]:
    """The rows of a batch that `before` others precede.

    Columns are read at once, which is faster, and cell by cell only where a cell has to be named.
    """
    try:
        columns = [column.to_pylist() for column in batch.columns]
    except (ValueError, OverflowError):
        columns = None
    if columns is not None and not any(isinstance(value, bytes) for column in columns for value in column):
        yield from zip(*columns, strict=True)
        return
    for at in range(batch.num_rows):
        where = f"{rows} {before + at + 1}"
        yield tuple(
            _value(column[at], f"{where}, column {name}") for name, column in zip(header, batch.columns, strict=True)
        )


def _value(scalar: Any, where: str) -> Any:
    """What a cell of a Parquet file holds. Raises UserError for what has no text: bytes, times that Python has not."""
    try:
        value = scalar.as_py()
    # broken UTF-8 is a ValueError too
    except (ValueError, OverflowError):
        raise UserError(f"{where}: this {scalar.type} cannot be read; write the column as text, in UTF-8") from None
    if isinstance(value, bytes):
        raise UserError(f"{where}: bytes are no text; write the column as text, in UTF-8")
    return value


def _check_header(path: Path, header: list[str]) -> None:
    if not any(name in header for name in _IMAGE_COLUMNS):
        raise UserError(f"the list {path} has no column called image; its columns are: {', '.join(header)}")
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise UserError(f"the list {path} has the column {repeated[0]} twice; keep one of them")


def _row(raw: dict[str, Any], where: str) -> ListRow:
    image_column = next(name for name in _IMAGE_COLUMNS if name in raw)
    image = _cell(raw[image_column])
    if image is None:
        raise UserError(f"{where}: the column {image_column} is empty; name the photograph, or delete the row")
    fields = {name: _cell(raw[name]) for name in _KNOWN_FIELDS if name in raw}
    others = raw.keys() - {image_column, ""} - set(_KNOWN_FIELDS) - _OWN_KEYS
    return ListRow(_checked(image, where), fields, {name: _cell(raw[name]) for name in sorted(others)})


def _cell(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    text = str(value).strip()
    return text or None


def _checked(image: str, where: str) -> str:
    """`image` in the one spelling that the records use: no `./`, no doubled slashes, control characters escaped."""
    try:
        name = text_to_name(image)
    except ValueError:
        raise UserError(f"{where}: the path {image!r} is not valid text; write it as UTF-8") from None
    if image.startswith("/"):
        raise UserError(f"{where}: {image} is an absolute path; write it relative to the photo folder")
    if b"\0" in name:
        raise UserError(f"{where}: the path {image!r} holds a zero byte; no file is called so")
    clean = posixpath.normpath(name)
    if clean == b".." or clean.startswith((b"../", b"/")) or clean == b".":
        raise UserError(f"{where}: {image} leads out of the photo folder; name photographs below it only")
    return name_to_text(clean)
