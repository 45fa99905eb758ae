"""The job of `critique`: ask for what the cache does not hold, for the photographs of one shard that may be judged."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow.parquet as pq

from judge_vision.compliance.registry import open_competition
from judge_vision.critique.prompts import CRITIQUE_WORDS, load_prompt, template_path
from judge_vision.critique.server import Server
from judge_vision.critique.settings import RequestSettings, Stage2Settings
from judge_vision.critique.write import BLANK, ByServer, not_judged, write_by_rules
from judge_vision.failure import CritiqueErrorType, PhotographError, UserError
from judge_vision.metrics.light import LightSettings
from judge_vision.metrics.tonal import TonalSettings
from judge_vision.records import paths
from judge_vision.workflow.lock import held
from judge_vision.workflow.messages import HOW_TO_TURN_ON
from judge_vision.workflow.pixels import PixelJob
from judge_vision.workflow.shard import Figures, Item, Outcome, content_key, each

_SERVER_LOCK = paths.STATE / "locks" / "stage2-server.lock"


def critique_shard(shard: str) -> None:
    """Write the critiques of `shard`. Raises UserError where Stage 2 is off."""
    job = CritiqueJob("critique", shard)
    # the next run asks again where failures are counted here, or nothing is
    job.statistics_file.unlink(missing_ok=True)
    engine = job.stage2.resolved_engine()
    if engine == "off":
        raise UserError(HOW_TO_TURN_ON)
    if engine == "rules":
        job.run(job.judged(), each(job.by_rules, 1), job.key)
    else:
        job.run(job.judged(), job.by_server, job.key)


@dataclass(frozen=True)
class CritiqueJob(PixelJob):
    """A shard's photographs with their rows of the Stage 1 table."""

    @cached_property
    def stage2(self) -> Stage2Settings:
        """The run's settings; how many requests at once and where to is no matter of results."""
        return Stage2Settings(**self.locations["stage2"])

    @cached_property
    def rows(self) -> dict[str, dict[str, Any]]:
        """The shard's rows of the Stage 1 table, by image."""
        images = [entry["image"] for entry in self.entries()]
        table = pq.read_table(paths.TABLE, filters=[("image", "in", images)])
        return {row["image"]: row for row in table.to_pylist()}

    @cached_property
    def _engine(self) -> ByServer:
        return by_server(self.locations)

    def judged(self) -> list[Item]:
        """The photographs; those that are not judged go without their facts."""
        return [Item(one.image, one.entry) if self._left_out(one.image) else one for one in self.items()]

    def key(self, item: Item) -> str:
        """The cache key of a critique."""
        row = self.rows[item.image]
        left_out = self._left_out(item.image)
        if left_out:
            return content_key("not judged", left_out)
        if self.stage2.resolved_engine() == "rules":
            return content_key(self.settings()["measured_by"], row)
        return self._engine.key(row)

    def by_rules(self, item: Item) -> Figures:
        """The remarks on one photograph by rules."""
        tonal, light = TonalSettings(**self.parameters["tonal"]), LightSettings(**self.parameters["light"])
        short = self.stage2.length == "short"
        return self._left_out(item.image) or write_by_rules(self.rows[item.image], tonal, light, short)

    def by_server(self, items: list[Item]) -> Iterator[tuple[Item, Outcome]]:
        """The critiques of `items`, several asked for at a time; one job at a time talks to the server."""
        engine, asked = self._engine, []
        for item in items:
            left_out = self._left_out(item.image)
            if left_out:
                yield item, left_out
            else:
                asked.append(item)
        if not asked:
            return
        with talking(self.locations) as server:

            def write(item: Item) -> Figures:
                return engine.write(self.rows[item.image], lambda: self._readable(item), server)

            yield from _with_details(each(write, self.stage2.concurrency)(asked), engine.common)

    def _left_out(self, image: str) -> Figures | None:
        return not_judged(self.rows[image], self.stage2.judge_failed)

    def _readable(self, item: Item) -> Any:
        try:
            return self.pixels(item)
        except PhotographError as error:
            raise PhotographError(CritiqueErrorType.UNREADABLE, error.message) from None


def by_server(run: dict[str, Any]) -> ByServer:
    """The engine that a run's configuration describes."""
    settings = Stage2Settings(**run["stage2"])
    return ByServer(
        settings,
        RequestSettings(**run["stage2_requests"]),
        load_prompt(template_path(settings.prompt), CRITIQUE_WORDS),
        open_competition(run["compliance"]),
    )


@contextmanager
def talking(run: dict[str, Any]) -> Iterator[Server]:
    """The server that a run's configuration names, for one job at a time."""
    settings = Stage2Settings(**run["stage2"])
    assert settings.base_url is not None and settings.model is not None, "checked when the run began"
    requests = RequestSettings(**run["stage2_requests"])
    with (
        held(_SERVER_LOCK, "another job talks to the server"),
        Server(settings.base_url, settings.model, requests, settings.concurrency) as server,
    ):
        try:
            yield server
        except KeyboardInterrupt:
            # Threads that wait for the server would keep this process for as long as its time-out. Every reply that
            # came is written, and every file is written whole, so nothing is lost.
            os._exit(128 + signal.SIGINT)


def _with_details(outcomes: Iterable[tuple[Item, Outcome]], common: dict[str, Any]) -> Iterator[tuple[Item, Outcome]]:
    """The same outcomes; failures carry every key of a record too."""
    for item, outcome in outcomes:
        if isinstance(outcome, PhotographError):
            details = {**BLANK, **common, **outcome.details}
            yield item, PhotographError(outcome.error_type, outcome.message, outcome.sha256, details)
        else:
            yield item, outcome
