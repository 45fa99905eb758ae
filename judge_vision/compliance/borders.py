"""Borders and keylines: bands of one colour along the sides of a picture.

A border is constant along every one of its lines and from line to line, and ends sharply; a plain sky is neither. It
is believed only where two opposite sides agree, because a blown-out sky above a straight horizon looks just like a
band on one side. Borders with soft, torn or patterned edges are not found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.ranges import Count, Level, Share, Side

Pixels = npt.NDArray[np.uint8]
SIDES = ("top", "right", "bottom", "left")
_OPPOSITE = (("top", "bottom"), ("left", "right"))


# Columns: Y, Cb, Cr.
_TO_YCC = np.array([[0.299, -0.168736, 0.5], [0.587, -0.331264, -0.418688], [0.114, 0.5, -0.081312]], dtype=np.float32)


@dataclass(frozen=True)
class BorderSettings:
    """Luma and chroma differences are in 8-bit steps.

    Luma decides where a border ends: JPEG halves the resolution of chroma, which bleeds over an edge.
    """

    line_share: Share = 0.9
    """Share of a line's pixels that must have the border's luma; JPEG rings beside an edge."""
    pixel_tolerance: Level = 16
    """How far the luma of one of those pixels may be off (JPEG again)."""
    drift: Level = 4
    """How far a line's median luma may be off the first line's: a sky darkens slowly, a border does not."""
    chroma_tolerance: Level = 24
    """How far a line's median Cb or Cr may be off the first line's, and what counts as another chroma."""
    step: Level = 10
    """What counts as another luma just inside the border."""
    smear: Share = 0.4
    """A line is still the border's where it is off by less than this share of how far the next line is off."""
    step_share: Share = 0.4
    """Share of a line's pixels that must be another colour at the border's end."""
    same_colour: Level = 12
    """How alike two sides' bands, or a band and a named colour, are."""
    max_share: Share = 0.49
    """Greatest width of a band as a share of the picture's side."""
    min_side_px: Side = 16
    """Smaller pictures have no border: their lines are too short to say."""
    max_layers: Count = 4
    """Bands inside each other that are looked for: a border with keylines has two or three."""
    white_from: Level = 235
    """Least channel of white."""
    black_to: Level = 20
    """Greatest channel of black."""


@dataclass(frozen=True)
class Layer:
    """One band round the picture: widths in pixels (0: not on this side) and its colour, 8-bit sRGB."""

    top: int
    right: int
    bottom: int
    left: int
    colour: tuple[int, int, int]

    @property
    def hex(self) -> str:
        """The colour as #rrggbb."""
        return "#{:02x}{:02x}{:02x}".format(*self.colour)

    @property
    def all_round(self) -> bool:
        """Whether the band is on all four sides."""
        return min(self.top, self.right, self.bottom, self.left) > 0

    def is_colour(self, name: str, settings: BorderSettings) -> bool:
        """Whether the band is `white`, `grey` (any neutral between), `black`, or like #rrggbb."""
        low, high = min(self.colour), max(self.colour)
        if name == "white":
            return low >= settings.white_from
        if name == "black":
            return high <= settings.black_to
        if name == "grey":
            return high - low <= settings.same_colour and low < settings.white_from and high > settings.black_to
        wanted = bytes.fromhex(name[1:])
        return max(abs(a - b) for a, b in zip(self.colour, wanted, strict=True)) <= settings.same_colour

    def as_dict(self) -> dict[str, int | str]:
        """The layer as JSON values."""
        return {side: getattr(self, side) for side in SIDES} | {"colour": self.hex}


@dataclass(frozen=True)
class _Band:
    width: int
    colour: tuple[int, int, int]
    sharp: bool


def find_borders(pixels: Pixels, settings: BorderSettings | None = None) -> list[Layer]:
    """The layers of the border of `pixels` (HxWx3, 8-bit sRGB) from outside in; [] for none."""
    settings = settings or BorderSettings()
    layers: list[Layer] = []
    while len(layers) < settings.max_layers:
        layer = _outermost(pixels, settings)
        if layer is None:
            break
        layers.append(layer)
        height, width = pixels.shape[:2]
        pixels = pixels[layer.top : height - layer.bottom, layer.left : width - layer.right]
    return layers


