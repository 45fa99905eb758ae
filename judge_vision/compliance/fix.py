"""Corrected copies: what the program may mend without touching what the picture shows.

Scaling down (never up, never cropping), filling up to an exact size, converting to 8-bit sRGB, and saving as JPEG small
enough. The original is never changed.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from judge_vision.compliance.finding import Severity, Status
from judge_vision.compliance.rules import Competition, Rules
from judge_vision.compliance.text import file_size, quoted

# The best that JPEG is worth, and the least that does not show on a projector.
BEST_QUALITY = 95
LEAST_QUALITY = 60
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class FixedCopy:
    """A corrected copy: the bytes of a JPEG file, and what was changed, a sentence each."""

    jpeg: bytes
    changes: list[str]


@dataclass(frozen=True)
class Target:
    """Sizes (width, height) in pixels: of the scaled picture, and of the whole with its fill."""

    scaled: tuple[int, int]
    whole: tuple[int, int]


def target(width: int, height: int, rules: Rules) -> Target | None:
    """The size that `rules` want of a picture; None where scaling down and filling cannot reach it."""
    if rules.exact_size is not None:
        room = (rules.exact_size[0], rules.exact_size[1])
    else:
        room = (min(rules.max_width or width, width), min(rules.max_height or height, height))
    scaled = _fit(width, height, room)
    whole = room if rules.exact_size is not None else scaled
    if whole != scaled and not rules.fill:
        return None
    if rules.one_side_exact and whole[0] != rules.max_width and whole[1] != rules.max_height:
        return None
    if whole[0] < (rules.min_width or 0) or whole[1] < (rules.min_height or 0):
        return None
    return Target(scaled, whole)


def _fit(width: int, height: int, room: tuple[int, int]) -> tuple[int, int]:
    """The greatest size of the same shape within `room`, not above `width` x `height`; the bound side exact."""
    if width <= room[0] and height <= room[1]:
        return width, height
    if width * room[1] >= height * room[0]:
        return room[0], max(1, round(height * room[0] / width))
    return max(1, round(width * room[1] / height)), room[1]


def proposals(facts: Mapping[str, Any], findings: list[dict[str, Any]], rules: Rules) -> list[str]:
    """What a corrected copy would change, a sentence for each broken rule of severity fix."""
    sentences: list[str] = []
    for rule in _to_mend(findings):
        sentence = _proposal(rule, facts, rules)
        if sentence not in sentences:
            sentences.append(sentence)
    return sentences


def _to_mend(findings: list[dict[str, Any]]) -> list[str]:
    broken = [one for one in findings if one["status"] == Status.DOES_NOT_COMPLY.value]
    return [one["rule"] for one in broken if one["severity"] == Severity.FIX.value]


def _proposal(rule: str, facts: Mapping[str, Any], rules: Rules) -> str:
    if rule == "max_bytes":
        return "Save with stronger JPEG compression."
    if rule == "formats":
        return "Save as JPEG."
    if rule in ("colour_space", "colour_mode", "bit_depth"):
        return "Convert to 8-bit RGB in sRGB."
    size = target(facts["width"], facts["height"], rules)
    if size is None:
        return "Enter a larger picture, or one of another shape: enlarging and cropping are left to the entrant."
    steps = [f"Scale down to {size.scaled[0]} x {size.scaled[1]} pixels"]
    if size.scaled == (facts["width"], facts["height"]):
        steps = []
    if size.whole != size.scaled:
        steps.append(f"{'fill' if steps else 'Fill'} up to {size.whole[0]} x {size.whole[1]} with {rules.fill_colour}")
    return f"{', '.join(steps)}."


def fix_copy(
    rgb: npt.NDArray[np.uint8],
    facts: Mapping[str, Any],
    figures: Mapping[str, Any],
    competition: Competition,
    exif: bytes = b"",
) -> FixedCopy | None:
    """A corrected copy of an entry that breaks rules of severity fix, or None: nothing to fix, or not by a program.

    `rgb` is uint8 [height, width, 3] sRGB as displayed, `figures` what `check_photograph` found, `exif` the original's
    EXIF block, which the copy keeps but for the orientation: the pixels are upright already.
    """
    if not _to_mend(figures["findings"]):
        return None
    rules = competition.rules_for(figures["section"])
    height, width = rgb.shape[:2]
    size = target(width, height, rules)
    lost_exif = bool(facts.get("exif_present")) and not exif
    if size is None or (lost_exif and rules.exif_required):
        return None
    picture, changes = _resize(Image.fromarray(rgb), size, rules)
    changes += _conversions(facts)
    if lost_exif:
        changes.append("The EXIF data were left out.")
    jpeg, quality = _smallest_loss(picture, rules.max_bytes, exif)
    if jpeg is None:
        return None
    changes.append(f"Saved as a JPEG of quality {quality}, {file_size(len(jpeg))}.")
    return FixedCopy(jpeg, changes)


def _resize(picture: Image.Image, size: Target, rules: Rules) -> tuple[Image.Image, list[str]]:
    changes = []
    if size.scaled != picture.size:
        was, now = f"{picture.width} x {picture.height}", f"{size.scaled[0]} x {size.scaled[1]}"
        changes.append(f"Scaled down from {was} to {now} pixels.")
        picture = picture.resize(size.scaled, Image.Resampling.LANCZOS)
    if size.whole != size.scaled:
        changes.append(f"Filled up to {size.whole[0]} x {size.whole[1]} pixels with {rules.fill_colour}.")
        canvas = Image.new("RGB", size.whole, rules.fill_colour)
        canvas.paste(picture, ((size.whole[0] - size.scaled[0]) // 2, (size.whole[1] - size.scaled[1]) // 2))
        picture = canvas
    return picture, changes


def _conversions(facts: Mapping[str, Any]) -> list[str]:
    changes = []
    space = facts.get("colour_space")
    if space == "untagged":
        changes.append("The sRGB profile was added.")
    elif space not in (None, "sRGB"):
        name = facts.get("icc_description") if space == "other" else space
        changes.append(f"Converted from {quoted(str(name or 'an unnamed profile'))} to sRGB.")
    if (facts.get("bit_depth") or 8) > 8:
        changes.append(f"Converted from {facts['bit_depth']} to 8 bits per channel.")
    if facts.get("mode") not in (None, "RGB"):
        changes.append(f"Converted from {facts['mode']} to RGB.")
    return changes


def _smallest_loss(picture: Image.Image, max_bytes: int | None, exif: bytes) -> tuple[bytes | None, int]:
    """The JPEG of the highest quality that fits `max_bytes`; None where even the least quality does not."""
    options: dict[str, Any] = {"icc_profile": srgb_profile(), "exif": _upright(exif)}

    def encode(quality: int) -> bytes:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, subsampling=0, **options)
        return buffer.getvalue()

    low, high, best, best_quality = LEAST_QUALITY, BEST_QUALITY, None, 0
    quality = BEST_QUALITY
    while low <= high:
        jpeg = encode(quality)
        if max_bytes is None or len(jpeg) <= max_bytes:
            best, best_quality, low = jpeg, quality, quality + 1
        else:
            high = quality - 1
        quality = (low + high) // 2
    return best, best_quality


def _upright(exif: bytes) -> bytes:
    if not exif:
        return b""
    block = Image.Exif()
    block.load(exif)
    block.pop(_ORIENTATION, None)
    return block.tobytes()


@cache
def srgb_profile() -> bytes:
    """An sRGB profile, the same bytes every time: LittleCMS writes the time of making into bytes 24 to 35."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes((0x07, 0xD0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0))
    return bytes(profile)
