"""Opening a picture file with exactly one decoder: the one for the format that its content has."""

from __future__ import annotations

import importlib
import io
from typing import Any

from PIL import Image, ImageFile

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
