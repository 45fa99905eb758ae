"""From the colours that a file means to 8-bit sRGB.

Relative colorimetric with black point compensation: colours that sRGB can show stay exactly what they are, so a neutral
grey stays neutral and the tonal figures mean the same in every colour space; the compensation keeps the darkest ink of
a CMYK picture from turning grey. Perceptual rendering would move every colour, by a recipe that each profile's maker
chose, and the profiles of photographs (a matrix and three curves) hold no such recipe anyway.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from judge_vision.photograph.metadata import clean_text

UInt8 = npt.NDArray[np.uint8]
UInt16 = npt.NDArray[np.uint16]
Float = npt.NDArray[np.float64]
Curve = Callable[[Float], Float]

SRGB = "sRGB"
ADOBE_RGB = "Adobe RGB (1998)"
DISPLAY_P3 = "Display P3"
PROPHOTO = "ProPhoto RGB"
UNTAGGED = "untagged"
OTHER = "other"

# Linear RGB to XYZ (D50, adapted by Bradford's matrix): a row for X, Y and Z. Sources: IEC 61966-2-1, Adobe RGB (1998)
# Color Image Encoding, SMPTE EG 432-1 with D65, ISO 22028-2.
_TO_XYZ = {
    SRGB: ((0.43607, 0.38515, 0.14307), (0.22249, 0.71687, 0.06061), (0.01392, 0.09708, 0.71410)),
    ADOBE_RGB: ((0.60974, 0.20528, 0.14919), (0.31111, 0.62567, 0.06322), (0.01947, 0.06087, 0.74457)),
    DISPLAY_P3: ((0.51512, 0.29198, 0.15710), (0.24120, 0.69225, 0.06657), (-0.00105, 0.04189, 0.78407)),
    PROPHOTO: ((0.79767, 0.13519, 0.03134), (0.28804, 0.71188, 0.00009), (0.0, 0.0, 0.82491)),
}
# Makers round their colorants differently; the spaces above lie more than ten times as far apart.
_COLORANT_TOLERANCE = 0.004
# A profile that moves no colour by more than this is sRGB, whatever it calls itself: the roundings of two ways to write
# the same curve.
_SAME_LEVELS = 2


def srgb_to_linear(encoded: Float) -> Float:
    """IEC 61966-2-1; values in 0..1."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((np.maximum(encoded, 0.04045) + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: Float) -> Float:
    """IEC 61966-2-1; values in 0..1."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)


@dataclass(frozen=True)
class MatrixProfile:
    """A colour space of three curves and a matrix, or of one curve for grey.

    Unlike LittleCMS as Pillow offers it, this takes 16 bits per channel: rounding to 8 bits comes last.
    """

    curves: tuple[Curve, ...]
    to_xyz: tuple[tuple[float, ...], ...] | None = None

    @cached_property
    def _linear(self) -> npt.NDArray[np.float32]:
        steps = np.arange(65536) / 65535
        return np.stack([curve(steps) for curve in self.curves]).astype(np.float32)

    @cached_property
    def _matrix(self) -> list[list[float]] | None:
        if self.to_xyz is None:
            return None
        matrix: list[list[float]] = (np.linalg.inv(np.array(_TO_XYZ[SRGB])) @ np.array(self.to_xyz)).tolist()
        return matrix

    def to_srgb8(self, pixels: UInt16) -> UInt8:
        """uint16 [height, width, 3 or 1] of this space as uint8 sRGB of the same shape; out of gamut is clipped."""
        count = pixels.shape[-1]
        linear = [self._linear[min(c, len(self.curves) - 1)][pixels[..., c]] for c in range(count)]
        if self._matrix is not None and count == 3:
            # written out: a matrix product may round differently on another processor
            red, green, blue = linear
            linear = [red * row[0] + green * row[1] + blue * row[2] for row in self._matrix]
        levels = [np.rint(np.clip(channel, 0, 1) * 65535).astype(np.uint16) for channel in linear]
        shown: UInt8 = _encoded_levels()[np.stack(levels, axis=-1)]
        return shown


@cache
def _encoded_levels() -> UInt8:
    """The sRGB level of each linear value in 65,535ths; even the darkest level spans twenty of them."""
    levels: UInt8 = np.rint(linear_to_srgb(np.arange(65536) / 65535) * 255).astype(np.uint8)
    return levels


KNOWN_SPACES = {
    ADOBE_RGB: MatrixProfile((lambda v: v ** (563 / 256),) * 3, _TO_XYZ[ADOBE_RGB]),
    DISPLAY_P3: MatrixProfile((srgb_to_linear,) * 3, _TO_XYZ[DISPLAY_P3]),
}


@dataclass(frozen=True)
class Profile:
    """An embedded ICC profile that LittleCMS accepts."""

    data: bytes
    description: str | None
    channels: str
    """RGB, GRAY, CMYK or Lab"""
    colour_space: str

    @property
    def is_srgb(self) -> bool:
        """Pixels of this profile are sRGB as they stand."""
        return self.colour_space == SRGB

    @cached_property
    def matrix(self) -> MatrixProfile | None:
        """The profile as curves and matrix; None for one that has tables."""
        try:
            return _parse_matrix(self.data, self.channels)
        except (struct.error, IndexError, KeyError, ValueError):
            return None

    @cached_property
    def _transforms(self) -> dict[str, ImageCms.ImageCmsTransform]:
        return {}

    def to_srgb(self, pixels: Image.Image) -> Image.Image:
        """An 8-bit picture of this profile's channels as RGB. Raises ImageCms.PyCMSError where LittleCMS refuses it."""
        if pixels.mode not in self._transforms:
            self._transforms[pixels.mode] = _transform(self.data, pixels.mode)
        converted = ImageCms.applyTransform(pixels, self._transforms[pixels.mode])
        assert converted is not None  # only in-place conversions return nothing
        return converted


