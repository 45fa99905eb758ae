"""Camera RAW: the preview that the camera embedded, or the RAW developed where that is too small."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from judge_vision.failure import PhotographError
from judge_vision.photograph.decoders import check_size, decoding
from judge_vision.photograph.metadata import read_metadata
from judge_vision.photograph.picture import Picture, decode
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.photograph.sniff import RAW

# LibRaw's `flip`, quarter turns to make the sensor's picture upright, as EXIF orientation.
_FLIP_TO_ORIENTATION = {0: 1, 3: 3, 5: 8, 6: 6}


def decode_raw(data: bytes, settings: PrepareSettings) -> Picture:
    """A camera RAW as a picture; its notes say what was used. Raises PhotographError."""
    with decoding(RAW):
        import rawpy  # LibRaw, which only RAW files need

        with rawpy.imread(io.BytesIO(data)) as raw:
            width, height, flip = raw.sizes.width, raw.sizes.height, raw.sizes.flip
            check_size(width, height, settings)
            preview = _preview(raw, rawpy)
            picture = _use_preview(preview, flip, max(width, height), settings) if preview else None
            if picture is None:
                # as the camera balanced it; brightness as LibRaw sees fit, for a RAW has none of its own
                pixels = raw.postprocess(use_camera_wb=True, output_color=rawpy.ColorSpace.sRGB, output_bps=8)
                image = Image.fromarray(pixels)
                tiff = data if data[:2] in (b"II", b"MM") else None
                picture = Picture(image, RAW, read_metadata(image, tiff), width, height, mode="RGB", upright=True)
                picture.notes = [*picture.metadata.notes, "RAW developed by LibRaw with the camera's white balance"]
            white = raw.white_level
    picture.file_format = RAW
    picture.stored_width, picture.stored_height = width, height
    picture.bit_depth = int(white).bit_length() if white else None
    return picture


def _preview(raw: Any, rawpy: Any) -> bytes | None:
    try:
        thumbnail = raw.extract_thumb()
    except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError):
        return None
    return bytes(thumbnail.data) if thumbnail.format == rawpy.ThumbFormat.JPEG else None


def _use_preview(preview: bytes, flip: int, longer_side: int, settings: PrepareSettings) -> Picture | None:
    """The preview as a picture, or None where it is too small or damaged."""
    try:
        picture = decode(preview, "JPEG", settings)
    except PhotographError:
        return None
    image = picture.image
    if max(image.size) < settings.raw_preview_min_share * longer_side:
        return None
    turned = flip in (5, 6) and image.height > image.width
    if picture.orientation == 1 and not turned:
        picture.orientation = _FLIP_TO_ORIENTATION.get(flip, 1)
    picture.notes.append(f"embedded preview of {image.width} x {image.height} pixels used")
    return picture
