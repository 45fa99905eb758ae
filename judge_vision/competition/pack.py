"""The judge's pack: numbered pictures without anything in them that tells whose they are."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from judge_vision.competition.entry import Entry
from judge_vision.competition.marks import Key
from judge_vision.competition.pages import render
from judge_vision.compliance.fix import srgb_profile
from judge_vision.compliance.text import folded, words
from judge_vision.exports.sheet import SheetColumn, Value
from judge_vision.exports.text import without_guard
from judge_vision.failure import UserError
from judge_vision.photograph.scale import scaled

KEY_COLUMNS = ("number", "sha256", "image")
_QUALITY = 95
# A single word of a name says something only from here on: initials and "de" are in many titles.
_TELLING_CHARS = 3
_HELD_BACK = "(title held back)"


@dataclass(frozen=True)
class Numbered:
    """An entry under the number by which the judges know it; `title` is None where the pack shows none."""

    number: int
    digits: int
    entry: Entry
    title: str | None

    @property
    def label(self) -> str:
        """The number as written: all of one length, so that files sort."""
        return f"{self.number:0{self.digits}d}"

    @property
    def file(self) -> str:
        """The name of its picture."""
        return f"{self.label}.jpg"


def number_entries(order: Sequence[Entry], titles: bool) -> list[Numbered]:
    """Numbers from 1 in the running order. A title that holds a word of the entrant's name is held back."""
    digits = max(3, len(str(len(order))))
    return [Numbered(number, digits, entry, _title(entry) if titles else None) for number, entry in enumerate(order, 1)]


def _title(entry: Entry) -> str:
    if not entry.title:
        # a file name would be somebody's
        return ""
    return _HELD_BACK if tells_entrant(entry.title, entry) else entry.title


def tells_entrant(text: str, entry: Entry) -> bool:
    """Whether `text` holds a word of the entrant's name, the name run together, or the member number."""
    found = words(text)
    name = words(entry.author or "")
    telling = {word for word in name if len(word) >= _TELLING_CHARS} | set(words(entry.member or ""))
    run_together = "".join(name)
    return bool(telling & set(found)) or (
        len(run_together) >= _TELLING_CHARS and run_together in re.sub(r"[\W_]", "", folded(text))
    )


def pack_code(pack: Sequence[Numbered]) -> str:
    """Six digits by which marks that come back are known to be for these numbers; it tells nothing else."""
    text = "\n".join(f"{one.number} {one.entry.sha256} {one.entry.image}" for one in pack)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def judges_jpeg(pixels: npt.NDArray[np.uint8], longest_px: int) -> bytes:
    """The picture, uint8 [height, width, 3] sRGB, as a JPEG of at most `longest_px`, and nothing of the file's own."""
    picture = scaled(Image.fromarray(pixels), longest_px)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY, subsampling=0, icc_profile=srgb_profile())
    return buffer.getvalue()


def form(pack: Sequence[Numbered], code: str) -> tuple[list[SheetColumn], list[list[Value]]]:
    """The form for marks: one row a picture, with an empty mark."""
    with_titles = any(one.title is not None for one in pack)
    names = ["pack", "number", "section", *(["title"] if with_titles else []), "mark"]
    rows: list[list[Value]] = [
        [code, one.label, one.entry.section_name, *([one.title] if with_titles else []), ""] for one in pack
    ]
    return [SheetColumn(name) for name in names], rows


def key(pack: Sequence[Numbered]) -> tuple[list[SheetColumn], list[list[Value]]]:
    """The secretary's key: which entry a number is. It stays out of the pack."""
    columns = [*KEY_COLUMNS, "title", "entrant", "section"]
    rows: list[list[Value]] = [
        [
            one.label,
            one.entry.sha256,
            one.entry.image,
            one.entry.shown_title,
            one.entry.entrant_name,
            one.entry.section_name,
        ]
        for one in pack
    ]
    return [SheetColumn(name) for name in columns], rows


def page(pack: Sequence[Numbered], name: str, code: str, marking: Mapping[str, Any]) -> str:
    """The page of the pack, beside the pictures. `marking`: the registry's table of that name."""
    sections: dict[str, list[Numbered]] = {}
    for one in pack:
        sections.setdefault(one.entry.section_name, []).append(one)
    return render("pack.html.j2", title=name, sections=sections, code=code, marking=marking, count=len(pack))


def read_key(rows: Sequence[Mapping[str, str]]) -> Key:
    """SHA-256 and image by number, from the rows of a key. Raises UserError for a key that was edited."""
    try:
        return {int(row["number"]): (row["sha256"], without_guard(row["image"])) for row in rows}
    except (KeyError, ValueError):
        raise UserError("the key of the judge's pack was edited; make the pack again (make judge-pack)") from None
