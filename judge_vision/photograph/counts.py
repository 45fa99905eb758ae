"""What all pixels of a picture add up to: everything that tonal and light figures need (`counting.py` counts)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass
class Counts:
    """Counts and sums over all pixels of a picture."""

    grey: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    """How often each grey value occurs."""
    luma: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    """How often each luma value occurs."""
    slope_sum: int = 0
    """Sum of the 3x3 Laplacian 2 0 2 / 0 -8 0 / 2 0 2 of grey, mirrored at the border."""
    slope_squares: int = 0
    edge_sum: int = 0
    """Sum of Pillow's FIND_EDGES over the pixels that have eight neighbours: it copies the outermost ring instead of
    filtering it, so a flat white picture would show edges."""
    edge_pixels: int = 0
    saturation_sum: int = 0
    """Sum of the HSV saturation, 0 to 255, as Pillow computes it."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.int64]]) -> Counts:
        """The counts of the fields that `arrays` has, as a proof keeps them."""
        values: dict[str, Any] = {name: array if array.ndim else int(array) for name, array in arrays.items()}
        return cls(**values)

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return int(self.grey.sum())


def mean_and_variance(counts: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Mean and population variance, in 0..1, of values 0..255 that occur so often, int64 [256].

    In whole numbers to the last step: sums of floating-point numbers end otherwise on another processor.
    """
    levels = np.arange(256)
    number, first, second = map(int, (counts.sum(), counts @ levels, counts @ levels**2))
    return first / (255 * number), (number * second - first**2) / (255 * number) ** 2
