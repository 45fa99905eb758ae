"""The scoring functions in one process, without the workflow: what the workflow's time is compared with.

    python benchmarks/bare_loop.py PHOTOS --threads 2

Every photograph is decoded once and gets its figures and scores, which are then forgotten: no records, thumbnails, heat
maps on disk, table or page. Pictures are prepared on all threads while the networks score those before.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import cv2

from judge_vision.config import Config
from judge_vision.metrics import colour, mono, tonal
from judge_vision.models import bundle
from judge_vision.models.inputs import ScaledPicture
from judge_vision.models.scorer import Scorer
from judge_vision.photograph.counts import Counts
from judge_vision.photograph.prepare import show
from judge_vision.photograph.proof import ProofSizes
from judge_vision.photograph.proving import make_proof


def host_figures(path: Path, config: Config) -> tuple[dict[str, Any], ScaledPicture]:
    """What the host rules find out about a photograph, and what the networks see of it."""
    shown = show(path, config.prepare)
    proof = make_proof(
        shown.image, shown.facts["sha256"], ProofSizes(224, config.iqa.max_side, config.mono.long_side_px)
    )
    figures = tonal.record(Counts.from_arrays(proof.counts), config.tonal, config.light)
    verdict, _ = mono.judge_reduced(proof.linear, config.mono)
    vivid = colour.colourfulness(proof.linear)
    return {**shown.facts, **figures, **verdict, "colourfulness": vivid}, ScaledPicture.of_proof(proof)


def loop(photos: Path, threads: int) -> int:
    """Judge every photograph in a folder; their number."""
    cv2.setNumThreads(1)
    config = Config(photos=str(photos))
    scorer = Scorer(bundle.load_bundle(config.models.bundle), config.iqa.batch_size, threads)
    with ThreadPoolExecutor(threads) as pool:
        found = _ahead(pool, sorted(photos.iterdir()), config)
        judged = 0
        while batch := list(islice(found, config.iqa.batch_size)):
            judged += len(scorer.score([picture for _, picture in batch]))
    return judged


def _ahead(
    pool: ThreadPoolExecutor, paths: list[Path], config: Config
) -> Iterator[tuple[dict[str, Any], ScaledPicture]]:
    """Results in order, one batch ahead: all at once would hold all pictures in memory."""
    running = []
    for path in paths:
        running.append(pool.submit(host_figures, path, config))
        if len(running) > 2 * config.iqa.batch_size:
            yield running.pop(0).result()
    yield from (one.result() for one in running)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    print(loop(arguments.photos, arguments.threads))
