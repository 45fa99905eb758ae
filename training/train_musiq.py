"""Train the embedded bundle's small MUSIQ: first its patch embedding, on single patches, then its encoder.

Trained end to end, a transformer of this size learns little. So the patch embedding is first taught to name the fault
of one 32x32 patch and its strength; then, with the embedding frozen, the encoder learns from whole pictures, their
patches cut and resized by the very code that scores, to give 78 minus 13 per step of strength, and to put the versions
of one scene in order.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import scenes
from distortions import KINDS

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from judge_vision.models import musiq
from judge_vision.models.musiq_patches import patches_of

ARCHITECTURE = musiq.Architecture(root=16, groups=8, width=96, heads=4, mlp=192, layers=2)
SEED = 4
EMBEDDING_STEPS, ENCODER_STEPS = 6500, 3000
SIDES = ((320, 640), (448, 896))  # longer sides of the two scenes made of each photograph
PATCHES = (4, 10, 26)  # taken of each scale of a version to teach the embedding
TOKENS = (35, 60, 120)  # kept of each scale of a version to teach the encoder
FIXED = 4  # channels of the first convolution that are set, not trained: see `first_weights`
BEST, PER_STEP = 78.0, 13.0
EMBEDDING = ("conv_root", "gn_root", "block1", "embedding")


def first_weights() -> musiq.Weights:
    """Random weights, but for four filters of the first convolution that can see absolute contrast.

    Weight standardisation and group normalisation make the network blind to the amplitude of a patch, hence to low
    contrast. A kernel whose spread is far below standardisation's 1e-5 escapes: its response is small beside the
    normalisation's epsilon, and so grows with contrast. Two scales of horizontal and vertical slope are set so.
    """
    weights = musiq.initial_weights(ARCHITECTURE, SEED)
    line = np.arange(-3, 4, dtype=np.float32)
    bell = np.exp(-(line**2) / 8)
    slope = (bell[:, None] * (line * bell)[None, :])[:, :, None].repeat(3, axis=2)
    slope /= slope.std()
    for channel, spread in enumerate((1e-8, 1e-8, 5e-8, 5e-8)):
        turned = slope if channel % 2 == 0 else slope.swapaxes(0, 1)
        weights["conv_root/kernel"][..., channel] = turned * np.float32(spread)
    return weights


def cut(job: tuple[Path, int, int, tuple[int, int, int]]) -> list[tuple[np.ndarray, ...]]:
    """For each version of a scene: at most so many patches of each scale (float16), place, scale, fault, strength."""
    path, number, scene, keep = job
    random = np.random.default_rng((SEED, number, scene, 1))
    result = []
    for version in scenes.versions(scenes.load(path), (SEED, number, scene), SIDES[scene]):
        patches = patches_of(version.picture, ARCHITECTURE)
        chosen = []
        for scale, most in enumerate(keep):
            index = np.flatnonzero(patches.scale == scale)
            chosen.append(index if len(index) <= most else random.choice(index, most, replace=False))
        index = np.concatenate(chosen)
        result.append(
            (
                patches.pixels[index].astype(np.float16),
                patches.where[index],
                patches.scale[index],
                np.int32(version.kind),
                np.float32(version.strength),
            )
        )
    return result


def all_scenes(folder: Path, keep: tuple[int, int, int], many: int, workers: int) -> Iterator[Any]:
    """`cut` for the first `many` scenes of each training photograph."""
    paths = scenes.photographs(folder, "train")
    jobs = [(path, number, scene, keep) for scene in range(many) for number, path in enumerate(paths)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(cut, jobs)


def variables(weights: musiq.Weights, trained: tuple[str, ...], tf: Any) -> tuple[dict[str, Any], list[Any]]:
    """TensorFlow variables of all weights, and those to train: names beginning with one of `trained`."""
    every = {name: tf.Variable(array) for name, array in weights.items()}
    return every, [variable for name, variable in every.items() if name.startswith(trained)]


def live(weights: dict[str, Any], tf: Any) -> dict[str, Any]:
    """The weights as the network uses them, no gradient flowing into the set filters."""
    kernel = weights["conv_root/kernel"]
    held = tf.concat([tf.stop_gradient(kernel[..., :FIXED]), kernel[..., FIXED:]], axis=3)
    return musiq.standardised({**weights, "conv_root/kernel": held})


def teach_embedding(weights: musiq.Weights, folder: Path, steps: int, workers: int) -> musiq.Weights:
    """Teach the patch embedding to name the fault of single patches, and its strength."""
    import tensorflow as tf

    pixels, kinds, strengths = [], [], []
    for scene in all_scenes(folder, PATCHES, 1, workers):
        for patch, _, _, kind, strength in scene:
            pixels.append(patch)
            kinds.append(np.full(len(patch), kind))
            strengths.append(np.full(len(patch), strength))
    patches = np.concatenate(pixels)
    kind_of = (np.concatenate(kinds) + 2).astype(np.int32)
    strength_of = np.concatenate(strengths).astype(np.float32)
    print(f"{len(patches)} patches", flush=True)
    every, trained = variables(weights, EMBEDDING, tf)
    classes, width = len(KINDS) + 2, ARCHITECTURE.width
    start = tf.random.stateless_normal([width, 128], [SEED, 0]) * width**-0.5
    hidden, out = tf.Variable(start), tf.Variable(tf.zeros([width + 128, classes + 1]))
    trained += [hidden, out]
    rate = tf.keras.optimizers.schedules.CosineDecay(2e-3, steps, warmup_target=3e-3, warmup_steps=100)
    optimiser = tf.keras.optimizers.Adam(rate)

    @tf.function
    def step(picture: Any, kind: Any, strength: Any) -> Any:
        with tf.GradientTape() as tape:
            tokens = musiq.embed(live(every, tf), ARCHITECTURE, picture)
            answers = tf.concat([tokens, tf.nn.gelu(tokens @ hidden)], axis=1) @ out
            named = tf.nn.sparse_softmax_cross_entropy_with_logits(kind, answers[:, :classes])
            off = tf.keras.losses.huber(strength[:, None] / 5, answers[:, classes:], delta=0.3)
            small = tf.reduce_mean(tf.square(tokens)) * 1e-3
            loss = tf.reduce_mean(named) + 8 * tf.reduce_mean(off) + small
        optimiser.apply_gradients(zip(tape.gradient(loss, trained), trained, strict=True))
        return tf.reduce_mean(named), tf.reduce_mean(tf.abs(strength - 5 * answers[:, classes]))

    random = np.random.default_rng(SEED)
    begun, running = time.time(), np.zeros(2)
    for number in range(steps):
        index = random.integers(len(patches), size=256)
        batch = patches[index].astype(np.float32)
        mirrored = random.random(256) < 0.5
        batch[mirrored] = batch[mirrored, :, ::-1]
        running += np.array([float(x) for x in step(batch, kind_of[index], strength_of[index])])
        if number % 500 == 499:
            print(f"embedding {number + 1} {time.time() - begun:.0f} s: {running / 500}", flush=True)
            running[:] = 0
    return {name: variable.numpy() for name, variable in every.items()}


def embed_scenes(weights: musiq.Weights, folder: Path, workers: int) -> dict[str, np.ndarray]:
    """Tokens of every version of every scene: [scene, version, token, ...], padded."""
    import tensorflow as tf

    ready = musiq.standardised({name: tf.constant(array) for name, array in weights.items()})
    embed = tf.function(lambda pixels: musiq.embed(ready, ARCHITECTURE, pixels), reduce_retracing=True)
    many = len(scenes.photographs(folder, "train")) * len(SIDES)
    count, most = 1 + len(KINDS) * scenes.PER_KIND + 1, sum(TOKENS)
    data = {
        "tokens": np.zeros((many, count, most, ARCHITECTURE.width), np.float16),
        "where": np.zeros((many, count, most), np.int32),
        "scale": np.zeros((many, count, most), np.int32),
        "mask": np.zeros((many, count, most), bool),
        "kind": np.zeros((many, count), np.int32),
        "strength": np.zeros((many, count), np.float32),
    }
    for row, scene in enumerate(all_scenes(folder, TOKENS, len(SIDES), workers)):
        tokens = embed(np.concatenate([part[0] for part in scene]).astype(np.float32)).numpy()
        first = 0
        for column, (pixels, where, scale, kind, strength) in enumerate(scene):
            length = len(pixels)
            data["tokens"][row, column, :length] = tokens[first : first + length]
            data["where"][row, column, :length], data["scale"][row, column, :length] = where, scale
            data["mask"][row, column, :length] = True
            data["kind"][row, column], data["strength"][row, column] = kind, strength
            first += length
    return data


def teach_encoder(weights: musiq.Weights, data: dict[str, np.ndarray], steps: int, kept: int = 100) -> musiq.Weights:
    """Teach the encoder, on `kept` random tokens of each version of two scenes a step."""
    import tensorflow as tf

    every, trained = variables(weights, ("Transformer", "head"), tf)
    rate = tf.keras.optimizers.schedules.CosineDecay(1e-4, steps, warmup_target=1.5e-3, warmup_steps=100)
    optimiser = tf.keras.optimizers.AdamW(rate, weight_decay=1e-3)

    @tf.function
    def step(tokens: Any, where: Any, scale: Any, mask: Any, kind: Any, strength: Any) -> Any:
        with tf.GradientTape() as tape:
            answer = musiq.encode(every, ARCHITECTURE, tokens, where, scale, mask)[:, 0]
            wanted = (BEST - PER_STEP * strength - 45) / 20
            off = tf.reduce_mean(tf.keras.losses.huber(wanted[:, None], answer[:, None], delta=1.0))
            answers, strengths, kinds = (tf.reshape(x, [2, -1]) for x in (answer, strength, kind))
            gap = strengths[:, None, :] - strengths[:, :, None]  # positive: the first is better
            same = (kinds[:, None, :] == kinds[:, :, None]) | (kinds[:, :, None] == -1)
            pairs = tf.cast((gap > 0.15) & same, tf.float32)
            ahead = answers[:, :, None] - answers[:, None, :]
            ranked = tf.reduce_sum(pairs * tf.nn.softplus(-6 * ahead)) / tf.reduce_sum(pairs)
            loss = off + 0.5 * ranked
        optimiser.apply_gradients(zip(tape.gradient(loss, trained), trained, strict=True))
        return tf.reduce_mean(tf.abs(wanted - answer)) * 20, ranked

    random = np.random.default_rng(SEED)
    begun, running = time.time(), np.zeros(2)
    for number in range(steps):
        rows = random.integers(len(data["kind"]), size=2)
        chosen = {name: array[rows].reshape(-1, *array.shape[2:]) for name, array in data.items()}
        order = np.argsort(random.random(chosen["mask"].shape) + 2 * ~chosen["mask"], axis=1)[:, :kept]
        for name in ("tokens", "where", "scale", "mask"):
            shape = (*order.shape, *([1] * (chosen[name].ndim - 2)))
            chosen[name] = np.take_along_axis(chosen[name], order.reshape(shape), axis=1)
        chosen["tokens"] = chosen["tokens"].astype(np.float32)
        running += np.array([float(x) for x in step(**chosen)])
        if number % 200 == 199:
            print(f"encoder {number + 1} {time.time() - begun:.0f} s: {running / 200}", flush=True)
            running[:] = 0
    result: musiq.Weights = {name: variable.numpy() for name, variable in every.items()}
    result["head/kernel"] = result["head/kernel"] * np.float32(20)
    result["head/bias"] = result["head/bias"] * np.float32(20) + np.float32(45)
    return result


def main() -> None:
    """Teach the embedding (kept in the work folder), then the encoder; write musiq.npz."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the folder given to prepare.py")
    parser.add_argument("--work", type=Path, required=True, help="where the taught embedding and the result go")
    parser.add_argument("--embedding-steps", type=int, default=EMBEDDING_STEPS)
    parser.add_argument("--encoder-steps", type=int, default=ENCODER_STEPS)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    taught = arguments.work / "musiq-embedding.npz"
    if not taught.exists():
        weights = teach_embedding(first_weights(), arguments.folder, arguments.embedding_steps, arguments.workers)
        musiq.save_npz(taught, weights)
    weights = musiq.load_npz(taught, ARCHITECTURE)
    data = embed_scenes(weights, arguments.folder, arguments.workers)
    weights = teach_encoder(weights, data, arguments.encoder_steps)
    musiq.save_npz(arguments.work / "musiq.npz", weights)


if __name__ == "__main__":
    main()
