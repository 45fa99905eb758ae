"""The contact sheet: every photograph small, with its number and title, as a PDF for paper."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from PIL import Image
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from judge_vision.exports.results import Results, Row, read_results
from judge_vision.exports.settings import ContactSheetSettings
from judge_vision.exports.text import one_line
from judge_vision.exports.typeset import BOLD, Typesetter
from judge_vision.records import paths, store, words

log = logging.getLogger(__name__)

PDF = Path("exports/contact-sheet.pdf")

_MARGIN, _GAP, _ROW_GAP = 13 * mm, 5 * mm, 5 * mm
_HEAD, _FOOT = 13 * mm, 8 * mm
_SECTION, _SECTION_GAP = 9 * mm, 3 * mm
_TITLE_PT, _NOTE_PT = 7.5, 7.0
# Pictures are four wide to three high at most, a portrait as high as that.
_SHAPE = 0.75
_JPEG_DPI = 300


@dataclass(frozen=True)
class SheetPicture:
    """One cell: `picture` is a JPEG or null, `note` the line below the title, `section` the heading it stands under."""

    number: int
    title: str
    note: str
    section: str
    picture: Path | None


def contact_pictures(
    results: Results, authors: bool, include: Callable[[Row], bool] = lambda row: True
) -> list[SheetPicture]:
    """The photographs for which `include` is true, by category, numbered as in the score sheet."""
    made = [
        SheetPicture(
            number=number,
            title=words.shown_title(row),
            note=(row["author"] or "") if authors else "",
            section=row["category"] or "",
            picture=thumbnail(row),
        )
        for number, row in enumerate(filter(include, results.rows), start=1)
    ]
    return sorted(made, key=lambda one: one.section.casefold())


def thumbnail(row: Row) -> Path | None:
    """The photograph's small picture in the results folder, if there is one."""
    if not row["sha256"]:
        return None
    path = paths.by_content(paths.THUMBNAILS, row["sha256"], ".jpg")
    return path if path.exists() else None


def write_contact_sheet(
    path: Path, title: str, pictures: Sequence[SheetPicture], settings: ContactSheetSettings
) -> list[str]:
    """Write the pictures, in their order, as a PDF; return the texts with characters that no font had.

    A heading stands above each run of pictures of one section. The same input gives the same bytes.
    """
    page = A4 if settings.page == "A4" else LETTER
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=page, invariant=1, pageCompression=1)
    canvas.setTitle(one_line(title))
    canvas.setCreator("Judge Vision")
    sheet = _Sheet(canvas, title, page, settings, len(pictures))
    for section, group in groupby(pictures, key=lambda one: one.section):
        sheet.section(section, list(group))
    sheet.end()
    canvas.save()
    store.write_bytes(path, buffer.getvalue())
    return list(dict.fromkeys(sheet.type.missing))


def build_contact_sheet(title: str, settings: ContactSheetSettings) -> Path:
    """Write the contact sheet of the results below the working directory."""
    missing = write_contact_sheet(PDF, title, contact_pictures(read_results(), settings.authors), settings)
    if missing:
        log.warning(
            "no font has all characters of %d texts, such as %s: they stand as codes; install a font for that script "
            "(fonts-noto-cjk, say) or name one in contact_sheet.font",
            len(missing),
            ascii(missing[0]),
        )
    return PDF


