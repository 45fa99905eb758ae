"""Make the inputs that refine_nima.py learns from: many views of each photograph as the aesthetic network sees them.

Only crop and tilt are made here, on the view before its nearest sample is taken. The other damages act on each pixel
alone, so that they can be done to the sample, afresh at each step. One job is one photograph, decoded once. Writes
FOLDER/nima_inputs/aesthetic.npy, uint8 [photograph, scene, version, 224, 224, 3], and aesthetic_strengths.npy, float32
[photograph, scene, version].
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import scenes
from distortions import Generator, Picture, damage
from PIL import Image

MORE = Path(__file__).with_name("more_photographs.json")
SEED = 11
SCENES = 8  # of each photograph
SIDE = 224
VERSIONS = ("none", "none", "crop", "crop", "crop", "tilt", "tilt", "tilt")


def photographs(folder: Path) -> list[Path]:
    """All prepared training photographs: those of photographs.json, then those of more_photographs.json."""
    more = json.loads(MORE.read_text())["photographs"]
    return scenes.photographs(folder, "train") + [folder / "photographs" / f"{entry['name']}.png" for entry in more]


def sample(picture: Picture) -> Picture:
    """The network's input before scaling, uint8 [224, 224, 3]: the nearest sample, as in `nima.prepare`."""
    return np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.NEAREST))


def view(picture: Picture, share: float, random: Generator) -> Picture:
    """A random part, at least `share` of each side and 480 pixels of the longer one, mirrored or not."""
    height, width = picture.shape[:2]
    least = min(1.0, max(share, 480 / max(height, width)))
    rows, columns = (int(length * random.uniform(least, 1.0)) for length in (height, width))
    top, left = random.integers(height - rows + 1), random.integers(width - columns + 1)
    part = picture[top : top + rows, left : left + columns]
    if random.random() < 0.5:
        part = part[:, ::-1]
    if random.random() < 0.06:
        part = np.repeat(cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    return np.ascontiguousarray(part)


def strata(kinds: tuple[str, ...], random: Generator) -> list[float]:
    """A strength for each version, 0 for none; those of one kind are spread over 0 to 1."""
    result = []
    for place, kind in enumerate(kinds):
        part, parts = kinds[:place].count(kind), kinds.count(kind)
        result.append(0.0 if kind == "none" else (part + float(random.random())) / parts)
    return result


def made(path: Path, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [scene, version, 224, 224, 3] of one photograph, strengths 0..1; every other scene is the whole of it."""
    picture = scenes.load(path)
    inputs, strengths = [], []
    for scene in range(SCENES):
        random = np.random.default_rng((SEED, number, scene, 1))
        start = view(picture, 1.0 if scene % 2 == 0 else 0.7, random)
        side = int(random.integers(600, 680) if scene % 4 < 2 else random.integers(448, 900))
        marks = strata(VERSIONS, random)
        strengths.append(marks)
        for kind, mark in zip(VERSIONS, marks, strict=True):
            inputs.append(sample(damage(start, None if kind == "none" else kind, mark, random, side)))
    return np.stack(inputs).reshape(SCENES, -1, SIDE, SIDE, 3), np.array(strengths, np.float32)


def main() -> None:
    """Make the inputs from the training photographs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the folder given to prepare.py")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    paths = photographs(arguments.folder)
    folder = arguments.folder / "nima_inputs"
    folder.mkdir(exist_ok=True)
    shape = (len(paths), SCENES, len(VERSIONS), SIDE, SIDE, 3)
    inputs = np.lib.format.open_memmap(folder / "aesthetic.npy", "w+", np.uint8, shape)
    strengths = np.zeros(shape[:3], np.float32)
    with ProcessPoolExecutor(arguments.workers, get_context("spawn")) as pool:
        for number, done in enumerate(pool.map(made, paths, range(len(paths)))):
            inputs[number], strengths[number] = done
    np.save(folder / "aesthetic_strengths.npy", strengths)


if __name__ == "__main__":
    main()
