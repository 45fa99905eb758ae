"""How often the monochrome verdict is right: twelve versions of real photographs, as a table in Markdown.

The versions are made as the reference's own verdict was measured: see docs/monochrome.md.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import argparse
import io
from collections import Counter
from collections.abc import Iterator

import numpy as np
from PIL import Image

from judge_vision.metrics import mono

PHOTOGRAPHS = ROOT / "tests" / "data" / "photographs"
VERDICTS = ("pass", "query", "fail")


def as_jpeg(pixels: np.ndarray, quality: int = 85) -> np.ndarray:
    """Pixels as they come back from a JPEG file of that quality."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def versions(photograph: Image.Image, seed: int = 0) -> Iterator[tuple[str, np.ndarray]]:
    """Name and pixels (uint8, before JPEG) of the twelve versions of a photograph."""
    colour = np.asarray(photograph.convert("RGB"), np.float64) / 255
    g = np.asarray(photograph.convert("L"), np.float64) / 255
    height, width = g.shape
    grey = np.stack([g, g, g], -1)
    sepia = np.stack([g**0.8, g**0.95, g**1.25], -1)
    partial = grey.copy()
    partial[:, int(width * 0.6) :] = sepia[:, int(width * 0.6) :]
    cool, warm = np.stack([g**1.2, g, g**0.85], -1), np.stack([g**0.85, g, g**1.2], -1)
    made = {
        "colour": colour,
        "colour muted to 15 %": 0.85 * grey + 0.15 * colour,
        "grey": grey,
        "grey, faint cast": np.stack([1.01 * g, g, 0.985 * g], -1),
        "sepia": sepia,
        "strong sepia": np.stack([g**0.6, g, g**1.6], -1),
        "selenium": np.stack([0.95 * g + 0.05, g, 0.88 * g], -1),
        "noisy sepia": sepia + np.random.default_rng(seed).normal(0, 0.02, sepia.shape),
        "toned on the right 40 % only": partial,
        "red square of 4 %": _with_spot(grey, 0.04),
        "red square of 12 %": _with_spot(grey, 0.12),
        "split toning": np.where((g < 0.5)[..., None], cool, warm),
    }
    for name, pixels in made.items():
        yield name, np.clip(pixels * 255 + 0.5, 0, 255).astype(np.uint8)


def _with_spot(grey: np.ndarray, share: float) -> np.ndarray:
    spotted = grey.copy()
    height, width = grey.shape[:2]
    side = round(min(height, width) * share)
    spotted[height // 3 : height // 3 + side, width // 3 : width // 3 + side, 1:] *= 0.3
    return spotted


def matrix(paths: list[Path]) -> dict[str, Counter[str]]:
    """Counts of verdicts by version over the photographs at `paths`."""
    counts: dict[str, Counter[str]] = {}
    for path in paths:
        for name, pixels in versions(Image.open(path)):
            verdict = mono.judge(as_jpeg(pixels))[0]["mono_verdict"]
            counts.setdefault(name, Counter())[verdict] += 1
    return counts


def main() -> None:
    """Print the table for the photographs of a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=PHOTOGRAPHS)
    paths = sorted(parser.parse_args().folder.glob("*.*"))
    print("| Version | pass | query | fail |\n| --- | --- | --- | --- |")
    for name, counts in matrix(paths).items():
        print(f"| {name} | " + " | ".join(str(counts[verdict]) for verdict in VERDICTS) + " |")


if __name__ == "__main__":
    main()