class _Sheet:
    """Where the next row goes, page after page."""

    def __init__(
        self, canvas: Canvas, title: str, page: tuple[float, float], settings: ContactSheetSettings, count: int
    ) -> None:
        self.canvas, self.title, self.settings = canvas, title, settings
        self.count = f"{count:,} photograph{'' if count == 1 else 's'}"
        self.width, self.height = page
        self.type = Typesetter(canvas, settings.font)
        self.inside = self.width - 2 * _MARGIN
        self.cell = (self.inside - (settings.columns - 1) * _GAP) / settings.columns
        self.picture_height = self.cell * _SHAPE
        self.row_height = self.picture_height + 2.5 * _TITLE_PT * 1.25 + (_NOTE_PT * 1.25 if settings.authors else 0)
        self.page = 0
        self.top = 0.0
        self._new_page()

    def section(self, name: str, pictures: list[SheetPicture]) -> None:
        """A heading, if there is a name, and the pictures in rows."""
        if not self._room(_SECTION + self.row_height) and self.top < self.height - _MARGIN - _HEAD:
            self.top -= _SECTION_GAP
        if name:
            self._heading(name)
        for start in range(0, len(pictures), self.settings.columns):
            if self._room(self.row_height) and name:
                self._heading(f"{name} (continued)")
            for place, one in enumerate(pictures[start : start + self.settings.columns]):
                self._cell(one, _MARGIN + place * (self.cell + _GAP))
            self.top -= self.row_height + _ROW_GAP

    def end(self) -> None:
        """Finish the last page."""
        self.canvas.showPage()

    def _heading(self, name: str) -> None:
        self.type.lines(name, _MARGIN, self.top, self.inside, 9.5, font=BOLD)
        self.top -= _SECTION

    def _room(self, needed: float) -> bool:
        """Start a page unless `needed` points are left on this one; whether one was started."""
        if self.top - needed >= _MARGIN + _FOOT:
            return False
        self.canvas.showPage()
        self._new_page()
        return True

    def _new_page(self) -> None:
        self.page += 1
        top = self.height - _MARGIN
        self.type.lines(self.title, _MARGIN, top, self.inside * 0.7, 12, font=BOLD)
        note = f"Contact sheet · {self.count}"
        self.canvas.setFont("NotoSans", 8)
        self.canvas.setFillGray(0.35)
        self.canvas.drawRightString(self.width - _MARGIN, top - 11, note)
        self.canvas.drawRightString(self.width - _MARGIN, _MARGIN, str(self.page))
        self.canvas.setStrokeGray(0.75)
        self.canvas.setLineWidth(0.5)
        self.canvas.line(_MARGIN, top - 7 * mm, self.width - _MARGIN, top - 7 * mm)
        self.top = top - _HEAD

    def _cell(self, one: SheetPicture, left: float) -> None:
        bottom = self.top - self.picture_height
        if one.picture:
            _place(self.canvas, one.picture, left, bottom, self.cell, self.picture_height)
        else:
            self.canvas.setStrokeGray(0.75)
            self.canvas.rect(left, bottom, self.cell, self.picture_height)
            self.type.lines("no picture", left + 3 * mm, bottom + 7 * mm, self.cell, _NOTE_PT, grey=0.35)
        number = f"{one.number}"
        indent = 4 + 4.4 * len(number)
        self.type.lines(number, left, bottom - 3, indent, _TITLE_PT, grey=0.35)
        end = self.type.lines(one.title, left + indent, bottom - 3, self.cell - indent, _TITLE_PT, font=BOLD, limit=2)
        if one.note:
            self.type.lines(one.note, left + indent, end, self.cell - indent, _NOTE_PT, grey=0.35)


def _place(canvas: Canvas, path: Path, left: float, bottom: float, width: float, height: float) -> None:
    """Put the picture into the box, whole, standing at its lower left."""
    with Image.open(path) as picture:
        scale = min(width / picture.width, height / picture.height)
        wide, tall = picture.width * scale, picture.height * scale
        dots = round(wide / 72 * _JPEG_DPI), round(tall / 72 * _JPEG_DPI)
        if dots[0] * 1.5 < picture.width:
            # a page of small pictures need not carry large ones
            buffer = io.BytesIO()
            picture.convert("RGB").resize(dots, Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=88)
            buffer.seek(0)
            source = ImageReader(buffer)
        else:
            source = ImageReader(str(path))
    canvas.drawImage(source, left, bottom, wide, tall)
