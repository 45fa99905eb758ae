"""Making a photograph's proof out of its pixels."""

from __future__ import annotations

import dataclasses
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from judge_vision.photograph.counting import add_strip, luma_of, strips
from judge_vision.photograph.counts import Counts
from judge_vision.photograph.proof import Proof, ProofSizes
from judge_vision.photograph.scale import sampled, scaled

U8 = npt.NDArray[np.uint8]

# Rows that are reduced at once: few enough to stay in a core's cache in floating point, and for their matrix of rows by
# rows to be small beside them.
_BLOCK_PIXELS = 1 << 15
_LEAST_ROWS, _MOST_ROWS = 8, 64


def make_proof(image: Image.Image, sha256: str, sizes: ProofSizes) -> Proof:
    """The proof of an upright sRGB picture of mode RGB."""
    counts, linear = counts_and_reduction(image, sizes.linear_px)
    return Proof(
        sha256,
        image.width,
        image.height,
        {name: np.asarray(value, np.int64) for name, value in dataclasses.asdict(counts).items()},
        {
            "sample": np.asarray(sampled(image, sizes.sample_px)),
            "scaled": np.asarray(scaled(image, sizes.scaled_px)),
            "linear": linear,
        },
    )


def counts_and_reduction(image: Image.Image, long_side_px: int) -> tuple[Counts, U8]:
    """`count` and `linear_reduced` (uint8 [height, width, 3]) in one pass.

    To take a strip out of Pillow's memory costs as much as to count it.
    """
    counts, reduction = Counts(), _Reduction(image, long_side_px)
    for strip, top, above, below in strips(image):
        pixels = np.asarray(strip)
        add_strip(counts, pixels, luma_of(strip), above, below)
        reduction.add(pixels[above : len(pixels) - below], top)
    return counts, reduction.result()


def linear_reduced(image: Image.Image, long_side_px: int) -> U8:
    """The picture with its longer side at most `long_side_px`, averaged over areas in linear light.

    uint8 [height, width, 3].
    """
    reduction = _Reduction(image, long_side_px)
    for strip, top, above, below in strips(image):
        pixels = np.asarray(strip)
        reduction.add(pixels[above : len(pixels) - below], top)
    return reduction.result()


class _Reduction:
    """A picture averaged over areas in linear light, out of strips of it.

    uint8 [height, width, 3], sRGB. Each row of the result is the mean of the source rows that it covers, those at its
    ends by their share.
    """

    def __init__(self, image: Image.Image, long_side_px: int) -> None:
        ratio = long_side_px / max(image.size)
        self._as_it_is = image if ratio >= 1 else None
        self._width, self._height = (max(1, round(side * ratio)) for side in image.size)
        self._rows_each = image.height / self._height
        self._sums = np.zeros((0 if self._as_it_is else self._height, self._width * 3), np.float32)

    def add(self, strip: U8, top: int) -> None:
        """Add the source rows from `top` on, uint8 [rows, width, 3]."""
        if self._as_it_is:
            return
        rows = min(_MOST_ROWS, max(_LEAST_ROWS, _BLOCK_PIXELS // strip.shape[1]))
        for first in range(0, len(strip), rows):
            self._add_block(strip[first : first + rows], top + first)

    def _add_block(self, strip: U8, top: int) -> None:
        bottom = top + len(strip)
        narrow = cv2.resize(cv2.LUT(strip, _LINEAR), (self._width, len(strip)), interpolation=cv2.INTER_AREA)
        first, last = int(top / self._rows_each), min(self._height, int(np.ceil(bottom / self._rows_each)))
        rows, sources = np.arange(first, last)[:, None], np.arange(top, bottom)[None, :]
        starts = np.maximum(rows * self._rows_each, sources)
        ends = np.minimum((rows + 1) * self._rows_each, sources + 1)
        shares = np.maximum(ends - starts, 0).astype(np.float32)
        self._sums[first:last] += shares @ narrow.reshape(len(strip), -1)

    def result(self) -> U8:
        """uint8 [height, width, 3], sRGB."""
        if self._as_it_is:
            return np.asarray(self._as_it_is)
        encoded = np.empty(self._sums.shape, np.uint8)
        table = _encoded_table()
        scale = np.float32((len(table) - 1) / self._rows_each)
        # a few rows at a time: what is in the core's cache is not fetched again
        for first in range(0, self._height, _LEAST_ROWS):
            rows = slice(first, first + _LEAST_ROWS)
            levels = (self._sums[rows] * scale + np.float32(0.5)).astype(np.intp)
            np.take(table, levels, out=encoded[rows], mode="clip")
        return encoded.reshape(self._height, self._width, 3)


def _linear_table() -> npt.NDArray[np.float32]:
    """Linear light, 0 to 1, by 8-bit sRGB value (IEC 61966-2-1)."""
    levels = np.arange(256) / 255
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4).astype(np.float32)


_LINEAR = _linear_table()


@cache
def _encoded_table() -> U8:
    """8-bit sRGB of linear light in steps so fine that rounding to them moves no value by a hundredth of a level."""
    linear = np.linspace(0, 1, 1 << 20)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    table: U8 = np.rint(encoded * 255).astype(np.uint8)
    return table
