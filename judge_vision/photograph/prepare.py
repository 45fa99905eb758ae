"""Preparing one photograph: the only place where an original is decoded.

What comes out is a record of facts, a thumbnail, and a proof: what the measuring rules need of the pixels.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from judge_vision.failure import PhotographError
from judge_vision.photograph.colour import SRGB, UNTAGGED
from judge_vision.photograph.metadata import has_c2pa
from judge_vision.photograph.picture import Picture, decode, identify
from judge_vision.photograph.proof import ProofSizes
from judge_vision.photograph.proving import make_proof
from judge_vision.photograph.raw import decode_raw
from judge_vision.photograph.render import ColourChoice, choose_colours, render, turn_upright
from judge_vision.photograph.scale import scaled
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.photograph.sniff import RAW
from judge_vision.photograph.source import read_source
from judge_vision.records import store

Facts = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """A photograph as displayed."""

    facts: Facts
    """In the keys of `prepare.schema.json`."""
    image: Image.Image
    """Upright 8-bit sRGB, mode RGB."""


def prepare_photograph(path: Path, settings: PrepareSettings, sizes: ProofSizes, proof_path: Path) -> Facts:
    """The facts of the photograph at `path`; its proof goes to `proof_path`, its thumbnail beside it, ending .jpg.

    The same bytes give the same files. Memory: about 8 bytes a pixel and the file; see docs/formats.md.

    Raises PhotographError, with the SHA-256 of the bytes where they could be read; UserError where `proof_path`
    cannot be written.
    """
    shown = show(path, settings)
    proof = make_proof(shown.image, shown.facts["sha256"], sizes)
    # the proof's own picture will do where it is large enough to be averaged again
    large = max(proof.scaled.shape) >= 2 * settings.thumbnail_side_px
    thumbnail = thumbnail_jpeg(Image.fromarray(proof.scaled) if large else shown.image, settings.thumbnail_side_px)
    # flushed: whoever finds it later only sees that it is there
    store.write_bytes(proof_path.with_suffix(".jpg"), thumbnail)
    # not flushed: it is large, and who reads it notices damage
    store.write_bytes(proof_path, proof.save(), durable=False)
    return shown.facts


def show(path: Path, settings: PrepareSettings) -> Shown:
    """The photograph at `path`, decoded. Raises PhotographError as `prepare_photograph` does."""
    source = read_source(path, settings.max_file_bytes)
    try:
        # decoders warn about what a file's metadata lacks; a person cannot do anything about it
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _show(source.data, source.sha256, settings)
    except PhotographError as failure:
        failure.sha256 = source.sha256
        raise


def _show(data: bytes, sha256: str, settings: PrepareSettings) -> Shown:
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


def thumbnail_jpeg(image: Image.Image, side_px: int) -> bytes:
    """A JPEG of `image` (RGB) with its longer side at most `side_px`."""
    buffer = io.BytesIO()
    scaled(image, side_px).save(buffer, "JPEG", quality=82)
    return buffer.getvalue()
