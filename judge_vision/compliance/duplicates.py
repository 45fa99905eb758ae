"""Entries that look alike, by perceptual hash."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_BITS = 64
# Rows compared at a time: 512 x 20,000 float32 are 40 MB.
_BLOCK = 512
_NAMED = 3
_ENOUGH_PX = 256


def perceptual_hash(pixels: npt.NDArray[np.uint8]) -> str:
    """pHash (discrete cosine transform, 64 bits) of sRGB, uint8 [height, width, 3], as 16 hexadecimal digits."""
    # imported here: who only compares hashes needs none of them
    import cv2
    import imagehash
    from PIL import Image

    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    # the hash looks at 32 x 32 pixels: averaging down to this first leaves it more than it can see, and saves most time
    if min(grey.shape) > _ENOUGH_PX:
        grey = cv2.resize(grey, (_ENOUGH_PX, _ENOUGH_PX), interpolation=cv2.INTER_AREA)
    return str(imagehash.phash(Image.fromarray(grey)))


@dataclass(frozen=True)
class Alike:
    """What looks like a hash: how many others, and the nearest few as (index, differing bits), nearest first."""

    count: int
    nearest: tuple[tuple[int, int], ...]


def look_alikes(hashes: list[str], max_bits: int) -> dict[int, Alike]:
    """For each index in `hashes` (16 hexadecimal digits each) with others at most `max_bits` bits away: those others.

    Hamming distances come from matrix products of +-1 vectors: n^2 * 32 multiplications to see which have any, .7 s
    for 20,000 on one core, in blocks, so that memory grows with n and not with its square.
    """
    if not hashes:
        return {}
    bits = np.unpackbits(np.array([list(bytes.fromhex(text)) for text in hashes], dtype=np.uint8), axis=1)
    signs = bits.astype(np.float32) * 2.0 - 1.0
    # exact in float32: sums of 64 ones; equal bits minus different ones are 64 - 2 * distance
    least = _BITS - 2 * max_bits
    indices = np.flatnonzero(_have_any(signs, least))
    found: dict[int, Alike] = {}
    for start in range(0, len(indices), _BLOCK):
        block = indices[start : start + _BLOCK]
        for index, alike in zip(block, signs[block] @ signs.T, strict=True):
            alike[index] = -_BITS - 1
            near = np.flatnonzero(alike >= least)
            order = near[np.lexsort((near, -alike[near]))][:_NAMED]
            nearest = tuple((int(other), int(_BITS - alike[other]) // 2) for other in order)
            found[int(index)] = Alike(len(near), nearest)
    return found


def _have_any(signs: npt.NDArray[np.float32], least: float) -> npt.NDArray[np.bool_]:
    """For each row of `signs` [n, 64]: is its product with another at least `least`? Each pair is looked at once."""
    any_near = np.zeros(len(signs), np.bool_)
    for start in range(0, len(signs), _BLOCK):
        alike = signs[start : start + _BLOCK] @ signs[start:].T
        alike[np.tril_indices(len(alike))] = -_BITS - 1
        near = alike >= least
        any_near[start : start + _BLOCK] |= near.any(axis=1)
        any_near[start:] |= near.any(axis=0)
    return any_near
