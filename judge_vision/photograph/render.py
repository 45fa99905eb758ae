"""From a decoded picture, whatever its channels and depth, to upright 8-bit sRGB."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageCms

from judge_vision.photograph import colour
from judge_vision.photograph.colour import MatrixProfile, Profile, UInt8, UInt16
from judge_vision.photograph.decoders import decoding
from judge_vision.photograph.picture import Picture
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.photograph.sniff import boxes

# A strip of a million pixels: beside the picture and its result nothing large is ever in memory.
_STRIP_PIXELS = 1 << 20

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
Box = tuple[int, int, int, int]
"""Left, top, right and bottom, px."""
_ALPHA_MODES = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
_CHANNELS = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK", "LAB": "LAB"}


@dataclass
class ColourChoice:
    """Which colours the numbers in a file mean."""

    colour_space: str = colour.UNTAGGED
    profile: Profile | None = None
    """An embedded profile to convert from; None where none is needed."""
    space: MatrixProfile | None = None
    """A known space that the file names without embedding a profile."""
    icc_description: str | None = None
    notes: list[str] = field(default_factory=list)


def choose_colours(picture: Picture, data: bytes) -> ColourChoice:
    """What the file says about its colours: an embedded profile first, then PNG's, EXIF's and ISO BMFF's own words."""
    info = picture.image.info
    if info.get("icc_profile"):
        return _from_profile(bytes(info["icc_profile"]), picture)
    if picture.file_format in ("AVIF", "HEIC"):
        return _from_nclx(data)
    if picture.metadata.exif_adobe_rgb:
        note = "no profile embedded; EXIF says Adobe RGB, converted from that"
        return ColourChoice(colour.ADOBE_RGB, space=colour.KNOWN_SPACES[colour.ADOBE_RGB], notes=[note])
    if info.get("srgb") is not None or picture.metadata.exif_srgb:
        return ColourChoice(colour.SRGB)
    if picture.mode == "CMYK":
        return ColourChoice(notes=["CMYK without a profile; converted by formula, colours are approximate"])
    odd_gamma = abs(info.get("gamma", 1 / 2.2) - 1 / 2.2) > 0.02
    return ColourChoice(notes=["a PNG gamma that is not sRGB's was disregarded; sRGB assumed"] if odd_gamma else [])


def _from_profile(block: bytes, picture: Picture) -> ColourChoice:
    profile = colour.read_profile(block)
    if profile is None:
        return ColourChoice(notes=["the embedded colour profile is broken; sRGB assumed"])
    grey = picture.image.mode in ("1", "L", "LA", "La", "I", "I;16", "I;16B", "F")
    channels = "GRAY" if grey else _CHANNELS.get(picture.image.mode, "RGB")
    fits = profile.channels == channels or (grey and profile.channels == "RGB")
    if not fits:
        note = f"the embedded profile is for {profile.channels}, the picture is not; sRGB assumed"
        return ColourChoice(icc_description=profile.description, notes=[note])
    used = None if profile.is_srgb else profile
    notes = [f"converted from {profile.description or 'a profile without a name'} to sRGB"] if used else []
    return ColourChoice(profile.colour_space, used, None, profile.description, notes)


def _from_nclx(data: bytes) -> ColourChoice:
    """The colour information box of AVIF and HEIC (ISO 23001-8 codes): primaries and transfer function."""
    meta = next(((start, end) for kind, start, end in boxes(data) if kind == b"meta"), None)
    at = data.find(b"colrnclx", *meta) if meta else -1
    if at < 0 or at + 12 > len(data):
        return ColourChoice()
    primaries, transfer = (int.from_bytes(data[at + 8 + 2 * n : at + 10 + 2 * n], "big") for n in (0, 1))
    if transfer in (16, 18):
        return ColourChoice(colour.OTHER, notes=["high dynamic range (PQ or HLG) shown without tone mapping"])
    if primaries == 12:
        space = colour.KNOWN_SPACES[colour.DISPLAY_P3]
        return ColourChoice(colour.DISPLAY_P3, space=space, notes=["converted from Display P3 to sRGB"])
    if primaries == 9:
        return ColourChoice(colour.OTHER, notes=["BT.2020 colours without a profile; sRGB assumed"])
    return ColourChoice(colour.SRGB if primaries == 1 and transfer in (1, 6, 13) else colour.UNTAGGED)


def render(picture: Picture, choice: ColourChoice, settings: PrepareSettings) -> Image.Image:
    """The picture as displayed, mode RGB, 8-bit sRGB; adds to `picture.notes`. Raises PhotographError."""
    image = picture.image
    result = Image.new("RGB", image.size)
    transparent = False
    with decoding(picture.file_format):
        for box in _strips(*image.size):
            strip, alpha = _split_alpha(image.crop(box), picture, box)
            shown = _strip_to_srgb(strip, picture, choice, box)
            if alpha is not None and alpha.getextrema() != (255, 255):
                transparent = True
                shown = Image.composite(shown, Image.new("RGB", shown.size, (settings.alpha_background,) * 3), alpha)
            result.paste(shown, box[:2])
    if transparent:
        level = settings.alpha_background
        picture.notes.append(f"transparent pixels shown on {'white' if level == 255 else f'grey level {level}'}")
    return result


