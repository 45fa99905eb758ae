"""From the bytes of a file to the photograph as displayed. Standard library, NumPy, Pillow: the service does it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL import Image

from judge_vision.photograph.colour import SRGB, UNTAGGED
from judge_vision.photograph.metadata import has_c2pa
from judge_vision.photograph.picture import Picture, decode, identify
from judge_vision.photograph.raw import decode_raw
from judge_vision.photograph.render import ColourChoice, choose_colours, render, turn_upright
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.photograph.sniff import RAW

Facts = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """A photograph as displayed."""

    facts: Facts
    """In the keys of `prepare.schema.json`."""
    image: Image.Image
    """Upright 8-bit sRGB, mode RGB."""


def show_bytes(data: bytes, sha256: str, settings: PrepareSettings) -> Shown:
    """The photograph in the bytes of a file with this SHA-256, decoded. Raises PhotographError."""
    file_format = identify(data)
    picture = decode_raw(data, settings) if file_format == RAW else decode(data, file_format, settings)
    choice = choose_colours(picture, data)
    facts = _facts(picture, choice, data, sha256)
    if _is_shown_form(picture, choice):
        return Shown(facts, picture.image)
    image = render(picture, choice, settings)
    # what is listed now is no longer needed, and a large photograph needs the room
    picture.image, picture.low = Image.new("1", (1, 1)), None
    upright = image if picture.upright else turn_upright(image, picture.orientation)
    # rendering may have added to the notes
    return Shown({**facts, "notes": [*picture.notes, *picture.metadata.notes, *choice.notes]}, upright)


def _is_shown_form(picture: Picture, choice: ColourChoice) -> bool:
    return (
        picture.file_format in ("JPEG", "PNG")
        and picture.image.mode == "RGB"
        and picture.low is None
        and picture.orientation == 1
        and choice.profile is None
        and choice.space is None
        and choice.colour_space in (SRGB, UNTAGGED)
        and "transparency" not in picture.image.info
        and not getattr(picture.image, "is_animated", False)
    )


def _facts(picture: Picture, choice: ColourChoice, data: bytes, sha256: str) -> Facts:
    metadata = picture.metadata
    width, height = picture.image.size
    if not picture.upright and picture.orientation >= 5:
        width, height = height, width
    return {
        "width": width,
        "height": height,
        "stored_width": picture.stored_width,
        "stored_height": picture.stored_height,
        "orientation": picture.orientation,
        "format": picture.file_format,
        "mode": picture.mode,
        "bit_depth": picture.bit_depth,
        "bytes": len(data),
        "sha256": sha256,
        "icc_description": choice.icc_description,
        "colour_space": choice.colour_space,
        "exif_present": metadata.exif_present,
        "camera": metadata.camera,
        "taken_at": metadata.taken_at,
        "software": metadata.software,
        "digital_source_type": metadata.digital_source_type,
        "c2pa_present": has_c2pa(data, picture.file_format),
        "metadata_title": metadata.metadata_title,
        "metadata_author": metadata.metadata_author,
        "notes": [*picture.notes, *metadata.notes, *choice.notes],
    }
