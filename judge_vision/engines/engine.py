"""What every engine offers: outcomes of pictures that were reduced to what the networks see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from judge_vision.failure import PhotographError
from judge_vision.models.inputs import ScaledPicture
from judge_vision.models.scorer import Scores

Outcome = Scores | PhotographError


class EngineUnavailable(Exception):
    """This engine cannot do the work; another may. One line: what happened."""


class Engine(Protocol):
    """Runs the networks somewhere."""

    device: str
    """What computes: `cpu`, or `gpu` with its name."""

    def score(self, pictures: Sequence[ScaledPicture]) -> list[Outcome]:
        """Outcomes in the order of `pictures`. Raises EngineUnavailable."""

    def close(self) -> None:
        """Release what it holds."""


class BatchEngine:
    """The networks in this process."""

    def __init__(self, run: dict[str, Any], threads: int) -> None:
        """Load the networks that the configuration `run` (JSON) names. Raises UserError."""
        # imported here: a shard that is wholly in the cache needs no TensorFlow
        from judge_vision.models import bundle
        from judge_vision.models.scorer import Scorer

        models, musiq, iqa = run["models"], run["musiq"], run["iqa"]
        loaded = bundle.load_bundle(models["bundle"], models["root"], musiq["variant"], musiq["backend"])
        self._scorer = Scorer(loaded, int(iqa["batch_size"]), threads)
        self.device = self._scorer.device

    def score(self, pictures: Sequence[ScaledPicture]) -> list[Outcome]:
        """Outcomes in the order of `pictures`."""
        return self._scorer.score(pictures)

    def close(self) -> None:
        """Nothing to release: the process ends soon."""
