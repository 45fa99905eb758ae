"""NIMA at its official size: one by one and eager, as the reference does, against one graph, by batch."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import fastest_by
from benchmarks.result import Result, target
from judge_vision.models import nima, runtime
from judge_vision.models.scorer import RATED_AT_ONCE
from tests.unit import golden

ALPHA, PADDING = 1.0, "asymmetric"
THREADS = 2
ROUNDS = 4


def weights(head: str) -> nima.Weights:
    """Weights made by the rule of the golden figures; `head` makes those of one network unlike the other's."""
    shapes = nima.weight_shapes(ALPHA)
    return {key: golden.nima_weight(key, shape) * (1 if head == "aesthetic" else 0.98) for key, shape in shapes.items()}


def keras_network(tf: Any, arrays: nima.Weights, alpha: float = ALPHA) -> Any:
    """Keras' own MobileNet with a rating head, which is what the reference runs, with these weights."""
    base = tf.keras.applications.MobileNet(
        (nima.INPUT_SIDE, nima.INPUT_SIDE, 3), alpha=alpha, include_top=False, pooling="avg", weights=None
    )
    model = tf.keras.Model(base.input, tf.keras.layers.Dense(10, activation="softmax", name="head")(base.output))
    for layer in model.layers:
        name = "dense_1" if layer.name == "head" else layer.name
        found = [array for key, array in arrays.items() if key.split("/")[0] == name]
        if found:
            layer.set_weights(found)
    return model


def graph(tf: Any, arrays: nima.Weights) -> Any:
    """Our network, as `Scorer` makes it."""
    folded = nima.folded(arrays)
    shape = [None, nima.INPUT_SIDE, nima.INPUT_SIDE, 3]
    return tf.function(lambda x: nima.forward(folded, x, PADDING), input_signature=[tf.TensorSpec(shape, "float32")])


def ways(tf: Any) -> tuple[Any, Any]:
    """Two functions of inputs [n, 224, 224, 3] that give both heads' distributions [2, n, 10]: eager one by one, and
    batches of a given size."""
    arrays = [weights(head) for head in ("aesthetic", "technical")]
    eager = [keras_network(tf, one) for one in arrays]
    graphs = [graph(tf, one) for one in arrays]

    def one_by_one(inputs: Any) -> Any:
        return np.stack([[model(one[None], training=False).numpy()[0] for one in inputs] for model in eager])

    def batched(inputs: Any, size: int) -> Any:
        parts = range(0, len(inputs), size)
        return np.stack(
            [np.concatenate([model(inputs[start : start + size]).numpy() for start in parts]) for model in graphs]
        )

    return one_by_one, batched


def measure(quick: bool, scratch: Path) -> Result:
    """Pictures a second by batch size."""
    tf = runtime.start_tensorflow(THREADS)
    one_by_one, batched = ways(tf)
    sizes = (RATED_AT_ONCE, 32) if quick else (1, 2, 4, 8, 16, 32, 64)
    count = max(sizes)
    inputs = np.random.default_rng(9).uniform(-1, 1, (count, nima.INPUT_SIDE, nima.INPUT_SIDE, 3)).astype(np.float32)
    few = inputs[: 2 if quick else 8]
    difference = float(np.abs(one_by_one(few) - batched(few, len(few))).max())
    if difference > 1e-4:
        raise AssertionError(f"the two ways differ by {difference}")
    ours = {f"{size}": (lambda size=size: batched(inputs, size)) for size in sizes}
    ways_of = {"eager": lambda: one_by_one(few), **ours}
    found = fastest_by(ways_of, 1 if quick else ROUNDS, time.perf_counter, time.process_time)
    plain, plain_cpu = (len(few) / seconds for seconds in found["eager"])
    rows: list[list[Any]] = [["the reference's way: eager, one by one", 1, plain, 1.0, plain_cpu, 1.0]]
    for size in sizes:
        rate, rate_cpu = (count / seconds for seconds in found[f"{size}"])
        rows.append(["ours: one graph", size, rate, rate / plain, rate_cpu, rate_cpu / plain_cpu])
    times = {size: count / found[f"{size}"][0] / plain for size in (RATED_AT_ONCE, 32)}
    return Result(
        "NIMA at official size, by batch",
        ["Way", "Batch", "Pictures a second, both heads", "Ratio", "A CPU second", "Ratio"],
        rows,
        f"MobileNet of alpha 1, {THREADS} threads, weights made by a rule. The reference's way is Keras' MobileNet "
        "called eagerly for each picture. The distributions of both ways agree to 1e-4. On a CPU the scoring rule's "
        f"batches are {RATED_AT_ONCE}.",
        [target(f"eager one by one / ours in batches of {size}", ratio, 10) for size, ratio in times.items()],
    )