def turn_upright(image: Image.Image, orientation: int) -> Image.Image:
    """`image`, stored with this EXIF orientation, as it is meant to be seen."""
    return image.transpose(_TRANSPOSE[orientation]) if orientation in _TRANSPOSE else image


def _strips(width: int, height: int) -> Iterator[Box]:
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        yield 0, top, width, min(top + rows, height)


def _split_alpha(strip: Image.Image, picture: Picture, box: Box) -> tuple[Image.Image, Image.Image | None]:
    """A strip in one of the modes 1, L, RGB, CMYK, LAB, I;16 or F, and its transparency."""
    if "transparency" in strip.info and (picture.low is not None or strip.mode.startswith("I;16")):
        return strip, _alpha_of_key(strip, picture, box)
    keyed = "transparency" in strip.info and strip.mode in ("1", "L", "P", "RGB")
    if strip.mode in _ALPHA_MODES or keyed:
        grey = strip.mode in ("LA", "La", "L", "1")
        strip = strip.convert("LA").convert("RGBA") if strip.mode == "La" else strip.convert("RGBA")
        alpha = strip.getchannel("A")
        return (strip.getchannel("R") if grey else strip.convert("RGB")), alpha
    if strip.mode in ("P", "YCbCr", "RGBX", "HSV"):
        return strip.convert("RGB"), None
    if strip.mode == "I" and picture.file_format != "PPM":
        raise NotImplementedError("samples of 32-bit or signed whole numbers are not supported")
    return strip, None


def _alpha_of_key(strip: Image.Image, picture: Picture, box: Box) -> Image.Image:
    """The transparency of a 16-bit PNG in which one colour, the same in all its bits, is not to be seen."""
    deep = _sixteen_bits(strip, picture, box)
    seen = np.any(deep != np.asarray(strip.info["transparency"]), axis=-1)
    return Image.fromarray(np.where(seen, np.uint8(255), np.uint8(0)))


def _strip_to_srgb(strip: Image.Image, picture: Picture, choice: ColourChoice, box: Box) -> Image.Image:
    deep = _sixteen_bits(strip, picture, box)
    if deep is None and choice.space is not None and strip.mode in ("L", "RGB"):
        deep = np.atleast_3d(np.asarray(strip)).astype(np.uint16) * 257
    if deep is None:
        return _eight_bits_to_srgb(strip, choice.profile)
    matrix = choice.profile.matrix if choice.profile else choice.space
    if matrix is not None:
        if choice.profile and choice.profile.channels == "RGB" and deep.shape[-1] == 1:
            deep = np.repeat(deep, 3, axis=-1)
        return _image_of(matrix.to_srgb8(deep))
    # 255 v / 65535, rounded
    return _eight_bits_to_srgb(_image_of(((deep.astype(np.uint32) + 128) // 257).astype(np.uint8)), choice.profile)


def _sixteen_bits(strip: Image.Image, picture: Picture, box: Box) -> UInt16 | None:
    """The strip as uint16 [height, width, channels], white 65535, where the file has more than 8 bits."""
    if picture.low is not None:
        low = picture.low.crop(box)
        low = low if low.mode == strip.mode else low.convert(strip.mode)
        both: UInt16 = np.asarray(strip).astype(np.uint16) * np.uint16(256) + np.asarray(low)
        return both
    if strip.mode == "F":
        values = np.nan_to_num(np.asarray(strip, dtype=np.float64), nan=0.0)
        note = "values beyond 0 to 1 were clipped"
        if (values.min() < 0 or values.max() > 1) and note not in picture.notes:
            picture.notes.append(note)
        deep = _levels(values)
    elif strip.mode == "I" or strip.mode.startswith("I;16"):
        deep = _levels(np.asarray(strip, dtype=np.float64) / picture.grey_levels)
    else:
        return None
    return np.uint16(65535) - deep if picture.inverted else deep


def _levels(values: colour.Float) -> UInt16:
    """Values in 0..1, clipped, as uint16 [height, width, 1]."""
    levels: UInt16 = np.rint(np.clip(values, 0, 1) * 65535).astype(np.uint16)[..., np.newaxis]
    return levels


def _eight_bits_to_srgb(strip: Image.Image, profile: Profile | None) -> Image.Image:
    if strip.mode == "1":
        strip = strip.convert("L")
    if profile is None:
        return strip.convert("RGB") if strip.mode != "LAB" else _lab_to_srgb(strip)
    if profile.channels == "RGB" and strip.mode != "RGB":
        strip = strip.convert("RGB")
    return profile.to_srgb(strip)


def _lab_to_srgb(strip: Image.Image) -> Image.Image:
    transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
    converted = ImageCms.applyTransform(strip, transform)
    assert converted is not None
    return converted


def _image_of(pixels: UInt8) -> Image.Image:
    """uint8 [height, width, 3 or 1] as a picture of mode RGB."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).convert("RGB")
