"""Scenes: a training photograph at one crop and size, with its faulty versions, always the same for the same number."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from distortions import KINDS, Generator, Picture, distort, negative
from PIL import Image

LIST = Path(__file__).with_name("photographs.json")
PER_KIND = 3


@dataclass(frozen=True)
class Version:
    """A picture, the number of its fault in KINDS (-1: none, -2: not a photograph) and the fault's strength 0..5."""

    picture: Picture
    kind: int
    strength: float


def photographs(folder: Path, split: str) -> list[Path]:
    """The prepared photographs of one split, `train` or `heldout`, in the order of the list."""
    entries = json.loads(LIST.read_text())["photographs"]
    return [folder / "photographs" / f"{entry['name']}.png" for entry in entries if entry["split"] == split]


def load(path: Path) -> Picture:
    """The pixels of a prepared photograph, uint8 [height, width, 3]."""
    return np.asarray(Image.open(path).convert("RGB"))


def reduced(picture: Picture, long_side: int) -> Picture:
    """The picture with its longer side at most `long_side`, averaged down."""
    height, width = picture.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1:
        return picture
    size = (round(width * scale), round(height * scale))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def original(picture: Picture, random: Generator, sides: tuple[int, int]) -> Picture:
    """A random crop (70 to 100 % of each side) of the photograph, mirrored or not, longer side within `sides`."""
    height, width = picture.shape[:2]
    rows, columns = (int(length * random.uniform(0.7, 1.0)) for length in (height, width))
    top, left = random.integers(height - rows + 1), random.integers(width - columns + 1)
    part = picture[top : top + rows, left : left + columns]
    if random.random() < 0.5:
        part = part[:, ::-1]
    return np.ascontiguousarray(reduced(part, int(random.integers(sides[0], sides[1] + 1))))


def versions(picture: Picture, seed: tuple[int, ...], sides: tuple[int, int]) -> list[Version]:
    """The original, PER_KIND versions with each fault at random strengths, and one thing that is no photograph."""
    random = np.random.default_rng(seed)
    start = original(picture, random, sides)
    result = [Version(start, -1, 0.0)]
    for number, kind in enumerate(KINDS):
        for part in range(PER_KIND):
            strength = 5.3 * (part + random.random()) / PER_KIND
            result.append(Version(distort(start, kind, strength, random), number, strength))
    other = negative(("noise", "blank", "text")[random.integers(3)], start.shape[:2], random)
    return [*result, Version(other, -2, 5.3)]
