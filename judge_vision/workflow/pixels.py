"""A job of a rule that measures pixels: by way of the proof that `prepare` made while they were in memory."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.failure import ErrorType, PhotographError, UserError
from judge_vision.photograph.names import locate
from judge_vision.photograph.proof import Proof, ProofSizes, load_proof
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.records import paths, store
from judge_vision.records.steps import PROOF_READERS
from judge_vision.workflow.shard import Item, ShardJob, content_key

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PixelJob(ShardJob):
    """Adds the pixels, and a cache key out of the content of the file and how it is measured."""

    @cached_property
    def _document(self) -> dict[str, Any]:
        return self.settings()

    @cached_property
    def _prepare(self) -> dict[str, Any]:
        return ShardJob("prepare", self.shard).settings()

    @property
    def parameters(self) -> dict[str, Any]:
        """The rule's parameters."""
        return dict(self._document["settings"])

    @cached_property
    def locations(self) -> dict[str, Any]:
        """The run's configuration with absolute paths: where things lie, which no result depends on."""
        return dict(store.read_json(paths.RUN_CONFIG))

    def key(self, item: Item) -> str:
        """The cache key of the figures of a prepared photograph."""
        return content_key(self._document["measured_by"], (item.facts or {}).get("sha256"))

    def are_known(self, items: list[Item]) -> bool:
        """Nothing has to be measured: the figures are in the cache, or the photographs could not be prepared."""
        cache = self.cache()
        prepared = [item for item in items if (item.facts or {}).get("status") != "failed"]
        known = all(cache.get(self.key(item)) is not None for item in prepared)
        cache.close()
        return known

    def proof(self, item: Item, *pictures: str) -> Proof:
        """The proof of a prepared photograph with these of its pictures, made again where an earlier run deleted it.

        Raises PhotographError: changed, missing, unreadable.
        """
        facts = item.facts or {}
        sizes = ProofSizes(**self._prepare["proof"])
        path = paths.proof_file(self.shard, item.image, self._prepare["proof"])
        try:
            proof = load_proof(path, pictures)
        except (FileNotFoundError, ValueError):
            self._prove_again(item, sizes, path)
            proof = load_proof(path, pictures)
        if proof.sha256 != facts["sha256"]:
            path.unlink(missing_ok=True)
            raise PhotographError(ErrorType.CHANGED, "the file changed during the run; run again")
        return proof

    def _prove_again(self, item: Item, sizes: ProofSizes, path: Path) -> None:
        try:
            # imported here: the decoders, which the scoring container lacks
            from judge_vision.photograph.prepare import prepare_photograph
        except ImportError:
            paths.index_file("prepare", self.shard).unlink(missing_ok=True)
            raise UserError(f"the proof of {item.image} is gone; run again, and it is made again") from None
        without_pictures = {"thumbnail_side_px": 0, "preview_side_px": 0}  # they are there already
        settings = PrepareSettings(**self._prepare["settings"] | without_pictures)
        prepare_photograph(self._original(item), settings, sizes, path)

    def pixels(self, item: Item) -> npt.NDArray[np.uint8]:
        """The picture as displayed at full size, uint8 [height, width, 3], sRGB: decodes the original once more.

        Raises PhotographError as `proof` does.
        """
        from judge_vision.photograph.prepare import show

        shown = show(self._original(item), PrepareSettings(**self._prepare["settings"]))
        if shown.facts["sha256"] != (item.facts or {})["sha256"]:
            raise PhotographError(ErrorType.CHANGED, "the file changed during the run; run again")
        return np.asarray(shown.image)

    def release(self) -> None:
        """Delete the shard's proofs once every reader has written its index: a disk need not hold all shards'."""
        if all(paths.index_file(rule, self.shard).exists() for rule in PROOF_READERS):
            shutil.rmtree(paths.working_folder(self.shard), ignore_errors=True)

    def _original(self, item: Item) -> Path:
        return locate(Path(self.locations["photos"]), item.image)
