"""Which engines a shard tries, one after the other, until one has scored it.

    remote or local service  ->  one-off container  ->  the networks in the job's own process

What one engine has scored before it failed is in the cache; the next one does the rest. The scoring container runs this
too, and there the only engine is the process itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from judge_vision.engines.container import INSIDE
from judge_vision.engines.engine import EngineUnavailable
from judge_vision.engines.owner import owner
from judge_vision.failure import UserError

log = logging.getLogger(__name__)

URL_VARIABLE = "JUDGE_VISION_TF_SERVICE_URL"


@dataclass(frozen=True)
class Attempt:
    """An engine that was tried: `failure` says why it did not finish the shard, None that it did."""

    engine: str
    failure: str | None

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def rungs(iqa: Mapping[str, Any], environment: Mapping[str, str]) -> list[str]:
    """The engines to try, in order: remote, service, container, batch.

    `iqa` is the section of the configuration. JUDGE_VISION_USE_TF_SERVICE=0 forbids remote and service,
    JUDGE_VISION_USE_TF_CONTAINER=0 everything but batch, as in the reference system. Raises UserError where nothing
    is left.
    """
    if environment.get(INSIDE) == "1":
        return ["batch"]
    use_service = iqa["use_service"] and environment.get("JUDGE_VISION_USE_TF_SERVICE") != "0"
    only_host = environment.get("JUDGE_VISION_USE_TF_CONTAINER") == "0"
    found = []
    if iqa["engine"] != "batch" and use_service and not only_host:
        # an address in the environment means a service that is there already
        found.append("remote" if environment.get(URL_VARIABLE) else iqa["engine"])
    if iqa["runtime"] is not None and may_use_container(iqa, environment):
        found.append("container")
    if iqa["use_host"]:
        found.append("batch")
    if not found:
        raise UserError(
            f"no engine may score: iqa.engine={iqa['engine']}, and the settings or the environment forbid the rest; "
            "allow one of iqa.use_service, iqa.use_container (with iqa.runtime) and iqa.use_host"
        )
    return found


def may_use_container(iqa: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """Whether neither settings nor environment forbid containers."""
    return bool(iqa["use_container"]) and environment.get("JUDGE_VISION_USE_TF_CONTAINER") != "0"


def climb(names: Sequence[str], work: Callable[[str], None]) -> list[Attempt]:
    """Do `work` with each engine until one succeeds.

    Raises UserError where none does, or where the run is gone: an orphan must not load the networks a second time.
    """
    attempts: list[Attempt] = []
    for position, name in enumerate(names):
        try:
            work(name)
        except EngineUnavailable as error:
            if not owner().alive:
                raise UserError("the run that this job belongs to was ended; start it again") from None
            after = names[position + 1] if position + 1 < len(names) else None
            log.warning("engine %s: %s; %s", name, error, f"going on with {after}" if after else "no other is allowed")
            attempts.append(Attempt(name, str(error)))
            continue
        return [*attempts, Attempt(name, None)]
    reasons = "; ".join(f"{attempt.engine}: {attempt.failure}" for attempt in attempts)
    raise UserError(
        f"no engine could score this shard ({reasons}); "
        "run again when one of them works, or allow another (iqa.use_host)"
    )
