"""Train one of the embedded bundle's two NIMA networks: `technical` or `aesthetic`.

Both learn a distribution over the ratings 1 to 10 whose mean falls with the strength of what was done to a photograph
(squared earth mover's distance to a bell around that mean), and to put pictures in order: versions of one photograph,
and pictures of different ones where the strengths are far apart. Most steps see a random part of the 224x224 input, the
same part of every version: the network averages over places, so this is nearly the same task at less cost. There,
batch normalisation uses the batch; the last steps see whole inputs with its statistics frozen, as in use: a batch that
holds the photograph beside its versions would otherwise tell the network what it will never be told later.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import scenes
from distortions import DAMAGES, KINDS, NEGATIVES, damage, negative
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from judge_vision.models import nima

ALPHA = 0.25
SEED = 4
SIDES = ((448, 768), (600, 1000), (640, 1280), (448, 1280), (560, 720))  # longer sides of the technical scenes
SCENES = 8  # aesthetic scenes of each photograph
SPREAD = 1.2  # standard deviation of the rating distributions to learn
AVERAGE = 0.998  # of the weights that are kept, over steps


@dataclass(frozen=True)
class Task:
    """How a network learns."""

    steps: int  # on parts of the inputs
    last_steps: int  # on whole inputs
    side: int  # of the parts; composition needs most of a picture
    scenes: int  # in a step
    versions: int  # of each scene, the untouched photograph among them
    rating_weight: float
    order_weight: float  # within a scene
    pooled_weight: float  # between scenes
    any_way_up: bool  # turned, mirrored or with colours exchanged, a technical fault is the same fault


TASKS = {
    "technical": Task(2600, 500, 112, 8, 15, 10.0, 0.5, 0.5, True),
    "aesthetic": Task(1500, 300, 176, 8, 8, 3.0, 2.0, 0.5, False),
}
UNSEEN = KINDS.index("jpeg")  # all but invisible in the sample: asked for in order only, never for a rating

Scene = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def small(picture: np.ndarray) -> np.ndarray:
    """The network's input before scaling, uint8 [224, 224, 3]: as `nima.prepare` samples it."""
    return np.asarray(Image.fromarray(picture).resize((nima.INPUT_SIDE,) * 2, Image.Resampling.NEAREST))


def technical(job: tuple[Path, int, int]) -> Scene:
    """Inputs of the versions of a scene, their faults, strengths and mean ratings to learn."""
    path, number, scene = job
    parts = scenes.versions(scenes.load(path), (SEED, number, scene, 2), SIDES[scene])
    strength = np.array([part.strength for part in parts], np.float32)
    kind = np.array([part.kind for part in parts])
    return np.stack([small(part.picture) for part in parts]), kind, strength, 8 - 1.2 * strength


def aesthetic(job: tuple[Path, int, int]) -> Scene:
    """The same of a scene of aesthetic damages: two strengths of each kind."""
    path, number, scene = job
    random = np.random.default_rng((SEED, number, scene, 3))
    picture = scenes.load(path)
    if random.random() < 0.5:
        picture = np.ascontiguousarray(picture[:, ::-1])
    side = int(random.integers(448, 900))
    pictures, kind, strength = [damage(picture, None, 0, random, side)], [-1], [0.0]
    for number_of_kind, name in enumerate(DAMAGES):
        for half in (0, 1):
            amount = (half + random.random()) / 2
            pictures.append(damage(picture, name, amount, random, side))
            kind.append(number_of_kind)
            strength.append(1 + amount)
    for name in NEGATIVES:
        pictures.append(negative(name, pictures[0].shape[:2], random))
        kind.append(-2)
        strength.append(4.0)
    strengths = np.array(strength, np.float32)
    return np.stack([small(part) for part in pictures]), np.array(kind), strengths, 7.2 - 1.4 * strengths


