"""The job of `iqa`: score the shard with the first engine that can. Runs inside the scoring container too."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from judge_vision.engines import container, ladder
from judge_vision.engines.engine import BatchEngine, Engine, EngineUnavailable
from judge_vision.engines.identity import identity, model_hashes
from judge_vision.failure import ErrorType, PhotographError
from judge_vision.models import runtime
from judge_vision.models.inputs import ScaledPicture
from judge_vision.records import paths, store
from judge_vision.workflow.ahead import read_ahead
from judge_vision.workflow.lock import HELD_OUTSIDE
from judge_vision.workflow.pixels import PixelJob
from judge_vision.workflow.shard import Item, Outcome, read_records

log = logging.getLogger(__name__)

_CODE = Path(__file__).resolve().parents[2]
_Read = tuple[Item, ScaledPicture | PhotographError]


def score_shard(shard: str, threads: int) -> None:
    """Score the photographs of `shard` with `threads` threads; no engine starts if all are in the cache.

    Raises UserError where no engine that the settings allow could do it.
    """
    job = PixelJob("iqa", shard)
    run = store.read_json(paths.RUN_CONFIG)
    names = ladder.rungs(run["iqa"], os.environ)
    if os.environ.get("JUDGE_VISION_USE_TF_CONTAINER") == "0":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # in the reference system this means: the processor
    scoring = _Scoring(job, run, threads)
    attempts = ladder.climb(names, scoring.work)
    _write_engines(job, attempts, scoring.service)


class _Scoring:
    """One shard's work, with one engine after the other."""

    def __init__(self, job: PixelJob, run: dict[str, Any], threads: int) -> None:
        self._job, self._run, self._threads = job, run, threads
        self.service: dict[str, Any] | None = None
        """Of the resident service, if one was used: its restarts and errors."""

    def work(self, name: str) -> None:
        """Score the shard with the engine `name`. Raises EngineUnavailable; what was scored before is in the cache."""
        items = self._job.items()
        if name == "container" and not self._job.are_known(items):
            self._in_container()
            return

        def measure(pending: list[Item]) -> Iterator[tuple[Item, Outcome]]:
            problem = runtime.processor_problem() if name == "batch" else None
            if problem:
                # everything else is measured all the same, and the row says why its scores are missing
                yield from ((item, PhotographError(ErrorType.MODEL_UNAVAILABLE, problem)) for item in pending)
                return
            # the first pictures are read while the networks load, and the next while the last are scored
            with read_ahead(self._read, pending, int(self._run["iqa"]["batch_size"])) as batches:
                engine = self._open(name)
                try:
                    yield from self._measure(name, engine, batches)
                finally:
                    note = getattr(engine, "note", None)
                    if note is not None:
                        self.service = {"restarts": note.starts - 1, "errors": list(note.errors)}
                    engine.close()

        self._job.run(items, measure, self._job.key)
        self._job.release()

    def _in_container(self) -> None:
        """Run this very job in a one-off container, which writes the records; the job's lock stays ours meanwhile."""
        image = os.environ.get("JUDGE_VISION_TF_IMAGE")
        run = {**self._run, "containers": {"iqa": f"docker://{image}"}} if image else self._run
        try:
            one_off = container.one_off(run, _CODE, Path.cwd())
            if one_off is None:
                raise EngineUnavailable("iqa.runtime names no container engine; set it to docker, podman or apptainer")
            held = {HELD_OUTSIDE: str(paths.job_lock("iqa", self._job.shard).resolve())}
            one_off.run("iqa.py", ["--shard", self._job.shard, "--threads", str(self._threads)], held)
        except container.ContainerError as error:
            raise EngineUnavailable(str(error)) from None

    def _open(self, name: str) -> Engine:
        if name == "batch":
            return BatchEngine(self._run, self._threads)
        # imported here: the scoring container has no HTTP client
        from judge_vision.engines import lifecycle, over_http

        wanted = identity(self._job.parameters["bundle"], int(self._job.parameters["max_side"]))
        plan = lifecycle.plan_of(self._run, paths.RUN_CONFIG, threads=self._threads)
        if name == "service":
            return over_http.ServiceEngine(plan, wanted)
        url = os.environ.get(ladder.URL_VARIABLE) or plan.settings.url or f"http://127.0.0.1:{plan.options.port}"
        return over_http.RemoteEngine(url, plan.settings, wanted)

    def _read(self, item: Item) -> _Read:
        try:
            return item, ScaledPicture.of_proof(self._job.proof(item, "sample", "scaled"))
        except PhotographError as failure:
            return item, failure

    def _measure(self, name: str, engine: Engine, batches: Iterator[list[_Read]]) -> Iterator[tuple[Item, Outcome]]:
        described = self._job.parameters["bundle"]
        label = f"{described['name']} {described['version']}"
        log.info("%s on %s, engine %s", label, engine.device, name)
        constant = {
            "model_bundle": label,
            "human_ratings": described["human_ratings"],
            "models": model_hashes(described),
            "iqa_engine": "container" if os.environ.get(container.INSIDE) == "1" else name,
            "iqa_device": engine.device,
        }
        for batch in batches:
            yield from ((item, found) for item, found in batch if isinstance(found, PhotographError))
            pictures = [(item, found) for item, found in batch if isinstance(found, ScaledPicture)]
            outcomes = engine.score([picture for _, picture in pictures]) if pictures else []
            for (item, _), scores in zip(pictures, outcomes, strict=True):
                yield item, scores if isinstance(scores, PhotographError) else {**scores.as_dict(), **constant}


def _write_engines(job: PixelJob, attempts: list[ladder.Attempt], service: dict[str, Any] | None) -> None:
    """Say beside the index, not in it, how the shard came by its scores: the page shows it, nothing depends on it."""
    records = read_records("iqa", job.shard).values()
    scored = Counter((one["iqa_engine"], one["iqa_device"]) for one in records if one["status"] == "ok")
    store.write_json(
        paths.engines_file(job.shard),
        {
            "scored": [
                {"engine": engine, "device": device, "photographs": count}
                for (engine, device), count in sorted(scored.items())
            ],
            "attempts": [attempt.as_dict() for attempt in attempts],
            "service": service,
        },
        durable=False,
    )
