"""Counting all pixels of a picture, exactly, in one pass.

Grey is that of OpenCV and luma that of Pillow (both ITU-R BT.601, rounded differently); their values are whole numbers,
so 256 counts replace a picture, and rows can be taken in strips: memory stays flat at any size.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from judge_vision.photograph.counts import Counts

U8 = npt.NDArray[np.uint8]

# Small enough for a core's cache, even in floating point, and every count stays far below 2^24. Not fewer rows than
# LEAST, as one above and one below are read twice.
_STRIP_PIXELS = 1 << 18
_LEAST_ROWS = 32
# Pillow's FIND_EDGES: eight times the pixel less its eight neighbours, cut off at 0 and 255.
_FIND_EDGES = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], np.float32)


def _saturation_table() -> npt.NDArray[np.float64]:
    """HSV saturation, 0 to 255, by [largest, smallest] channel value: Pillow divides in float32 and truncates."""
    largest, smallest = np.mgrid[0:256, 0:256].astype(np.float32)
    share = np.where(largest > smallest, (largest - smallest) / np.maximum(largest, 1), np.float32(0))
    table: npt.NDArray[np.float64] = np.floor(share.astype(np.float64) * 255.0)
    return table


_SATURATION = _saturation_table()


def add_strip(counts: Counts, strip: U8, luma: U8, above: int, below: int) -> None:
    """Count a strip of rows, uint8 [rows, width, 3], and its luma, uint8 [rows, width].

    Its first `above` and last `below` rows (0 or 1) belong to the neighbouring strips and serve the filters only.
    """
    own = slice(above, strip.shape[0] - below)
    grey: U8 = np.asarray(cv2.cvtColor(strip, cv2.COLOR_RGB2GRAY), np.uint8)
    counts.grey += _counts(grey[own])
    # The 8-bit Laplacian is exact in 16 bits. Its sums are integers that OpenCV returns as doubles, the second one
    # by way of a square root: rounded, they are exact.
    slope = cv2.Laplacian(grey, cv2.CV_16S, ksize=3)[own]
    counts.slope_sum += round(cv2.sumElems(slope)[0])
    counts.slope_squares += round(cv2.norm(slope, cv2.NORM_L2SQR))
    counts.luma += _counts(luma[own])
    edges = cv2.filter2D(luma, -1, _FIND_EDGES)[1:-1, 1:-1]
    counts.edge_pixels += edges.size
    counts.edge_sum += round(cv2.sumElems(edges)[0]) if edges.size else 0
    red, green, blue = cv2.split(strip[own])
    largest = cv2.max(cv2.max(red, green), blue)
    smallest = cv2.min(cv2.min(red, green), blue)
    joint = cv2.calcHist([largest, smallest], [0, 1], None, [256, 256], [0, 256, 0, 256])
    counts.saturation_sum += round(float(np.vdot(joint, _SATURATION)))


def count(image: Image.Image) -> Counts:
    """The counts of a picture of mode RGB with at least one pixel."""
    counts = Counts()
    for strip, _, above, below in strips(image):
        add_strip(counts, np.asarray(strip), luma_of(strip), above, below)
    return counts


def luma_of(strip: Image.Image) -> U8:
    """Pillow's luma, uint8 [rows, width]."""
    return np.asarray(strip.convert("L"))


def strips(image: Image.Image) -> Iterator[tuple[Image.Image, int, int, int]]:
    """A picture in strips of rows, each with its first row's number, and how many rows of its neighbours are in it
    above and below (0 or 1), for 3x3 filters."""
    width, height = image.size
    step = max(_LEAST_ROWS, _STRIP_PIXELS // width)
    for top in range(0, height, step):
        bottom = min(height, top + step)
        above, below = int(top > 0), int(bottom < height)
        yield image.crop((0, top - above, width, bottom + below)), top, above, below


def _counts(plane: U8) -> npt.NDArray[np.int64]:
    """How often each of the 256 values occurs in a uint8 plane of fewer than 2^24 pixels (OpenCV counts in float32)."""
    return cv2.calcHist([plane], [0], None, [256], [0, 256]).ravel().astype(np.int64)
