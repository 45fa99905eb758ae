"""Pictures that were entered before, though retitled, bordered, cropped, resized, mirrored or turned to monochrome.

A perceptual hash (pHash of 256 bits, by imagehash) survives scaling, JPEG, toning and brightness, and nothing else. So
a border is taken off first, the mirror image is hashed too, and so are the sixteen crops that take 5 % or nothing off
each side: whatever a maker crops, up to there, is within 2.5 % a side of one of them. docs/how-to/competition.md has
what was measured.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import cv2
import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

from judge_vision.compliance.borders import BorderSettings, find_borders, inside

Pixels = npt.NDArray[np.uint8]
Hashes = npt.NDArray[np.uint8]

SIDE = 16
BITS = SIDE * SIDE
CROPPED = 0.05
# left, top, right, bottom; the first is the whole picture
CROPS = tuple(itertools.product((0.0, CROPPED), repeat=4))
_ENOUGH_PX = 256
# 512 pictures of 16 hashes are 8 MB as signs; distances to 256 entries another 17 MB.
_PICTURES = 512
_ENTRIES = 256


@dataclass(frozen=True)
class Match:
    """Entry `entry` looks like archive picture `earlier` (positions): how many of 256 bits differ, and mirrored?"""

    entry: int
    earlier: int
    bits: int
    mirrored: bool


def picture_hashes(pixels: Pixels, borders: BorderSettings | None = None) -> Hashes:
    """Hashes of HxWx3 8-bit sRGB `pixels` without their border: uint8 [16, 32], one row of 256 bits for each crop."""
    grey = cv2.cvtColor(np.ascontiguousarray(inside(pixels, find_borders(pixels, borders))), cv2.COLOR_RGB2GRAY)
    return np.stack([_hash(_cropped(grey, crop)) for crop in CROPS])


def entry_hashes(pixels: Pixels, borders: BorderSettings | None = None) -> Hashes:
    """`picture_hashes` of the picture and of its mirror image: uint8 [2, 16, 32]."""
    mirrored = np.ascontiguousarray(pixels[:, ::-1])
    return np.stack([picture_hashes(pixels, borders), picture_hashes(mirrored, borders)])


def _cropped(grey: npt.NDArray[Any], crop: tuple[float, ...]) -> npt.NDArray[Any]:
    height, width = grey.shape
    left, top, right, bottom = crop
    return grey[
        round(top * height) : height - round(bottom * height), round(left * width) : width - round(right * width)
    ]


def _hash(grey: npt.NDArray[Any]) -> Hashes:
    # averaging down to this first leaves the hash, which looks at 64 x 64 pixels, more than it can see
    if min(grey.shape) > _ENOUGH_PX:
        grey = cv2.resize(grey, (_ENOUGH_PX, _ENOUGH_PX), interpolation=cv2.INTER_AREA)
    return np.packbits(imagehash.phash(Image.fromarray(grey), hash_size=SIDE).hash.ravel())


def matches(entries: Hashes, earlier: Hashes, max_bits: int) -> list[Match]:
    """Which of `entries` (uint8 [n, 2, 16, 32]) look like which of `earlier` (uint8 [m, 16, 32]), nearest first.

    Either may be a crop of the other: the whole of one is held against every crop of the other, and the least distance
    counts. Distances come from matrix products of +-1 vectors, in blocks: 300 entries against 20,000 pictures take
    some 200 billion operations, seconds, and memory does not grow with either.
    """
    found = []
    for first in range(0, len(entries), _ENTRIES):
        block = entries[first : first + _ENTRIES]
        crops, wholes = _signs(block), _signs(block[:, :, :1])
        for start in range(0, len(earlier), _PICTURES):
            pictures = _signs(earlier[start : start + _PICTURES])
            # [entry, mirrored or not, picture]: the entry's crops against whole pictures, and the other way round
            distance = np.minimum(_least(crops, pictures[:, :1]), _least(wholes, pictures))
            for entry, picture in np.argwhere(distance.min(axis=1) <= max_bits):
                plain, mirrored = (int(bits) for bits in distance[entry, :, picture])
                match = Match(first + int(entry), start + int(picture), min(plain, mirrored), mirrored < plain)
                found.append(match)
    return sorted(found, key=lambda match: (match.entry, match.bits, match.earlier))


def _signs(hashes: Hashes) -> npt.NDArray[np.float32]:
    return np.unpackbits(hashes, axis=-1).astype(np.float32) * 2.0 - 1.0


def _least(entries: npt.NDArray[np.float32], pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Least distance over the crops: `entries` [n, 2, c, 256] and `pictures` [m, d, 256] give [n, 2, m]."""
    count, ways, crops, _ = entries.shape
    # exact in float32: sums of 256 ones; equal bits minus different ones are 256 - 2 * distance
    product = entries.reshape(-1, BITS) @ pictures.reshape(-1, BITS).T
    distance = (BITS - product.reshape(count, ways, crops, pictures.shape[0], pictures.shape[1])) / 2.0
    return np.asarray(distance.min(axis=(2, 4)), dtype=np.float32)
