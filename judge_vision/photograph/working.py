"""The pixels of a prepared photograph, for whoever measures them. Standard library, NumPy and Pillow only."""

from __future__ import annotations

import hashlib
import importlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from judge_vision.failure import ErrorType, PhotographError
from judge_vision.photograph.names import locate

# Pillow registers a format when its plugin is imported; importing just the one needed keeps the others, some of which
# run programs, out of reach.
_PLUGINS = {
    "JPEG": "PIL.JpegImagePlugin",
    "PNG": "PIL.PngImagePlugin",
    "TIFF": "PIL.TiffImagePlugin",
    "WEBP": "PIL.WebPImagePlugin",
    "AVIF": "PIL.AvifImagePlugin",
    "GIF": "PIL.GifImagePlugin",
    "BMP": "PIL.BmpImagePlugin",
    "PPM": "PIL.PpmImagePlugin",
}


def open_picture(data: bytes, file_format: str) -> ImageFile.ImageFile:
    """`data` opened, not yet decoded, by Pillow's plugin for `file_format` and no other.

    Raises SyntaxError, with the plugin's own reason, where the header is damaged or a variant is not supported, and
    ImportError where the format needs a library that is not installed.
    """
    # Pillow's limit would warn or refuse at a number of its own; `prepare` refuses at the configured one.
    Image.MAX_IMAGE_PIXELS = None
    # Not Image.open: it keeps the reason to itself.
    factory, _ = Image.OPEN[_register(file_format)]
    opened = factory(io.BytesIO(data), "")
    assert isinstance(opened, ImageFile.ImageFile)
    return opened


def _register(file_format: str) -> str:
    """Make Pillow know the format; return Pillow's name for it."""
    if file_format == "HEIC":
        import pillow_heif

        pillow_heif.register_heif_opener(decode_threads=1)
        return "HEIF"
    if file_format == "JXL":
        import pillow_jxl
        from pillow_jxl import JpegXLImagePlugin

        assert pillow_jxl
        JpegXLImagePlugin.DECODE_THREADS = 0  # one photograph a core is decoded at once: threads would only queue
        return "JXL"
    plugin: Any = importlib.import_module(_PLUGINS[file_format])
    if file_format == "AVIF":
        plugin.DEFAULT_MAX_THREADS = 1
    return file_format


def open_working(photo_root: Path, work_folder: Path, facts: dict[str, Any]) -> npt.NDArray[np.uint8]:
    """The pixels of a prepared photograph as displayed: uint8 [height, width, 3], sRGB.

    `facts` is the record of `prepare`. The working copy in `work_folder` is read, or the original below `photo_root`
    where that is in this form already, and then its SHA-256 must still be the recorded one.
    Raises PhotographError: changed, missing, unreadable, or internal where the working copy is gone.
    """
    if facts["working"] is not None:
        try:
            data = (work_folder / facts["working"]).read_bytes()
        except FileNotFoundError:
            raise PhotographError(ErrorType.INTERNAL, "its working copy is gone; run again") from None
        return _pixels(data, "PNG")
    try:
        data = locate(photo_root, facts["image"]).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise PhotographError(ErrorType.MISSING, "the file vanished during the run") from None
    except OSError as error:
        raise PhotographError(ErrorType.UNREADABLE, f"the file cannot be read: {error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != facts["sha256"]:
        raise PhotographError(ErrorType.CHANGED, "the file changed during the run; run again")
    return _pixels(data, facts["format"])


def _pixels(data: bytes, file_format: str) -> npt.NDArray[np.uint8]:
    with open_picture(data, file_format) as picture:
        return np.asarray(picture)
