"""Making a photograph's proof out of its pixels."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from judge_vision.photograph.counts import count
from judge_vision.photograph.proof import Proof, ProofSizes
from judge_vision.photograph.scale import sampled, scaled

U8 = npt.NDArray[np.uint8]

# A strip of half a megapixel, as float32 six megabytes: beside the picture nothing large is in memory.
_STRIP_PIXELS = 1 << 19
# Source rows times result rows make a matrix: of a picture one pixel wide, all rows at once would need half a gigabyte.
_STRIP_ROWS = 1024


def make_proof(image: Image.Image, sha256: str, sizes: ProofSizes) -> Proof:
    """The proof of an upright sRGB picture of mode RGB."""
    counts = dataclasses.asdict(count(image))
    return Proof(
        sha256,
        image.width,
        image.height,
        np.asarray(sampled(image, sizes.sample_px)),
        np.asarray(scaled(image, sizes.scaled_px)),
        linear_reduced(image, sizes.linear_px),
        {name: np.asarray(value, np.int64) for name, value in counts.items()},
    )


def linear_reduced(image: Image.Image, long_side_px: int) -> U8:
    """The picture with its longer side at most `long_side_px`, averaged over areas in linear light, in strips.

    uint8 [height, width, 3], sRGB. Each row of the result is the mean of the source rows that it covers, those at its
    ends by their share.
    """
    ratio = long_side_px / max(image.size)
    if ratio >= 1:
        return np.asarray(image)
    width, height = (max(1, round(side * ratio)) for side in image.size)
    sums = np.zeros((height, width * 3), np.float32)
    rows_each = image.height / height
    step = max(1, min(_STRIP_ROWS, _STRIP_PIXELS // image.width))
    for top in range(0, image.height, step):
        bottom = min(image.height, top + step)
        strip = np.asarray(image.crop((0, top, image.width, bottom)))
        narrow = cv2.resize(cv2.LUT(strip, _LINEAR), (width, bottom - top), interpolation=cv2.INTER_AREA)
        first, last = int(top / rows_each), min(height, int(np.ceil(bottom / rows_each)))
        starts = np.maximum(np.arange(first, last)[:, None] * rows_each, np.arange(top, bottom)[None, :])
        ends = np.minimum(np.arange(first + 1, last + 1)[:, None] * rows_each, np.arange(top + 1, bottom + 1)[None, :])
        shares = np.maximum(ends - starts, 0).astype(np.float32)
        sums[first:last] += shares @ narrow.reshape(bottom - top, -1)
    levels = np.clip(sums * np.float32((len(_ENCODED) - 1) / rows_each) + np.float32(0.5), 0, len(_ENCODED) - 1)
    encoded: U8 = np.take(_ENCODED, levels.astype(np.int32))
    return encoded.reshape(height, width, 3)


def _linear_table() -> npt.NDArray[np.float32]:
    """Linear light, 0 to 1, by 8-bit sRGB value (IEC 61966-2-1)."""
    levels = np.arange(256) / 255
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4).astype(np.float32)


_LINEAR = _linear_table()


def _encoded_table() -> U8:
    """8-bit sRGB of linear light in steps so fine that rounding to them moves no value by a hundredth of a level."""
    linear = np.linspace(0, 1, 1 << 20)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    table: U8 = np.rint(encoded * 255).astype(np.uint8)
    return table


_ENCODED = _encoded_table()
