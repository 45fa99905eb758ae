"""Text in any script on a PDF page.

Latin, Greek and Cyrillic are set in the font that ships, as text that can be searched. A line with anything else is
drawn by FreeType with a font of the system (shaped, and from right to left where the script runs so) and placed as a
picture: a PDF needs an embedded font for each script, and the fonts of all scripts have hundreds of megabytes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from judge_vision.exports.fonts_found import FoundFont, font_for
from judge_vision.exports.text import one_line

REGULAR, BOLD = "NotoSans", "NotoSans-Bold"
_FILES = {REGULAR: "NotoSans-Regular.ttf", BOLD: "NotoSans-Bold.ttf"}
# Pixels to a point in lines that are drawn: 360 to an inch.
_PIXELS = 5


class Typesetter:
    """Sets lines on the pages of one document; `missing` are the texts that no font could show as they are."""

    def __init__(self, canvas: Canvas, font_file: str | None = None) -> None:
        self.canvas = canvas
        self.font_file = font_file
        self.missing: list[str] = []
        for name, file in _FILES.items():
            if name not in pdfmetrics.getRegisteredFontNames():
                pdfmetrics.registerFont(TTFont(name, str(Path(__file__).parent / "fonts" / file), shapable=False))

    def lines(
        self, text: str, left: float, top: float, width: float, size: float, *, font: str = REGULAR, limit: int = 1,
        grey: float = 0.0,
    ) -> float:  # fmt: skip
        """Set `text` from `top` down in at most `limit` lines of at most `width` points; return where the last ends.

        What does not fit ends in "…". `grey` is from 0, black, to 1. Characters that no font has become their codes.
        """
        text = one_line(text)
        drawn = self._font_to_draw(text)
        if drawn is None:
            shown = self._known(text)
            parts = broken(shown, width, limit, lambda part: pdfmetrics.stringWidth(part, font, size))
        else:
            face = ImageFont.truetype(str(drawn.path), round(size * _PIXELS), index=drawn.index)
            parts = broken(text, width, limit, lambda part: face.getlength(part) / _PIXELS)
        leading = size * 1.25
        for number, part in enumerate(parts):
            baseline = top - size - number * leading
            if drawn is None:
                self.canvas.setFont(font, size)
                self.canvas.setFillGray(grey)
                self.canvas.drawString(left, baseline, part)
            else:
                _draw(self.canvas, part, face, left, baseline, size, grey)
        return top - len(parts) * leading

    def _font_to_draw(self, text: str) -> FoundFont | None:
        """A font of the system where ours lacks a character and that one has all; else None."""
        if not _lacking(text):
            return None
        found = font_for(text, self.font_file)
        try:
            # a font of pictures, as for emoji, has no outlines and cannot be set at every size
            if found:
                ImageFont.truetype(str(found.path), _PIXELS, index=found.index)
        except OSError:
            found = None
        if found is None:
            self.missing.append(text)
        return found

    def _known(self, text: str) -> str:
        lacking = _lacking(text)
        return "".join(f"[U+{ord(char):04X}]" if char in lacking else char for char in text)


def broken(text: str, width: float, limit: int, measure: Callable[[str], float]) -> list[str]:
    """`text` as at most `limit` lines of at most `width`, broken at blanks, and inside words that are longer."""
    lines: list[str] = []
    rest = text
    while rest and len(lines) < limit:
        fits = _fitting(rest, width, measure)
        if fits == len(rest):
            return [*lines, rest]
        blank = rest.rfind(" ", 1, fits + 1)
        end = blank if blank > 0 else fits
        lines.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    if rest:
        last = lines.pop() if lines else ""
        full = f"{last} {rest}" if last + rest not in text else last + rest
        lines.append(full[: _fitting(full, width - measure("…"), measure)].rstrip() + "…")
    return lines


def _fitting(text: str, width: float, measure: Callable[[str], float]) -> int:
    """How many characters from the start fit into `width`; at least one."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[:middle]) <= width else (low, middle - 1)
    return low


def _lacking(text: str) -> set[str]:
    glyphs = pdfmetrics.getFont(REGULAR).face.charToGlyph
    return {char for char in text if ord(char) not in glyphs}


def _draw(
    canvas: Canvas, text: str, face: ImageFont.FreeTypeFont, left: float, baseline: float, size: float, grey: float
) -> None:
    ascent, descent = face.getmetrics()
    picture = Image.new("L", (max(1, round(face.getlength(text)) + _PIXELS), ascent + descent), 255)
    ImageDraw.Draw(picture).text((0, ascent), text, fill=round(255 * grey), font=face, anchor="ls")
    wide, tall = picture.width / _PIXELS, picture.height / _PIXELS
    canvas.drawImage(ImageReader(picture), left, baseline - descent / _PIXELS, wide, tall, mask=[250, 255])
