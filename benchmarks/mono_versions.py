"""The twelve versions of a photograph on which the monochrome verdict is judged, as pixels and as JPEG."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image

U8 = npt.NDArray[np.uint8]
LONG_SIDE = 1024

MUST_FAIL = ("colour",)
MUST_PASS = ("grey", "faint cast", "sepia", "strong sepia", "selenium", "noisy sepia")
MUST_NOT_PASS = ("partial toning", "spot 4 %", "spot 12 %", "split toning")
MUTED = "muted colour"
VERSIONS = (*MUST_FAIL, MUTED, *MUST_PASS, *MUST_NOT_PASS)


def fitted(photograph: Image.Image, long_side: int = LONG_SIDE) -> U8:
    """The photograph as uint8 RGB with its longer side reduced to `long_side`."""
    picture = photograph.convert("RGB")
    picture.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def version(name: str, rgb: U8) -> U8:  # noqa: PLR0911 - one return a version
    """One of `VERSIONS` of a colour photograph, uint8 [height, width, 3]; g is Pillow's L / 255."""
    if name == "colour":
        return rgb
    g = np.asarray(Image.fromarray(rgb).convert("L"), np.float32) / 255
    grey = np.stack([g, g, g], axis=2)
    if name == MUTED:
        return _bytes(0.85 * grey + 0.15 * rgb.astype(np.float32) / 255)
    if name == "noisy sepia":
        noise = np.random.default_rng(0).normal(0, 0.02, rgb.shape).astype(np.float32)
        return _bytes(_powers(g, 0.8, 0.95, 1.25) + noise)
    if name == "partial toning":
        start = round(g.shape[1] * 0.6)
        return _bytes(np.concatenate([grey[:, :start], _powers(g, 0.8, 0.95, 1.25)[:, start:]], axis=1))
    if name.startswith("spot"):
        return _bytes(_with_spot(grey, float(name.split()[1]) / 100))
    if name == "split toning":
        dark, light = _powers(g, 1.2, 1, 0.85), _powers(g, 0.85, 1, 1.2)
        return _bytes(np.where(g[..., None] < 0.5, dark, light))
    if name == "faint cast":
        return _bytes(grey * np.float32([1.01, 1, 0.985]))
    if name == "selenium":
        return _bytes(np.stack([0.95 * g + 0.05, g, 0.88 * g], axis=2))
    powers = {"grey": (1, 1, 1), "sepia": (0.8, 0.95, 1.25), "strong sepia": (0.6, 1, 1.6)}
    return _bytes(_powers(g, *powers[name]))


def _powers(g: npt.NDArray[np.float32], red: float, green: float, blue: float) -> npt.NDArray[np.float32]:
    return np.stack([g**red, g**green, g**blue], axis=2)


def _with_spot(grey: npt.NDArray[np.float32], share: float) -> npt.NDArray[np.float32]:
    """`grey` with G and B times .3 in a square of `share` of the short side, at a third of height and width."""
    height, width = grey.shape[:2]
    side, top, left = round(share * min(height, width)), height // 3, width // 3
    spotted = grey.copy()
    spotted[top : top + side, left : left + side, 1:] *= 0.3
    return spotted


def _bytes(picture: npt.NDArray[np.float32]) -> U8:
    return np.clip(np.rint(picture * 255), 0, 255).astype(np.uint8)


def through_jpeg(rgb: U8, quality: int = 85) -> U8:
    """The pixels after saving as JPEG (4:2:0, Pillow's default) and reading again."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def all_versions(rgb: U8, quality: int = 85) -> Iterator[tuple[str, U8]]:
    """Each version's name and its pixels after JPEG."""
    for name in VERSIONS:
        yield name, through_jpeg(version(name, rgb), quality)
