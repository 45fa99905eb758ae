"""MUSIQ's input: a picture as 32x32 patches of two small scales and its own size (section 3 of the paper).

Resizing is TensorFlow's Gaussian kernel without antialiasing, which enlarges too: NumPy and Pillow have no equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.models.musiq import Architecture

PATCH = 32


@dataclass(frozen=True)
class Patches:
    """The patches of one picture, all scales in order: pixels float32 [n, 32, 32, 3] in -1..1, the rest int32 [n]."""

    pixels: npt.NDArray[np.float32]
    where: npt.NDArray[np.int32]
    scale: npt.NDArray[np.int32]


def patches_of(picture: npt.NDArray[np.uint8], arch: Architecture) -> Patches:
    """The patches of a picture, uint8 [height, width, 3]."""
    scaled = picture.astype(np.float32) / np.float32(127.5) - np.float32(1)
    parts = [_cut(_resize(scaled, side), index, arch) for index, side in enumerate(arch.scales)]
    parts.append(_cut(scaled, len(arch.scales), arch))
    return Patches(
        np.concatenate([part.pixels for part in parts]),
        np.concatenate([part.where for part in parts]),
        np.concatenate([part.scale for part in parts]),
    )


def _resize(picture: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float32]:
    import tensorflow as tf

    height, width = picture.shape[:2]
    ratio = side / max(height, width)
    # Python rounds half to even, as the original does
    size = [max(1, round(height * ratio)), max(1, round(width * ratio))]
    resized: Any = tf.image.resize(picture, size, method="gaussian", antialias=False)
    return np.asarray(resized, np.float32)


def _cut(picture: npt.NDArray[np.float32], scale: int, arch: Architecture) -> Patches:
    height, width = picture.shape[:2]
    rows, columns = -(-height // PATCH), -(-width // PATCH)
    # 'SAME': zeros, mid-grey after scaling, on both sides, the odd one after
    spare = [rows * PATCH - height, columns * PATCH - width]
    around = [(pad // 2, pad - pad // 2) for pad in spare]
    padded = np.pad(picture, [*around, (0, 0)])
    pixels = padded.reshape(rows, PATCH, columns, PATCH, 3).swapaxes(1, 2).reshape(-1, PATCH, PATCH, 3)
    where = (np.arange(rows) * arch.grid // rows)[:, None] * arch.grid + np.arange(columns) * arch.grid // columns
    return Patches(
        np.ascontiguousarray(pixels), where.ravel().astype(np.int32), np.full(rows * columns, scale, np.int32)
    )
