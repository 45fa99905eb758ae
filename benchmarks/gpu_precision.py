"""What less precise arithmetic on a GPU would save, and what it does to the scores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import musiq as musiq_benchmark
from benchmarks import nima as nima_benchmark
from benchmarks.measuring import ROOT, fastest
from benchmarks.result import Result, target
from judge_vision.models import bundle, musiq, nima, runtime
from judge_vision.models.inputs import ScaledPicture
from judge_vision.models.musiq_patches import patches_of
from judge_vision.models.scorer import Scorer
from tests.unit import golden

THREADS = 2
PHOTOGRAPHS = ROOT / "examples" / "photos"
SIDE = 1024


def measure(quick: bool, scratch: Path) -> Result | None:
    """Speed and distance from the golden figures and from a processor; None, with a word, where there is no GPU."""
    tf = runtime.start_tensorflow(THREADS)
    if runtime.device_name(tf) == "cpu":
        print("gpu_precision left out: TensorFlow finds none")
        return None
    tf32, option = tf.config.experimental.enable_tensor_float_32_execution, "auto_mixed_precision"
    on_processor = _on_processor()
    rated, judged = nima_benchmark.weights("aesthetic"), musiq.standardised(musiq_benchmark.official_weights())
    rows = []
    for name, tensor_float, half in (
        ("float32", False, False),
        ("TF32", True, False),
        ("float16, mixed", False, True),
    ):
        scorer = Scorer(bundle.load_bundle("embedded"), 16, THREADS)  # before the next line: it sets what it wants
        tf32(tensor_float)
        tf.config.optimizer.set_experimental_options({option: half})
        rows.append([name, *_speeds(tf, rated, judged, quick), *_distances(tf, rated, judged)])
        rows[-1] += _photographs(scorer, on_processor)
    tf32(False)
    tf.config.optimizer.set_experimental_options({option: False})
    plain = rows[0]
    return Result(
        "Less precise arithmetic on a GPU",
        [
            *("Arithmetic", "NIMA, batch of 16, ms each", "MUSIQ's encoder, four 1600x1200, ms each"),
            *("NIMA: golden distributions differ by", "MUSIQ: golden scores differ by"),
            *("Photographs: NIMA differs from a processor's by", "MUSIQ by (of 100)", "Alone and together differ by"),
        ],
        rows,
        f"{runtime.device_name(tf)[5:]}. Largest differences. Golden: the original code's figures at official size. "
        "Photographs: the examples that Pillow opens, embedded bundle. TF32 is TensorFlow's default on such a card; "
        "mixed is its own rewriting of graphs. We use float32.",
        [
            target("golden distributions and scores differ by, float32", max(plain[3], plain[4]), 1e-4, False),
            target("alone and together differ by, float32", plain[-1], 1e-5, False),
        ],
    )


def _speeds(tf: Any, rated: nima.Weights, judged: dict[str, Any], quick: bool) -> tuple[float, float]:
    """Milliseconds a picture."""
    arch = musiq.Architecture()
    encode = tf.function(lambda *inputs: musiq.encode(judged, arch, *inputs))
    length = 2176
    embeddings = tf.random.stateless_normal([4, length, arch.width], [1, 2])
    zeros = tf.zeros([4, length], tf.int32)
    mask = tf.ones([4, length], tf.bool)
    graph = nima_benchmark.graph(tf, rated)
    pictures = np.stack([nima.prepare(golden.picture("480x640"))] * 16)
    ways = {
        "nima": lambda: graph(pictures).numpy(),
        "musiq": lambda: encode(embeddings, zeros, zeros, mask).numpy(),
    }
    found = fastest(ways, 2 if quick else 5, time.perf_counter)
    return 1000 * found["nima"] / 16, 1000 * found["musiq"] / 4


def _distances(tf: Any, rated: nima.Weights, judged: dict[str, Any]) -> tuple[float, float]:
    """From the golden figures: NIMA's distributions, MUSIQ's scores."""
    cases = golden.read("nima-golden.json")["cases"]
    graph = nima_benchmark.graph(tf, rated)
    found = graph(np.stack([nima.prepare(golden.picture(size)) for size in cases])).numpy()
    wanted = np.array([case[nima_benchmark.PADDING]["distribution"] for case in cases.values()])
    arch = musiq.Architecture()
    embed = tf.function(lambda x: musiq.embed(judged, arch, x), [tf.TensorSpec([None, 32, 32, 3])])
    row = [None, None]
    signature = [tf.TensorSpec([*row, arch.width]), *(tf.TensorSpec(row, kind) for kind in ("int32", "int32", "bool"))]
    encode = tf.function(lambda *inputs: musiq.encode(judged, arch, *inputs), signature)
    differences = []
    for size, case in golden.read("musiq-golden.json")["cases"].items():
        one = patches_of(golden.picture(size), arch)
        mask = np.ones((1, len(one.where)), bool)
        logits = encode(embed(one.pixels)[None], one.where[None], one.scale[None], mask).numpy()
        differences.append(abs(float(logits[0, 0]) - case["score_1"]))
    return float(np.abs(found - wanted).max()), max(differences)


def _photographs(scorer: Scorer, on_processor: list[list[float]]) -> tuple[float, float, float]:
    """Differences from a processor's scores (NIMA, MUSIQ), and between alone and together (all)."""
    pictures = _pictures()
    together = np.array(_figures(scorer, pictures))
    alone = np.array([_figures(scorer, [picture])[0] for picture in pictures])
    there = np.abs(together - np.array(on_processor))
    return float(there[:, :2].max()), float(there[:, 2].max()), float(np.abs(together - alone).max())


def _pictures() -> list[ScaledPicture]:
    from PIL import Image

    paths = sorted(path for path in PHOTOGRAPHS.rglob("*") if path.suffix in (".jpg", ".png"))
    return [ScaledPicture.of(np.asarray(Image.open(path).convert("RGB")), SIDE) for path in paths]


def _figures(scorer: Scorer, pictures: list[ScaledPicture]) -> list[list[float]]:
    scores: list[Any] = scorer.score(pictures)
    return [[one.nima_aesthetic_mean, one.nima_technical_mean, one.musiq_mos] for one in scores]


def _on_processor() -> list[list[float]]:
    """The photographs' scores from a process that sees no GPU."""
    code = (
        "import json; from benchmarks import gpu_precision as own; from judge_vision.models import bundle; "
        "scorer = own.Scorer(bundle.load_bundle('embedded'), 16, own.THREADS); "
        "print(json.dumps(own._figures(scorer, own._pictures())))"
    )
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    found: list[list[float]] = json.loads(said.splitlines()[-1])
    return found
