"""A job of a rule that reads the pixels that `prepare` decoded."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.failure import ErrorType, PhotographError
from judge_vision.photograph.names import locate
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.photograph.working import open_working
from judge_vision.records import store
from judge_vision.workflow import paths
from judge_vision.workflow.shard import Item, ShardJob, content_key

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PixelJob(ShardJob):
    """Adds the pixels, and a cache key out of the content of the file and how it is measured."""

    @cached_property
    def _document(self) -> dict[str, Any]:
        return self.settings()

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

    def pixels(self, item: Item) -> npt.NDArray[np.uint8]:
        """The picture as displayed, uint8 [height, width, 3], sRGB. Raises PhotographError where it changed."""
        facts = item.facts or {}
        photos, folder = Path(self.locations["photos"]), paths.working_folder(self.shard)
        if facts["working"] is None:
            return open_working(photos, folder, facts)
        if not (folder / facts["working"]).exists():
            self._prepare_again(photos, folder, facts)
        try:
            return open_working(photos, folder, facts)
        except (OSError, SyntaxError):
            # working copies are not flushed, so a power cut leaves parts of them; Pillow notices by the checksum
            log.warning("the working copy of %s is damaged; making it again", item.image)
            self._prepare_again(photos, folder, facts)
            return open_working(photos, folder, facts)

    def _prepare_again(self, photos: Path, folder: Path, facts: dict[str, Any]) -> None:
        """Make the working copy of an earlier run once more: a changed threshold of one rule re-runs that rule only."""
        # imported here: decoders that the scoring container lacks
        from judge_vision.photograph.prepare import prepare_photograph

        settings = PrepareSettings(**ShardJob("prepare", self.shard).settings()["settings"])
        again = prepare_photograph(locate(photos, facts["image"]), settings, folder / facts["working"])
        if again["sha256"] != facts["sha256"]:
            raise PhotographError(ErrorType.CHANGED, "the file changed during the run; run again")
