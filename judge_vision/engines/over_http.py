"""The engines behind HTTP: the service that this run starts, and one that somebody else keeps. Runs on the host."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from judge_vision.engines import lifecycle
from judge_vision.engines.client import Client, Hanging, Unreachable
from judge_vision.engines.engine import EngineUnavailable, Outcome
from judge_vision.engines.notes import Note
from judge_vision.engines.options import TOKEN_VARIABLE
from judge_vision.engines.settings import ServiceSettings
from judge_vision.models.inputs import ScaledPicture

log = logging.getLogger(__name__)

_REMOTE_PAUSES_S = (1.0, 4.0)
_TRIES = 4


class RemoteEngine:
    """A service at an address of the user's."""

    def __init__(self, url: str, settings: ServiceSettings, wanted: Mapping[str, Any]) -> None:
        """Raises EngineUnavailable where it is not ready or has not the `wanted` identity; UserError."""
        self._client = Client(url, settings, os.environ.get(TOKEN_VARIABLE))
        health = self._client.health()
        if health.get("state") != "ready":
            raise EngineUnavailable(f"the service at {url} is {health.get('state')}")
        lifecycle.check_identity(url, health, wanted)
        self._most_bytes = _most_bytes(health)
        self.device = str(health.get("device"))[:100]

    def score(self, pictures: Sequence[ScaledPicture]) -> list[Outcome]:
        """Outcomes in the order of `pictures`; a broken connection is tried again. Raises EngineUnavailable."""
        for pause in _REMOTE_PAUSES_S:
            try:
                return _in_parts(self._client.score, pictures, self._most_bytes)
            except Unreachable as error:
                log.warning("%s; asking again", error)
                time.sleep(pause)
        return _in_parts(self._client.score, pictures, self._most_bytes)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class ServiceEngine:
    """The resident service of this machine, started when needed and replaced when it dies or hangs."""

    def __init__(self, plan: lifecycle.Plan, wanted: Mapping[str, Any]) -> None:
        """Raises EngineUnavailable, UserError."""
        self._plan, self._wanted = plan, wanted
        self._client: Client | None = None
        self._connect(lifecycle.ensure(plan, wanted))

    def score(self, pictures: Sequence[ScaledPicture]) -> list[Outcome]:
        """Outcomes in the order of `pictures`. Raises EngineUnavailable."""
        for _ in range(_TRIES):
            try:
                assert self._client is not None
                return _in_parts(self._client.score, pictures, self._most_bytes)
            except EngineUnavailable as error:
                if isinstance(error, Hanging) and self._is_working():
                    log.warning("%s, but it is working; asking again", error)
                    continue
                log.warning("the scoring service is of no use any more: %s", error)
                self._connect(lifecycle.ensure(self._plan, self._wanted, self.note, str(error)))
        raise EngineUnavailable(f"the service did not score {len(pictures)} pictures in {_TRIES} tries")

    def close(self) -> None:
        """Close the connections; the service stays for the next shard."""
        if self._client is not None:
            self._client.close()

    def _connect(self, note: Note) -> None:
        self.close()
        self.note = note
        self._client = Client(note.url, self._plan.settings, os.environ.get(TOKEN_VARIABLE))
        health = self._client.health()
        self._most_bytes = _most_bytes(health)
        self.device = str(health.get("device"))[:100]

    def _is_working(self) -> bool:
        """Its present batch began not long ago: it has much to do, but it does not hang."""
        assert self._client is not None
        try:
            health = self._client.health()
        except EngineUnavailable:
            return False
        return health.get("state") == "ready" and float(health.get("running_s", 0)) < self._plan.settings.timeout_s


def _most_bytes(health: Mapping[str, Any]) -> int:
    limits = health.get("limits")
    return int(limits.get("body_bytes", 0)) if isinstance(limits, dict) else 0


def _in_parts(
    score: Callable[[Sequence[ScaledPicture]], list[Outcome]], pictures: Sequence[ScaledPicture], most_bytes: int
) -> list[Outcome]:
    """The outcomes of `pictures`, asked for in as few requests as the server's limit allows."""
    outcomes: list[Outcome] = []
    part: list[ScaledPicture] = []
    size = 0
    for picture in pictures:
        own = picture.sample.nbytes + picture.scaled.nbytes + 64
        if part and size + own > most_bytes:
            outcomes += score(part)
            part, size = [], 0
        part.append(picture)
        size += own
    return outcomes + (score(part) if part else [])
