"""MUSIQ's input: a picture as 32x32 patches of two small scales and its own size (section 3 of the paper).

Resizing is TensorFlow's Gaussian kernel without antialiasing, which enlarges too: NumPy and Pillow have no equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.models.musiq import Architecture

PATCH = 32

U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Patches:
    """The patches of one picture, all scales in order: pixels float32 [n, 32, 32, 3] in -1..1, the rest int32 [n]."""

    pixels: npt.NDArray[np.float32]
    where: I32
    scale: I32


def patches_of(picture: U8, arch: Architecture) -> Patches:
    """The patches of a picture, uint8 [height, width, 3]."""
    small = resized(picture, arch)
    return Patches(np.asarray(cut(picture, *small)), *positions(picture, small, arch))


def resized(picture: U8, arch: Architecture) -> list[Any]:
    """The small versions of a picture, tensors float32 [height, width, 3] in -1..1, in the order of `arch.scales`."""
    import tensorflow as tf

    def small(side: int) -> Any:
        height, width = picture.shape[:2]
        ratio = side / max(height, width)
        # Python rounds half to even, as the original does
        size = [max(1, round(height * ratio)), max(1, round(width * ratio))]
        return _scaled(tf.image.resize(picture, size, method="gaussian", antialias=False))

    # TensorFlow has this kernel for processors only; without saying so the picture would go to the GPU and back
    with tf.device("CPU:0"):
        return [small(side) for side in arch.scales]


def cut(picture: Any, *small: Any) -> Any:
    """The patches, float32 [n, 32, 32, 3], of `small` versions and of the picture itself, uint8 [height, width, 3].

    TensorFlow's operations, for a graph: a GPU is sent bytes and makes the four times larger floats itself.
    """
    import tensorflow as tf

    return tf.concat([_cut(version) for version in (*small, _scaled(tf.cast(picture, tf.float32)))], axis=0)


def positions(picture: Any, small: Sequence[Any], arch: Architecture) -> tuple[I32, I32]:
    """`where` and `scale` of the patches that `cut` makes."""
    where = []
    for version in (*small, picture):
        rows, columns = (-(-int(side) // PATCH) for side in version.shape[:2])
        across = np.arange(columns) * arch.grid // columns
        where.append(((np.arange(rows) * arch.grid // rows)[:, None] * arch.grid + across).ravel())
    scale = np.repeat(np.arange(len(where)), [len(one) for one in where])
    return np.concatenate(where).astype(np.int32), scale.astype(np.int32)


def _scaled(picture: Any) -> Any:
    return picture / 127.5 - 1.0


def _cut(picture: Any) -> Any:
    import tensorflow as tf

    height, width = tf.shape(picture)[0], tf.shape(picture)[1]
    rows, columns = (height + PATCH - 1) // PATCH, (width + PATCH - 1) // PATCH
    # 'SAME': zeros, mid-grey after scaling, on both sides, the odd one after
    spare = [rows * PATCH - height, columns * PATCH - width]
    padded = tf.pad(picture, [*([pad // 2, pad - pad // 2] for pad in spare), [0, 0]])
    blocks = tf.reshape(padded, [rows, PATCH, columns, PATCH, 3])
    return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3, 4]), [-1, PATCH, PATCH, 3])
