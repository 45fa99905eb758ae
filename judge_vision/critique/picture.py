"""The picture as it is sent: a JPEG of a set size without metadata, as a data URL with its true type."""

from __future__ import annotations

import base64
import io

import numpy as np
import numpy.typing as npt
from PIL import Image


def data_url(pixels: npt.NDArray[np.uint8], side_px: int, quality: int) -> str:
    """uint8 [height, width, 3] sRGB, scaled down to `side_px` on its longer side, never up.

    Only pixels travel: no EXIF, no file name, no maker.
    """
    picture = Image.fromarray(pixels)
    picture.thumbnail((side_px, side_px), Image.Resampling.LANCZOS, reducing_gap=3.0)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
