"""Pictures in other sizes. Pillow only: the scoring container scales too."""

from __future__ import annotations

from PIL import Image


def sampled(image: Image.Image, side_px: int) -> Image.Image:
    """The whole picture as a square, by nearest neighbour, whatever its shape."""
    return image.resize((side_px, side_px), Image.Resampling.NEAREST)


def scaled(image: Image.Image, long_side_px: int, gap: float = 2.0) -> Image.Image:
    """The picture with its longer side at most `long_side_px`, by Lanczos' filter.

    Where it is far larger it is averaged by a whole factor first, to no less than `gap` times the size. Twice: half the
    time at 24 megapixels, and at most 2 of 255 levels from the filter alone. Once: for the eye, in a third of that.
    """
    ratio = long_side_px / max(image.size)
    if ratio >= 1:
        return image
    size = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=gap)
