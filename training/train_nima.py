"""Train the embedded bundle's aesthetic NIMA network from random weights: the first of four parts.

It learns a distribution over the ratings 1 to 10 whose mean falls with the strength of what was done to a photograph
(squared earth mover's distance to a bell around that mean), and to put versions of one photograph in order. Most steps
see a random part of the 224x224 input, the same part of every version: the network averages over places, so this
is the same task at a quarter of the cost. The last steps see all of it.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import scenes
from distortions import DAMAGES, NEGATIVES, damage, negative
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from judge_vision.models import nima

ALPHA = 0.25
SEED = 4
STEPS = (1200, 1600, 300)
"""Steps on parts of the input, the length of their learning rate's cosine, and steps on whole inputs."""
SCENES = 4  # of each photograph
SPREAD = 1.2  # standard deviation of the rating distributions to learn
PART = 112  # side of the part of the input seen in most steps

Scene = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def small(picture: np.ndarray) -> np.ndarray:
    """The network's input before scaling, uint8 [224, 224, 3]: as `nima.prepare` samples it."""
    return np.asarray(Image.fromarray(picture).resize((nima.INPUT_SIDE,) * 2, Image.Resampling.NEAREST))


def made(job: tuple[Path, int, int]) -> Scene:
    """Inputs of a scene's versions, two strengths of each damage, their kinds, strengths and mean ratings to learn."""
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


def dataset(folder: Path, workers: int) -> tuple[np.ndarray, ...]:
    """All training scenes: inputs [scene, version, 224, 224, 3], faults, strengths and means [scene, version]."""
    paths = scenes.photographs(folder, "train")
    jobs = [(path, number, scene) for scene in range(SCENES) for number, path in enumerate(paths)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        done = list(pool.map(made, jobs))
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


def teach(model: Any, data: tuple[np.ndarray, ...], steps: int, decay: int, whole: bool) -> nima.Weights:
    """Train `model` on parts of the inputs of four scenes a step, or on the `whole` inputs of two; its weights."""
    import tensorflow as tf

    inputs, kinds, strengths, means = data
    peak, warm = (4e-4, 20) if whole else (3e-3, 100)
    rate = tf.keras.optimizers.schedules.CosineDecay(
        peak / 10, decay, warmup_target=peak, warmup_steps=warm, alpha=0.01
    )
    optimiser = tf.keras.optimizers.AdamW(rate, weight_decay=2e-3)
    ratings = tf.range(1.0, 11.0)

    @tf.function
    def step(picture: Any, kind: Any, strength: Any, mean: Any) -> Any:
        flat = tf.reshape(picture, [-1, *picture.shape[2:]])
        wanted = tf.nn.softmax(-tf.square((ratings - tf.reshape(mean, [-1, 1])) / SPREAD) / 2)
        with tf.GradientTape() as tape:
            given = model(tf.cast(flat, tf.float32) / 127.5 - 1, training=True)
            off = tf.reduce_mean(tf.square(tf.cumsum(given, axis=1) - tf.cumsum(wanted, axis=1)))
            score = tf.reshape(tf.linalg.matvec(given, ratings), tf.shape(mean))
            gap = strength[:, None, :] - strength[:, :, None]  # positive: the first is better
            same = (kind[:, None, :] == kind[:, :, None]) | (kind[:, :, None] == -1)
            pairs = tf.cast((gap > 0.1) & same, tf.float32)
            ahead = score[:, :, None] - score[:, None, :]
            ranked = tf.reduce_sum(pairs * tf.nn.softplus(-3 * ahead)) / tf.reduce_sum(pairs)
            loss = 10 * off + 0.5 * ranked
        optimiser.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )
        return tf.reduce_mean(tf.abs(score - mean)), ranked

    random = np.random.default_rng((SEED, whole))
    side = nima.INPUT_SIDE if whole else PART
    begun, running, lap = time.time(), np.zeros(2), 50 if whole else 200
    for number in range(steps):
        rows = random.integers(len(inputs), size=2 if whole else 4)
        pictures = []
        for row in rows:
            top, left = random.integers(nima.INPUT_SIDE - side + 1, size=2)
            part = inputs[row][:, top : top + side, left : left + side]
            pictures.append(part[:, :, ::-1] if random.random() < 0.5 else part)
        values = step(np.stack(pictures), kinds[rows], strengths[rows], means[rows].astype(np.float32))
        running += np.array([float(value) for value in values])
        if number % lap == lap - 1:
            print(f"{number + 1} {time.time() - begun:.0f} s: {running / lap}", flush=True)
            running[:] = 0
    return exported(model)


def main() -> None:
    """Make the data, train, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the folder given to prepare.py")
    parser.add_argument("--work", type=Path, required=True, help="where the result goes")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    data = dataset(arguments.folder, arguments.workers)
    print(f"scenes and versions {data[1].shape}", flush=True)
    path = arguments.work / "nima_aesthetic.hdf5"
    on_parts = path.with_suffix(".part.hdf5")
    steps, decay, last = STEPS
    model = network()
    if not on_parts.exists():
        nima.save_hdf5(on_parts, teach(model, data, steps, decay, whole=False))
    loaded(model, nima.load_hdf5(on_parts, ALPHA))
    nima.save_hdf5(path, teach(model, data, last, last, whole=True))


if __name__ == "__main__":
    main()
