"""Teach the encoder of the small MUSIQ further, from all photographs; its patch embedding stays as it is.

`views` cuts every version of two scenes of each photograph into patches, once. `teach` embeds these, and draws scenes,
versions and patches afresh at each step; it asks for a score and for the order of any two pictures, whatever their
scenes and faults. Photographs are held back to choose between runs, as in widen_nima.py. The learning rate falls as a
cosine; the result is the running average of the weights.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import nima_inputs
import numpy as np
import scenes
import train_musiq
from distortions import KINDS, STRENGTHS, Generator, Picture, distort
from scipy.stats import spearmanr
from train_musiq import ARCHITECTURE, BEST, PER_STEP

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from judge_vision.models import musiq
from judge_vision.models.musiq_patches import patches_of

SEED, DRAWS = 71, 5  # of the versions and the patches kept of them; of what each step sees
SIDES = ((320, 640), (448, 1024))  # longer sides of the two scenes made of each photograph
VERSIONS = 2 + len(KINDS) * scenes.PER_KIND  # of a scene: the photograph, its faults, and what is no photograph
KEPT, CHECKED = (12, 20, 40), (20, 40, 80)  # patches of each scale, of a version and of a picture held back
STEPS, SCENES, SEEN, SHOWN = 1600, 6, 10, 32  # scenes in a step, versions of each, patches of each version
OTHER = 0.4  # how often one of the versions is no photograph
RATE, WEIGHT_DECAY = 1e-3, 0.02
AVERAGE = 0.998  # what the running average keeps of itself at each step
LIKE = 3.0  # weight of two pictures of one fault beside two of different ones
SPREAD, MIDDLE = 20.0, 45.0  # the network learns scores less MIDDLE, in units of SPREAD
TAUGHT = ("Transformer", "head")


@dataclass
class Views:
    """Versions of scenes: patches [..., patch, 32, 32, 3] or their tokens [..., patch, width], places, scales (-1: no
    patch), and each version's fault and strength [...]."""

    patches: np.ndarray
    where: np.ndarray
    scale: np.ndarray
    kind: np.ndarray
    strength: np.ndarray


def photographs(folder: Path, held_back: bool) -> list[Path]:
    """All prepared photographs to learn from, or those held back to choose between runs."""
    further = json.loads(Path(__file__).with_name("further_photographs.json").read_text())
    chosen = [e for e in further["photographs"] if (e["package"] in further["held_back"]) == held_back]
    first = [] if held_back else nima_inputs.photographs(folder)
    return first + [folder / "photographs" / f"{entry['name']}.png" for entry in chosen]


def some_patches(picture: Picture, keep: Sequence[int], random: Generator) -> tuple[np.ndarray, ...]:
    """At most so many patches of each scale, filled up to their sum: pixels (float16), places, scales."""
    patches = patches_of(picture, ARCHITECTURE)
    chosen = []
    for scale, most in enumerate(keep):
        index = np.flatnonzero(patches.scale == scale)
        chosen.append(index if len(index) <= most else random.choice(index, most, replace=False))
    index = np.concatenate(chosen)
    pixels = np.zeros((sum(keep), *patches.pixels.shape[1:]), np.float16)
    where, scales = np.zeros(sum(keep), np.int32), np.full(sum(keep), -1, np.int32)
    pixels[: len(index)], where[: len(index)] = patches.pixels[index], patches.where[index]
    scales[: len(index)] = patches.scale[index]
    return pixels, where, scales


def stacked(made: list[tuple[Any, ...]]) -> Views:
    """Tuples of what `Views` has, as one."""
    pixels, where, scale, kind, strength = (np.array(values) for values in zip(*made, strict=True))
    return Views(pixels, where, scale, kind.astype(np.int32), strength.astype(np.float32))


def views(job: tuple[Path, int]) -> list[Views]:
    """Both scenes of a photograph."""
    path, number = job
    cv2.setNumThreads(1)
    made = []
    for scene, sides in enumerate(SIDES):
        seed = (SEED, number, scene)
        random = np.random.default_rng((*seed, 1))
        every = scenes.versions(scenes.load(path), seed, sides)
        made.append(stacked([(*some_patches(one.picture, KEPT, random), one.kind, one.strength) for one in every]))
    return made


