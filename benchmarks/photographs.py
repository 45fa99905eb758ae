"""Photographs to measure on: those of the examples, scaled up or down and each with noise of its own, as JPEG."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "photos"
NAMES = ("Chelsea.jpg", "Coffee break.png", "Astronaut.jpg", "Dandelions.jpg", "Nuthatch.jpg", "Hazel at dusk.jpg")
SIZES = {"1600x1200": (1600, 1200), "24 megapixels": (6000, 4000), "100 megapixels": (11600, 8700)}


@cache
def _scaled(name: str, size: tuple[int, int]) -> Image.Image:
    with Image.open(EXAMPLES / name) as opened:
        return opened.convert("RGB").resize(size, Image.Resampling.BICUBIC)


def make(folder: Path, count: int, size: str) -> list[Path]:
    """`count` different JPEGs (quality 92) of one of SIZES in `folder`; those already there are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"photograph {number:05d}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        if path.exists():
            continue
        random = np.random.default_rng(number)
        picture = np.asarray(_scaled(NAMES[number % len(NAMES)], SIZES[size]))
        # sensor noise, cheaply: one tile of it, rolled to a place of its own
        tile = random.integers(-6, 7, (256, 256, 1), np.int16)
        height, width = picture.shape[:2]
        noise = np.tile(tile, (height // 256 + 1, width // 256 + 1, 1))[:height, :width]
        Image.fromarray(np.clip(picture + noise, 0, 255).astype(np.uint8)).save(path, quality=92)
    return paths