def dataset(folder: Path, task: str, workers: int) -> tuple[np.ndarray, ...]:
    """All training scenes: inputs [scene, version, 224, 224, 3], faults, strengths and means [scene, version]."""
    make, many = (technical, len(SIDES)) if task == "technical" else (aesthetic, SCENES)
    paths = scenes.photographs(folder, "train")
    jobs = [(path, number, scene) for scene in range(many) for number, path in enumerate(paths)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        done = list(pool.map(make, jobs))
    return tuple(np.stack([scene[part] for scene in done]) for part in range(4))


def network() -> Any:
    """MobileNet v1 from random weights with the ten-way head; batch statistics follow quickly, training is short."""
    import tensorflow as tf

    tf.keras.utils.set_random_seed(SEED)
    base = tf.keras.applications.MobileNet((None, None, 3), ALPHA, include_top=False, weights=None, pooling="avg")
    for layer in base.layers:
        if layer.name.endswith("_bn"):
            layer.momentum = 0.95
    dropped = tf.keras.layers.Dropout(0.2)(base.output)
    return tf.keras.Model(base.input, tf.keras.layers.Dense(10, activation="softmax", name="dense_1")(dropped))


def exported(model: Any) -> nima.Weights:
    """The weights under the published names."""
    result: nima.Weights = {}
    for layer in model.layers:
        arrays = layer.get_weights()
        names: tuple[str, ...] = ("kernel", "bias") if layer.name == "dense_1" else ("kernel",)
        if layer.name.endswith("_bn"):
            names = ("gamma", "beta", "moving_mean", "moving_variance")
        elif layer.name.startswith("conv_dw"):
            names = ("depthwise_kernel",)
        if arrays:
            result.update({f"{layer.name}/{name}": array for name, array in zip(names, arrays, strict=True)})
    return result


def loaded(model: Any, weights: nima.Weights) -> Any:
    """`model` with `weights`, named as `exported` names them."""
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([array for name, array in weights.items() if name.split("/")[0] == layer.name])
    return model


def chosen(data: tuple[np.ndarray, ...], task: Task, whole: bool, random: np.random.Generator) -> tuple[Any, ...]:
    """Inputs, faults, strengths and means of some versions of some scenes, augmented: the batch of a step."""
    inputs, kinds, strengths, means = data
    side = nima.INPUT_SIDE if whole else task.side
    scenes_of_step = task.scenes // 2 if whole else task.scenes
    rows = random.integers(len(inputs), size=scenes_of_step)
    columns = [np.append(0, 1 + random.permutation(inputs.shape[1] - 1)[: task.versions - 1]) for _ in rows]
    pictures = []
    for row, column in zip(rows, columns, strict=True):
        top, left = random.integers(nima.INPUT_SIDE - side + 1, size=2)
        part = inputs[row][column, top : top + side, left : left + side]
        if random.random() < 0.5:
            part = part[:, :, ::-1]
        if task.any_way_up:
            part = np.rot90(part, random.integers(4), axes=(1, 2))[..., random.permutation(3)]
        pictures.append(part)
    at = rows[:, None], np.stack(columns)
    return np.stack(pictures), kinds[at], strengths[at], means[at].astype(np.float32)


def teach(model: Any, data: tuple[np.ndarray, ...], task: Task, whole: bool) -> nima.Weights:
    """Train `model` on parts of the inputs, or on `whole` inputs with frozen batch statistics; averaged weights."""
    import tensorflow as tf

    steps = task.last_steps if whole else task.steps
    peak, warm = (3e-4, 20) if whole else (3e-3, 100)
    rate = tf.keras.optimizers.schedules.CosineDecay(
        peak / 10, steps, warmup_target=peak, warmup_steps=warm, alpha=0.01
    )
    optimiser = tf.keras.optimizers.AdamW(rate, weight_decay=2e-3)
    ratings = tf.range(1.0, 11.0)

    @tf.function
    def step(picture: Any, kind: Any, strength: Any, mean: Any) -> Any:
        flat = tf.reshape(picture, [-1, *picture.shape[2:]])
        wanted = tf.nn.softmax(-tf.square((ratings - tf.reshape(mean, [-1, 1])) / SPREAD) / 2)
        kind, strength = tf.reshape(kind, [-1]), tf.reshape(strength, [-1])
        scene = tf.repeat(tf.range(picture.shape[0]), picture.shape[1])
        seen = tf.cast(kind != UNSEEN, tf.float32) if task.any_way_up else tf.ones_like(strength)
        with tf.GradientTape() as tape:
            given = model(tf.cast(flat, tf.float32) / 127.5 - 1, training=not whole)
            off = tf.reduce_mean(tf.square(tf.cumsum(given, axis=1) - tf.cumsum(wanted, axis=1)), axis=1)
            off = tf.reduce_sum(off * seen) / tf.reduce_sum(seen)
            score = tf.linalg.matvec(given, ratings)
            gap = strength[None, :] - strength[:, None]  # positive: the first is better
            mixed = tf.nn.softplus(-3 * (score[:, None] - score[None, :]))
            same = scene[:, None] == scene[None, :]
            alike = (kind[:, None] == kind[None, :]) | (kind[:, None] == -1)
            near = tf.cast((gap > 0.1) & same & alike, tf.float32)
            far = tf.cast((gap > 1.5) & ~same, tf.float32) * seen[:, None] * seen[None, :]
            ordered = tf.reduce_sum(near * mixed) / tf.reduce_sum(near)
            pooled = tf.reduce_sum(far * mixed) / (tf.reduce_sum(far) + 1)
            loss = task.rating_weight * off + task.order_weight * ordered + task.pooled_weight * pooled
        optimiser.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )
        return tf.reduce_mean(tf.abs(score - tf.reshape(mean, [-1]))), ordered, pooled

    random = np.random.default_rng((SEED, whole))
    average = exported(model)
    begun, running, lap = time.time(), np.zeros(3), 50
    for number in range(steps):
        running += np.array([float(value) for value in step(*chosen(data, task, whole, random))])
        keep = min(AVERAGE, number / (number + 10))
        for name, array in exported(model).items():
            average[name] = keep * average[name] + (1 - keep) * array
        if number % lap == lap - 1:
            print(f"{number + 1} {time.time() - begun:.0f} s: {running / lap}", flush=True)
            running[:] = 0
    return {name: np.asarray(array, np.float32) for name, array in average.items()}


def main() -> None:
    """Make the data, train, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["technical", "aesthetic"])
    parser.add_argument("--folder", type=Path, required=True, help="the folder given to prepare.py")
    parser.add_argument("--work", type=Path, required=True, help="where the result goes")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    data = dataset(arguments.folder, arguments.task, arguments.workers)
    print(f"scenes and versions {data[1].shape}", flush=True)
    path = arguments.work / f"nima_{arguments.task}.hdf5"
    on_parts = path.with_suffix(".part.hdf5")
    task = TASKS[arguments.task]
    model = network()
    if not on_parts.exists():
        nima.save_hdf5(on_parts, teach(model, data, task, whole=False))
    loaded(model, nima.load_hdf5(on_parts, ALPHA))
    nima.save_hdf5(path, teach(model, data, task, whole=True))


if __name__ == "__main__":
    main()