def make_views(folder: Path) -> None:
    """Cut the scenes of all photographs."""
    paths = photographs(folder, False)
    many = (len(paths), len(SIDES), VERSIONS)
    shapes = {"patches": (sum(KEPT), 32, 32, 3), "where": (sum(KEPT),), "scale": (sum(KEPT),)}
    kinds = {"patches": np.float16, "strength": np.float32}
    arrays = {
        field.name: np.lib.format.open_memmap(
            stored(folder, field.name), "w+", kinds.get(field.name, np.int32), (*many, *shapes.get(field.name, ()))
        )
        for field in fields(Views)
    }
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for number, made in enumerate(pool.map(views, zip(paths, range(len(paths)), strict=True))):
            for scene, one in enumerate(made):
                for name, array in arrays.items():
                    array[number, scene] = getattr(one, name)


def stored(folder: Path, name: str) -> Path:
    """Where `make_views` keeps one array."""
    return folder / f"musiq_{name}.npy"


def checks(folder: Path) -> Views:
    """Of each photograph held back: the photograph, and every fault at five strengths."""
    made: list[tuple[Any, ...]] = []
    for number, path in enumerate(photographs(folder, True)):
        start = scenes.reduced(scenes.load(path), 640)
        random = np.random.default_rng((SEED, number, 2))
        made.append((*some_patches(start, CHECKED, random), -1, 0.0))
        for place, kind in enumerate(KINDS):
            for strength in STRENGTHS:
                picture = distort(start, kind, strength, random)
                made.append((*some_patches(picture, CHECKED, random), place, strength))
    return stacked(made)


def embedded(views: Views, weights: musiq.Weights, tf: Any) -> Views:
    """The same with tokens, float32 [..., patch, width], for patches."""
    ready = musiq.standardised({name: tf.constant(array) for name, array in weights.items()})
    signature = [tf.TensorSpec([None, 32, 32, 3], tf.float16)]
    embed = tf.function(
        lambda patches: musiq.embed(ready, ARCHITECTURE, tf.cast(patches, tf.float32)), input_signature=signature
    )
    tokens = np.empty((*views.where.shape, ARCHITECTURE.width), np.float32)
    for place in np.ndindex(*views.where.shape[:-2]):
        for version in range(views.where.shape[-2]):
            tokens[(*place, version)] = embed(views.patches[(*place, version)]).numpy()
    return Views(tokens, views.where, views.scale, views.kind, views.strength)


def drawn(every: Views, random: Generator) -> tuple[np.ndarray, ...]:
    """What one step learns from."""
    parts = []
    for photograph in random.choice(len(every.kind), SCENES, replace=False):
        scene = int(random.integers(len(SIDES)))
        versions = np.concatenate([[0], 1 + random.permutation(VERSIONS - 2)[: SEEN - 1]])
        if random.random() < OTHER:
            versions[-1] = VERSIONS - 1
        columns = random.permutation(sum(KEPT))[:SHOWN]
        tokens, where, scale, kind, strength = (array[photograph, scene][versions] for array in arrays_of(every))
        parts.append((tokens[:, columns], where[:, columns], scale[:, columns], kind, strength))
    return tuple(np.concatenate(values) for values in zip(*parts, strict=True))


def arrays_of(views: Views) -> tuple[np.ndarray, ...]:
    """Its arrays, not copied."""
    return tuple(getattr(views, field.name) for field in fields(views))