def read_profile(data: bytes) -> Profile | None:
    """The profile, or None for one that is broken or of no use for pictures."""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(data))
        channels = opened.profile.xcolor_space.strip().upper()
        mode = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "LAB": "LAB"}.get(channels)
        if mode is None:
            return None
        _transform(data, mode)
        space = _classify(opened, data) if mode == "RGB" else OTHER
        return Profile(data, clean_text(opened.profile.profile_description), channels, space)
    # what LittleCMS says about hostile bytes arrives as several kinds of exception
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None


def _transform(data: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(data)),
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _classify(opened: ImageCms.ImageCmsProfile, data: bytes) -> str:
    cube = Image.new("RGB", (729, 1))
    cube.putdata([(r, g, b) for r, g, b in product((0, 8, 32, 64, 96, 128, 160, 208, 255), repeat=3)])
    shown = ImageCms.applyTransform(cube, _transform(data, "RGB"))
    moved = np.abs(np.asarray(cube, np.int16) - np.asarray(shown, np.int16))
    if moved.max() <= _SAME_LEVELS:
        return SRGB
    profile = opened.profile
    colorants = (profile.red_colorant, profile.green_colorant, profile.blue_colorant)
    if not all(colorants):
        return OTHER
    found = np.array([colorant[0] for colorant in colorants if colorant]).T
    # sRGB's colorants with another curve are another space, therefore not sRGB's turn again
    for name in (ADOBE_RGB, DISPLAY_P3, PROPHOTO):
        if np.abs(found - np.array(_TO_XYZ[name])).max() <= _COLORANT_TOLERANCE:
            return name
    return OTHER


def _parse_matrix(data: bytes, channels: str) -> MatrixProfile | None:
    """Curves and colorants by ICC.1:2022, sections 8.3, 10.6 (curv), 10.18 (para) and 10.31 (XYZ)."""
    count = struct.unpack_from(">I", data, 128)[0]
    entries = (struct.unpack_from(">4sII", data, 132 + 12 * index) for index in range(min(count, 100)))
    tags = {name: data[offset : offset + size] for name, offset, size in entries}
    if any(name.startswith((b"A2B", b"B2A", b"D2B")) for name in tags):
        return None
    if channels == "GRAY":
        return MatrixProfile((_curve(tags[b"kTRC"]),))
    if channels != "RGB":
        return None
    colorants = [[value / 65536 for value in struct.unpack_from(">3i", tags[name], 8)] for name in _COLORANT_TAGS]
    curves = tuple(_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
    return MatrixProfile(curves, tuple(zip(*colorants, strict=True)))


_COLORANT_TAGS = (b"rXYZ", b"gXYZ", b"bXYZ")


def _curve(tag: bytes) -> Curve:
    if tag[:4] == b"curv":
        count = struct.unpack_from(">I", tag, 8)[0]
        if count == 0:
            return lambda v: v
        if count == 1:
            gamma = struct.unpack_from(">H", tag, 12)[0] / 256
            return lambda v: v**gamma
        table = np.array(struct.unpack_from(f">{count}H", tag, 12)) / 65535
        return lambda v: np.interp(v, np.linspace(0, 1, count), table)
    if tag[:4] == b"para":
        kind = struct.unpack_from(">H", tag, 8)[0]
        numbers = [value / 65536 for value in struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}i", tag, 12)]
        return _parametric(kind, numbers)
    raise ValueError("a curve of an unknown type")


def _parametric(kind: int, numbers: list[float]) -> Curve:
    """Function types 0 to 4 of parametricCurveType, all as the last one: (a x + b)^g + e from d on, c x + f below."""
    g, a, b, c, d, e, f = 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if kind == 0:
        (g,) = numbers
    elif kind in (1, 2):
        g, a, b = numbers[:3]
        d = -b / a if a else 0.0
        e = f = numbers[3] if kind == 2 else 0.0
    elif kind == 3:
        g, a, b, c, d = numbers
    else:
        g, a, b, c, d, e, f = numbers
    return lambda v: np.clip(np.where(v >= d, np.maximum(a * v + b, 0) ** g + e, c * v + f), 0, 1)
