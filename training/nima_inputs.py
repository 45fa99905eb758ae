"""Make the inputs that refine_nima.py learns from: many views of each photograph as the NIMA networks see them.

Only faults that look at neighbouring pixels (blur, motion, resampling, JPEG; crop and tilt) are made here, on the view
before its nearest sample is taken. The others act on each pixel alone, so that they can be done to the sample,
afresh at each step. One job is one photograph, decoded once. Writes FOLDER/nima_inputs/TASK.npy, uint8
[photograph, scene, version, 224, 224, 3], and TASK_strengths.npy, float32 [photograph, scene, version].
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
from distortions import Generator, Picture, damage, distort
from PIL import Image

MORE = Path(__file__).with_name("more_photographs.json")
SEED = 11
SCENES = 8  # of each photograph
SIDE = 224
VERSIONS = {
    "technical": ("none", "blur", "blur", "motion", "motion", "resampling", "resampling", "jpeg"),
    "aesthetic": ("none", "none", "crop", "crop", "crop", "tilt", "tilt", "tilt"),
}


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


def strata(kinds: tuple[str, ...], top: float, random: Generator) -> list[float]:
    """A strength for each version, 0 for none; those of one kind are spread over 0 to `top`."""
    result = []
    for place, kind in enumerate(kinds):
        part, parts = kinds[:place].count(kind), kinds.count(kind)
        result.append(0.0 if kind == "none" else top * (part + float(random.random())) / parts)
    return result


def technical(path: Path, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [scene, version, 224, 224, 3] and strengths (0..5.2) of one photograph."""
    picture = scenes.load(path)
    inputs, strengths = [], []
    for scene in range(SCENES):
        random = np.random.default_rng((SEED, number, scene, 0))
        sides = (600, 680) if scene % 2 == 0 else (480, 900)
        start = scenes.reduced(view(picture, 0.5, random), int(random.integers(*sides)))
        marks = strata(VERSIONS["technical"], 5.2, random)
        strengths.append(marks)
        for kind, mark in zip(VERSIONS["technical"], marks, strict=True):
            inputs.append(sample(start if kind == "none" else distort(start, kind, mark, random)))
    return np.stack(inputs).reshape(SCENES, -1, SIDE, SIDE, 3), np.array(strengths, np.float32)


def aesthetic(path: Path, number: int) -> tuple[np.ndarray, np.ndarray]:
    """The same with aesthetic damages (0..1); every other scene is the whole photograph."""
    picture = scenes.load(path)
    inputs, strengths = [], []
    for scene in range(SCENES):
        random = np.random.default_rng((SEED, number, scene, 1))
        start = view(picture, 1.0 if scene % 2 == 0 else 0.7, random)
        side = int(random.integers(600, 680) if scene % 4 < 2 else random.integers(448, 900))
        marks = strata(VERSIONS["aesthetic"], 1.0, random)
        strengths.append(marks)
        for kind, mark in zip(VERSIONS["aesthetic"], marks, strict=True):
            inputs.append(sample(damage(start, None if kind == "none" else kind, mark, random, side)))
    return np.stack(inputs).reshape(SCENES, -1, SIDE, SIDE, 3), np.array(strengths, np.float32)


def main() -> None:
    """Make both tasks' inputs from the training photographs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the folder given to prepare.py")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    paths = photographs(arguments.folder)
    made = arguments.folder / "nima_inputs"
    made.mkdir(exist_ok=True)
    for task, make in (("technical", technical), ("aesthetic", aesthetic)):
        shape = (len(paths), SCENES, len(VERSIONS[task]), SIDE, SIDE, 3)
        inputs = np.lib.format.open_memmap(made / f"{task}.npy", "w+", np.uint8, shape)
        strengths = np.zeros(shape[:3], np.float32)
        with ProcessPoolExecutor(arguments.workers, get_context("spawn")) as pool:
            for number, done in enumerate(pool.map(make, paths, range(len(paths)))):
                inputs[number], strengths[number] = done
        np.save(made / f"{task}_strengths.npy", strengths)


if __name__ == "__main__":
    main()
