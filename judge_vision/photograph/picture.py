"""Opening and decoding a file: from its bytes to a picture in memory, in its own colours and its own depth."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np
from PIL import ExifTags, Image, ImageFile

from judge_vision.failure import ErrorType, PhotographError
from judge_vision.photograph.decoders import check_size, decoding
from judge_vision.photograph.metadata import Metadata, exif_of, read_metadata
from judge_vision.photograph.opening import open_picture
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.photograph.sniff import jxl_size, looks_like_text, sniff, unsupported_name
from judge_vision.photograph.tiff import (
    depth_of,
    high_bytes_only,
    in_planes,
    mend_samples,
    planes_refused,
    rawmode_of,
    with_rawmode,
)

# Decoders of these turn the picture upright themselves.
_UPRIGHT = frozenset({"TIFF", "HEIC", "JXL"})
# How Pillow names 16-bit samples of a colour picture, or of one of its planes; the letter after 16 tells where the high
# byte is.
_DEEP_RAWMODES = frozenset(f"{mode};16{order}" for mode in ("RGB", "RGBA", "RGBX", *"RGBA") for order in "LBN")
# Ways of packing floats that OpenCV unpacks: none, LZW, Deflate (two numbers) and PackBits.
_FLOAT_COMPRESSIONS = frozenset({1, 5, 8, 32946, 32773})
_FRAME_WORDS = {"TIFF": "pages", "JPEG": "pictures", "HEIC": "pictures"}


@dataclass
class Picture:
    """A decoded picture.

    `image` holds 8 bits per channel, or one channel of 16 bits (modes I;16, I;16B) or of 32-bit floats in 0..1 (F).
    `low`, if any, has the same mode and size and holds the low bytes of 16-bit channels whose high bytes `image` has.
    """

    image: Image.Image
    file_format: str
    metadata: Metadata
    stored_width: int
    stored_height: int
    low: Image.Image | None = None
    orientation: int = 1
    """EXIF orientation that the file asks for, 1 to 8."""
    upright: bool = False
    """The decoder has applied the orientation."""
    mode: str = ""
    bit_depth: int | None = None
    grey_levels: int = 65535
    """The value of white in a one-channel 16-bit picture."""
    inverted: bool = False
    """In a one-channel picture of 16 bits or floats 0 is white."""
    notes: list[str] = field(default_factory=list)


def identify(data: bytes) -> str:
    """The format of a file by content. Raises PhotographError where it is none that we read."""
    file_format = sniff(data)
    if file_format:
        return file_format
    name = unsupported_name(data)
    if name:
        raise PhotographError(ErrorType.UNSUPPORTED, f"this is {name}; save the photograph as JPEG, PNG or TIFF")
    if looks_like_text(data):
        raise PhotographError(
            ErrorType.NOT_AN_IMAGE,
            "the file holds text, not a picture; take it out of the folder, or send the photograph itself",
        )
    raise PhotographError(
        ErrorType.NOT_AN_IMAGE,
        "the content is of no picture format that we know; save the photograph as JPEG, PNG or TIFF",
    )


def decode(data: bytes, file_format: str, settings: PrepareSettings) -> Picture:
    """`data`, a file of `file_format` (not RAW), decoded to its last pixel. Raises PhotographError."""
    with decoding(file_format):
        size = jxl_size(data) if file_format == "JXL" else None
        if size:
            check_size(*size, settings)
        try:
            image = open_picture(data, file_format)
        except SyntaxError:
            tags = _colour_tags(data) if file_format == "TIFF" else None
            if tags is None:
                raise
            return _decode_float_tiff(data, tags, settings)
        check_size(*image.size, settings)
        notes = _frames_note(image, data, file_format)
        picture = Picture(image, file_format, Metadata(), *image.size, mode=image.mode, notes=notes)
        if file_format == "TIFF":
            mend_samples(image)
            _read_tiff_tags(picture, image)
        low = _open_low_bytes(image, data, file_format)
        image.load()
        if low is not None:
            low.load()
            picture.low = low
    if file_format != "TIFF":
        picture.orientation = _orientation(image)
    picture.upright = file_format in _UPRIGHT
    if picture.upright and file_format != "TIFF":
        picture.orientation = 1
    picture.bit_depth = picture.bit_depth or _bit_depth(image, data, file_format)
    picture.metadata = read_metadata(image)
    return picture


def _orientation(image: Image.Image) -> int:
    try:
        value = exif_of(image).get(ExifTags.Base.Orientation, 1)
    # a damaged EXIF block costs the orientation, not the photograph; `read_metadata` notes the damage
    except Exception:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _frames_note(image: ImageFile.ImageFile, data: bytes, file_format: str) -> list[str]:
    if not getattr(image, "is_animated", False):
        return []
    words = _FRAME_WORDS.get(file_format, "frames")
    try:
        # counted on a second handle: counting moves about in the file
        count = getattr(open_picture(data, file_format), "n_frames", 1)
    # a chain of pages that leads nowhere costs the count only
    except Exception:
        return [f"first of several {words} used"]
    which = "main one" if file_format == "HEIC" else "first"
    return [f"{which} of {count} {words} used"] if count > 1 else []


def _read_tiff_tags(picture: Picture, image: ImageFile.ImageFile) -> None:
    """What Pillow forgets once it has decoded a TIFF."""
    tags = getattr(image, "tag_v2", {})
    orientation = tags.get(ExifTags.Base.Orientation, 1)
    if isinstance(orientation, int) and 1 <= orientation <= 8:
        picture.orientation = orientation
    if picture.orientation >= 5:
        picture.stored_width, picture.stored_height = picture.stored_height, picture.stored_width
    picture.bit_depth = depth_of(tags)
    if image.mode.startswith("I;16"):
        picture.grey_levels = (1 << picture.bit_depth) - 1
    if image.mode == "F" or image.mode.startswith("I;16"):
        picture.inverted = tags.get(ExifTags.Base.PhotometricInterpretation) == 0
    if high_bytes_only(image):
        picture.notes.append("16-bit channels stored each by itself and compressed; read at 8 bits")


def _open_low_bytes(image: ImageFile.ImageFile, data: bytes, file_format: str) -> ImageFile.ImageFile | None:
    """A second handle on a picture with 16-bit colour channels, made to read the low bytes instead of the high ones.

    Pillow keeps the high byte of each sample. Telling it the other byte order gives the low one, in a second pass.
    """
    rawmodes = {rawmode_of(tile) for tile in image.tile}
    if file_format not in ("PNG", "TIFF") or not rawmodes or not rawmodes <= _DEEP_RAWMODES:
        return None
    if high_bytes_only(image):
        return None
    low = open_picture(data, file_format)
    if file_format == "TIFF":
        mend_samples(low)
    low.tile = [_with_swapped_bytes(tile) for tile in low.tile]
    return low


def _with_swapped_bytes(tile: ImageFile._Tile) -> ImageFile._Tile:
    rawmode = rawmode_of(tile)
    native = "L" if struct.pack("=H", 1) == b"\x01\x00" else "B"
    order = native if rawmode[-1] == "N" else rawmode[-1]
    swapped = rawmode[:-1] + {"L": "B", "B": "L"}[order]
    return with_rawmode(tile, swapped)


def _bit_depth(image: Image.Image, data: bytes, file_format: str) -> int | None:
    """Bits per channel in the file; None where its format tells only the decoder."""
    if file_format == "PNG":
        return data[24]
    if file_format == "HEIC":
        return int(image.info.get("bit_depth", 8))
    if file_format == "AVIF":
        # PixelInformationProperty (ISO 23008-12, 6.5.6): name, version and flags, number of channels, bits of each
        at = data.find(b"pixi", 0, 65536)
        return data[at + 9] if 0 <= at < len(data) - 9 else None
    if file_format == "JXL":
        return None
    return {"1": 1, "I": 16, "I;16": 16, "F": 32}.get(image.mode, 8)


def _colour_tags(data: bytes) -> Image.Exif | None:
    """The tags of a TIFF that Pillow does not read; None where they are damaged too, or say nothing of its samples."""
    tags = Image.Exif()
    try:
        tags.load(data)
    except Exception:
        return None
    sized = all(isinstance(tags.get(tag), int) for tag in (ExifTags.Base.ImageWidth, ExifTags.Base.ImageLength))
    return tags if sized and ExifTags.Base.BitsPerSample in tags else None


def _decode_float_tiff(data: bytes, tags: Image.Exif, settings: PrepareSettings) -> Picture:
    """A TIFF of 32-bit floating-point colour, which Pillow does not read; values are 0 (black) to 1 (white)."""
    if in_planes(tags):
        raise planes_refused()
    width, height = int(tags[ExifTags.Base.ImageWidth]), int(tags[ExifTags.Base.ImageLength])
    depths, kinds = tags[ExifTags.Base.BitsPerSample], tags.get(ExifTags.Base.SampleFormat)
    colours, packing = tags.get(ExifTags.Base.PhotometricInterpretation), tags.get(ExifTags.Base.Compression, 1)
    if depths not in ((32,) * 3, (32,) * 4) or kinds not in (3, (3,) * 3, (3,) * 4):
        raise ValueError(f"unsupported TIFF: bits per sample {depths}, sample format {kinds}")
    if colours != 2 or packing not in _FLOAT_COMPRESSIONS:
        raise ValueError(f"unsupported TIFF of floats: photometric interpretation {colours}, compression {packing}")
    check_size(width, height, settings)
    import cv2  # a large library that only these files need

    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.float32 or pixels.shape[:2] != (height, width) or pixels.ndim != 3:
        raise ValueError("its floating-point samples cannot be decoded")
    beyond = not bool(np.all((pixels >= 0) & (pixels <= 1)))
    deep = np.rint(np.clip(np.nan_to_num(pixels[..., 2::-1]), 0, 1) * 65535).astype(np.uint16)
    high, low = (Image.fromarray(part.astype(np.uint8)) for part in (deep >> 8, deep & 255))
    if isinstance(tags.get(34675), bytes):  # InterColorProfile
        high.info["icc_profile"] = tags[34675]
    orientation = tags.get(ExifTags.Base.Orientation, 1)
    return Picture(
        image=high,
        low=low,
        file_format="TIFF",
        metadata=read_metadata(high, data),
        stored_width=width,
        stored_height=height,
        orientation=orientation if orientation in range(1, 9) else 1,
        mode="RGB",
        bit_depth=32,
        notes=["values beyond 0 to 1 were clipped"] if beyond else [],
    )