class Lesson:
    """The variables, what is taught of them, and their running average."""

    def __init__(self, weights: musiq.Weights, tf: Any) -> None:
        """Begin with `weights`, the head in the units learnt in."""
        self._tf = tf
        self._every, self._taught = train_musiq.variables(weights, TAUGHT, tf)
        self._every["head/kernel"].assign(self._every["head/kernel"] / SPREAD)
        self._every["head/bias"].assign((self._every["head/bias"] - MIDDLE) / SPREAD)
        self._average = {name: variable.numpy() for name, variable in self._every.items()}
        self._optimiser = tf.keras.optimizers.AdamW(RATE, weight_decay=WEIGHT_DECAY)
        self._graph = tf.function(self._learn, reduce_retracing=True)
        self._answer = tf.function(self._answers, reduce_retracing=True)

    def _answers(self, weights: Any, tokens: Any, where: Any, scale: Any) -> Any:
        present = scale >= 0
        return musiq.encode(weights, ARCHITECTURE, tokens, where, self._tf.maximum(scale, 0), present)[:, 0]

    def _learn(self, tokens: Any, where: Any, scale: Any, kind: Any, strength: Any) -> Any:
        tf = self._tf
        with tf.GradientTape() as tape:
            answer = self._answers(self._every, tokens, where, scale)
            wanted = (BEST - PER_STEP * strength - MIDDLE) / SPREAD
            off = tf.reduce_mean(tf.keras.losses.huber(wanted[:, None], answer[:, None], delta=1.0))
            gap = strength[None] - strength[:, None]  # positive: the first is better
            like = (kind[None] == kind[:, None]) | (kind[None] < 0) | (kind[:, None] < 0)
            pairs = tf.clip_by_value(gap, 0.0, 2.0) * tf.cast(gap > 0.2, tf.float32) * tf.where(like, LIKE, 1.0)
            ahead = answer[:, None] - answer[None]
            ranked = tf.reduce_sum(pairs * tf.nn.softplus(-6 * ahead)) / tf.reduce_sum(pairs)
            loss = off + 0.5 * ranked
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, self._taught), 2.0)
        self._optimiser.apply_gradients(zip(gradients, self._taught, strict=True))
        return tf.reduce_mean(tf.abs(wanted - answer)) * SPREAD, ranked

    def step(self, number: int, steps: int, batch: Sequence[np.ndarray]) -> tuple[float, float]:
        """Learn from one batch: mean departure in score units, and loss of the order."""
        rate = RATE * min(1, (number + 1) / 100) * (1 + math.cos(math.pi * number / steps)) / 2 + 1e-6
        self._optimiser.learning_rate.assign(rate)
        departure, ranked = self._graph(*map(self._tf.constant, batch))
        keep = min(AVERAGE, (number + 1) / (number + 10))  # at first it keeps less of itself
        for name, variable in self._every.items():
            if name.startswith(TAUGHT):
                self._average[name] = np.float32(keep) * self._average[name] + np.float32(1 - keep) * variable.numpy()
        return float(departure), float(ranked)

    def figures(self, held_back: Views) -> str:
        """Pooled rank correlation of all kinds and of each, and how often the photograph beats the strongest."""
        weights = {name: self._tf.constant(array) for name, array in self._average.items()}
        count = 1 + len(KINDS) * len(STRENGTHS)
        parts = [slice(first, first + count) for first in range(0, len(held_back.kind), count)]
        inputs = arrays_of(held_back)[:3]
        each = np.array([self._answer(weights, *(array[part] for array in inputs)).numpy() for part in parts])
        strongest = each[:, len(STRENGTHS) :: len(STRENGTHS)]

        def pooled(kinds: Sequence[int]) -> float:
            chosen = np.isin(held_back.kind, kinds)
            return float(-spearmanr(each.ravel()[chosen], held_back.strength[chosen])[0])

        by_kind = " ".join(f"{kind} {pooled([place]):.3f}" for place, kind in enumerate(KINDS))
        first = float(np.mean(each[:, :1] > strongest))
        return f"pooled {pooled(range(len(KINDS))):.3f} photograph first {first:.3f} {by_kind}"

    @property
    def weights(self) -> musiq.Weights:
        """The running average, with a head that answers in score units."""
        spread, middle = np.float32(SPREAD), np.float32(MIDDLE)
        kernel, bias = self._average["head/kernel"] * spread, self._average["head/bias"] * spread + middle
        return {**self._average, "head/kernel": kernel, "head/bias": bias}


def teach(folder: Path, weights: musiq.Weights, steps: int) -> musiq.Weights:
    """Embed what `make_views` cut, and teach the encoder."""
    import tensorflow as tf

    every = embedded(Views(*(np.load(stored(folder, f.name), mmap_mode="r") for f in fields(Views))), weights, tf)
    held_back = embedded(checks(folder), weights, tf)
    lesson = Lesson(weights, tf)
    print(f"held back, before: {lesson.figures(held_back)}", flush=True)
    random, began, running = np.random.default_rng(DRAWS), time.time(), np.zeros(2)
    for number in range(steps):
        running += lesson.step(number, steps, drawn(every, random))
        if number % 400 == 399:
            told = f"{number + 1} {time.time() - began:.0f} s {running / 400}"
            print(f"{told} held back: {lesson.figures(held_back)}", flush=True)
            running[:] = 0
    return lesson.weights


def main() -> None:
    """Cut the views, or teach the encoder and write musiq.refined.npz."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["views", "teach"])
    parser.add_argument("--folder", type=Path, required=True, help="the folder given to prepare.py")
    parser.add_argument("--work", type=Path, required=True, help="where musiq.npz is and the result goes")
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if arguments.what == "views":
        make_views(arguments.folder)
        return
    weights = musiq.load_npz(arguments.work / "musiq.npz", ARCHITECTURE)
    musiq.save_npz(arguments.work / "musiq.refined.npz", teach(arguments.folder, weights, arguments.steps))


if __name__ == "__main__":
    main()
