"""The networks at official size on a GPU: batched as the scoring rule does it, one by one, and eagerly."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import musiq as musiq_benchmark
from benchmarks import nima as nima_benchmark
from benchmarks.measuring import fastest
from benchmarks.result import Result, target
from judge_vision.models import nima, runtime
from tests.unit import golden

THREADS = 2
ROUNDS = 4
AT_ONCE = 16
SIZES = ("1600x1200", "1024x768", "640x480", "420x300")


def measure(quick: bool, scratch: Path) -> Result | None:
    """Pictures a second; None, with a word, where there is no GPU."""
    tf = runtime.start_tensorflow(THREADS)
    if runtime.device_name(tf) == "cpu":
        print("gpu left out: TensorFlow finds none")
        return None
    rows: list[list[Any]] = []
    targets = []
    for name, eager, together, item in _networks(tf, quick, scratch):
        some = [item] * AT_ONCE
        ways = {
            "eager": lambda eager=eager, item=item: eager(item),
            "one": lambda together=together, item=item: together([item]),
            "many": lambda together=together, some=some: together(some),
        }
        rates = {way: 1 / seconds for way, seconds in fastest(ways, 1 if quick else ROUNDS, time.perf_counter).items()}
        rates["many"] *= AT_ONCE
        tf.config.experimental.reset_memory_stats("GPU:0")
        together(some)
        peak_mb = tf.config.experimental.get_memory_info("GPU:0")["peak"] / 1e6
        by_batching, in_all = rates["many"] / rates["one"], rates["many"] / rates["eager"]
        rows.append([name, rates["eager"], rates["one"], rates["many"], by_batching, in_all, peak_mb])
        if name.startswith("MUSIQ"):
            targets.append(target(f"eager one by one / ours, {name}", in_all, 3))
    return Result(
        "The networks at official size on a GPU",
        [
            *("Network", "Eager, pictures a second", "Ours, one by one", f"Ours, {AT_ONCE} at once"),
            *("Batching brings", "Ours / eager", "Most GPU memory MB"),
        ],
        rows,
        f"{runtime.device_name(tf)[5:]}, {THREADS} threads for the processor, MUSIQ's preprocessing included, "
        f"float32; best of {ROUNDS} rounds. NIMA is one head. Eager: the same operations without a graph, a picture at "
        "a time, as the reference works.",
        targets,
    )


def _networks(tf: Any, quick: bool, scratch: Path) -> list[tuple[str, Callable[[Any], Any], Callable[[Any], Any], Any]]:
    """Name, a function of one input, a function of several, and an input."""
    weights = musiq_benchmark.official_weights()
    scratch.mkdir(parents=True, exist_ok=True)
    path = scratch / "musiq.npz"
    musiq_benchmark.musiq.save_npz(path, weights)
    together, eager = musiq_benchmark.ours(path, weights)
    arrays = nima_benchmark.weights("aesthetic")
    keras, graph = nima_benchmark.keras_network(tf, arrays), nima_benchmark.graph(tf, arrays)
    found = [
        (
            "NIMA",
            lambda item: keras(item[None], training=False).numpy(),
            lambda items: graph(np.stack(items)).numpy(),
            nima.prepare(golden.picture("480x640")),
        )
    ]
    for size in SIZES[2:] if quick else SIZES:
        picture = golden.picture("x".join(reversed(size.split("x"))))
        found.append((f"MUSIQ {size}", eager, together, picture))
    return found
