"""The job of `iqa`: load the networks once, score the shard in batches. Runs inside the scoring container too."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from judge_vision.failure import ErrorType, PhotographError
from judge_vision.models import bundle as bundles
from judge_vision.models import runtime
from judge_vision.models.inputs import ScaledPicture
from judge_vision.records import store
from judge_vision.workflow import paths
from judge_vision.workflow.pixels import PixelJob
from judge_vision.workflow.shard import Item, Outcome

log = logging.getLogger(__name__)


def score_shard(shard: str, threads: int) -> None:
    """Score the photographs of `shard` with `threads` threads; TensorFlow starts only if one is not in the cache."""
    job = PixelJob("iqa", shard)
    run = store.read_json(paths.RUN_CONFIG)
    described = job.parameters["bundle"]

    def measure(items: list[Item]) -> Iterator[tuple[Item, Outcome]]:
        if problem := runtime.processor_problem():
            # everything else is measured all the same, and the row says why its scores are missing
            yield from ((item, PhotographError(ErrorType.MODEL_UNAVAILABLE, problem)) for item in items)
            return
        # imported here: a shard that is wholly in the cache needs no TensorFlow
        from judge_vision.models.scorer import Scorer

        bundle = bundles.load_bundle(
            run["models"]["bundle"], run["models"]["root"], run["musiq"]["variant"], run["musiq"]["backend"]
        )
        batch_size = int(run["iqa"]["batch_size"])
        scorer = Scorer(bundle, batch_size, threads)
        log.info("%s on %s", bundle.label, scorer.device)
        constant = {
            "model_bundle": f"{described['name']} {described['version']}",
            "human_ratings": described["human_ratings"],
            "models": {role: _identity(model) for role, model in described["models"].items()},
            "iqa_engine": "batch",
            "iqa_device": scorer.device,
        }
        for start in range(0, len(items), batch_size):
            yield from _score(job, scorer, items[start : start + batch_size], constant)

    job.run(job.items(), measure, job.key)
    job.release()


def _score(job: PixelJob, scorer: Any, items: list[Item], constant: dict[str, Any]) -> Iterator[tuple[Item, Outcome]]:
    readable, pictures = [], []
    for item in items:
        try:
            pictures.append(ScaledPicture.of_proof(job.proof(item)))
            readable.append(item)
        except PhotographError as failure:
            yield item, failure
    for item, scores in zip(readable, scorer.score(pictures), strict=True):
        yield item, scores if isinstance(scores, PhotographError) else {**scores.as_dict(), **constant}


def _identity(model: dict[str, Any]) -> str:
    """The hash of a model's file, whichever kind the bundle gives."""
    return str(model.get("sha256") or model.get("git_blob"))