def widths(layers: list[Layer]) -> dict[str, int]:
    """Width of the whole border by side, in pixels."""
    return {side: sum(getattr(layer, side) for layer in layers) for side in SIDES}


def inside(pixels: Pixels, layers: list[Layer]) -> Pixels:
    """The picture without its border; a view."""
    total = widths(layers)
    height, width = pixels.shape[:2]
    return pixels[total["top"] : height - total["bottom"], total["left"] : width - total["right"]]


def _outermost(pixels: Pixels, settings: BorderSettings) -> Layer | None:
    if min(pixels.shape[:2]) < settings.min_side_px:
        return None
    # each view has the side in question as its first line
    views = {
        "top": pixels,
        "bottom": pixels[::-1],
        "left": pixels.swapaxes(0, 1),
        "right": pixels[:, ::-1].swapaxes(0, 1),
    }
    bands = {side: _band(view, settings) for side, view in views.items()}
    sharp = {side: band for side, band in bands.items() if band.sharp}
    pairs = [
        (first, second)
        for first, second in _OPPOSITE
        if first in sharp and second in sharp and _alike(sharp[first], sharp[second], settings)
    ]
    if not pairs:
        return None
    colour = sharp[pairs[0][0]].colour
    paired = [side for pair in pairs for side in pair if _alike(sharp[side], sharp[pairs[0][0]], settings)]
    widest = max(sharp[side].width for side in paired)
    found = {}
    for side, band in bands.items():
        if side in paired:
            found[side] = band.width
        elif band.width and max(abs(a - b) for a, b in zip(band.colour, colour, strict=True)) <= settings.same_colour:
            # where the picture itself begins in the border's colour no end is seen; the other sides vouch for a border
            found[side] = band.width if band.sharp else min(band.width, widest)
        else:
            found[side] = 0
    return Layer(found["top"], found["right"], found["bottom"], found["left"], colour)


def _alike(one: _Band, other: _Band, settings: BorderSettings) -> bool:
    return max(abs(a - b) for a, b in zip(one.colour, other.colour, strict=True)) <= settings.same_colour


def _band(lines: Pixels, settings: BorderSettings) -> _Band:
    """The band that begins with the first of `lines` (NxMx3); width 0 where that line is not of one colour."""
    limit = max(1, int(lines.shape[0] * settings.max_share))
    first = np.median(lines[0], axis=0)
    colour = _opponent(first)
    width = 0
    while width <= limit and _belongs(_opponent(lines[width]), colour, settings):
        width += 1
    plain = (int(first[0]), int(first[1]), int(first[2]))
    if width == 0 or width > limit:
        return _Band(0, plain, False)
    # JPEG smears the picture into the border's last line, or two
    off = np.abs(_opponent(lines[width : width + 4]) - colour)
    strength = off[..., 0].mean(axis=1)
    smeared = 0
    while smeared < 2 and smeared + 1 < len(strength) and strength[smeared] < settings.smear * strength[smeared + 1]:
        smeared += 1
    width += smeared
    # the first line that does not belong, or the next where an edge was smoothed
    off = off[smeared : smeared + 2]
    other = ((off[..., 0] > settings.step) | (off[..., 1:].max(axis=-1) > settings.chroma_tolerance)).mean(axis=1)
    return _Band(width, plain, bool(other.max() >= settings.step_share))


def _belongs(line: npt.NDArray[np.float32], colour: npt.NDArray[np.float32], settings: BorderSettings) -> bool:
    if float((np.abs(line[:, 0] - colour[0]) <= settings.pixel_tolerance).mean()) < settings.line_share:
        return False
    off = np.abs(np.median(line, axis=0) - colour)
    return bool(off[0] <= settings.drift and off[1:].max() <= settings.chroma_tolerance)


def _opponent(rgb: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """(..., 3) 8-bit RGB as Y (0 to 255), Cb and Cr (-128 to 128) of ITU-R BT.601, as in JPEG."""
    return np.asarray(rgb, dtype=np.float32) @ _TO_YCC
