"""Preparing one photograph: the only place where an original is decoded.

What comes out is a record of facts and, unless the file is that already, a working copy as 8-bit sRGB PNG.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

from PIL import Image

from judge_vision.failure import PhotographError
from judge_vision.photograph.colour import SRGB, UNTAGGED
from judge_vision.photograph.metadata import has_c2pa
from judge_vision.photograph.picture import Picture, decode, identify
from judge_vision.photograph.raw import decode_raw
from judge_vision.photograph.render import ColourChoice, choose_colours, render, turn_upright
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.photograph.sniff import RAW
from judge_vision.photograph.source import read_source
from judge_vision.records import store

Facts = dict[str, Any]


def prepare_photograph(path: Path, settings: PrepareSettings, working_path: Path) -> Facts:
    """The facts of the photograph at `path`, in the keys of `prepare.schema.json`, its thumbnail and its working copy.

    The thumbnail, a JPEG, goes beside the working copy, with the ending .jpg: the pixels are at hand only here.

    The working copy, an RGB PNG of the picture as displayed, goes to `working_path`, and `working` is its name; where
    the file is an upright 8-bit RGB JPEG or PNG in sRGB (or untagged) nothing is written and `working` is None. The
    same bytes give the same copy. Memory: about 8 bytes a pixel and the file; see docs/formats.md.

    Raises PhotographError, with the SHA-256 of the bytes where they could be read; UserError where `working_path`
    cannot be written.
    """
    source = read_source(path, settings.max_file_bytes)
    try:
        # decoders warn about what a file's metadata lacks; a person cannot do anything about it
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _prepare(source.data, source.sha256, settings, working_path)
    except PhotographError as failure:
        failure.sha256 = source.sha256
        raise


def _prepare(data: bytes, sha256: str, settings: PrepareSettings, working_path: Path) -> Facts:
    file_format = identify(data)
    picture = decode_raw(data, settings) if file_format == RAW else decode(data, file_format, settings)
    choice = choose_colours(picture, data)
    facts = _facts(picture, choice, data, sha256)
    thumbnail_path = working_path.with_suffix(".jpg")
    if _is_working_form(picture, choice):
        _write_thumbnail(picture.image, thumbnail_path, settings.thumbnail_side_px)
        return {**facts, "working": None}
    shown = render(picture, choice, settings)
    # what is listed now is no longer needed, and a large photograph needs the room
    picture.image, picture.low = Image.new("1", (1, 1)), None
    upright = shown if picture.upright else turn_upright(shown, picture.orientation)
    del shown
    _write_thumbnail(upright, thumbnail_path, settings.thumbnail_side_px)
    _write(upright, working_path)
    # rendering may have added to the notes
    return {**facts, "notes": [*picture.notes, *picture.metadata.notes, *choice.notes], "working": working_path.name}


def _is_working_form(picture: Picture, choice: ColourChoice) -> bool:
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


def _write_thumbnail(image: Image.Image, path: Path, side_px: int) -> None:
    small = image.copy() if max(image.size) <= side_px else image
    if small is image:
        ratio = side_px / max(image.size)
        size = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
        small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    buffer = io.BytesIO()
    small.convert("RGB").save(buffer, "JPEG", quality=82)
    # flushed: whoever finds it later only sees that it is there
    store.write_bytes(path, buffer.getvalue())


def _write(image: Image.Image, path: Path) -> None:
    buffer = io.BytesIO()
    # level 1: a working copy lives for minutes, and a higher level takes longer than everything else here
    image.save(buffer, "PNG", compress_level=1)
    # not flushed: it is large, and who reads it notices damage
    store.write_bytes(path, buffer.getvalue(), durable=False)
