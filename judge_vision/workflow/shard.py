"""One job: a rule's work on the photographs of one shard.

The loop is the same for every rule. For each photograph it looks for the figures in the cache, measures what is
missing, writes one record per photograph and, when all are written, one index that vouches for them with SHA-256.
Only the index is a declared output: Snakemake deletes the declared outputs of a job that failed, and what was measured
before must survive that. Standard library only: the scoring container runs this too.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from judge_vision.failure import ErrorType, PhotographError, UserError
from judge_vision.records import paths, store
from judge_vision.workflow import packing
from judge_vision.workflow.cache import Cache
from judge_vision.workflow.lock import held
from judge_vision.workflow.plan import read_plan
from judge_vision.workflow.progress import Progress

log = logging.getLogger(__name__)

Figures = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """A photograph in a job: its line in the shard list and, after `prepare`, the record of its facts."""

    image: str
    entry: dict[str, Any]
    facts: dict[str, Any] | None = None


Outcome = Figures | PhotographError
Measure = Callable[[list[Item]], Iterable[tuple[Item, Outcome]]]


def content_key(measured_by: str, *content: Any) -> str:
    """The cache key of figures: what they were measured from, and by which code and settings."""
    return store.digest([measured_by, *content])


@dataclass(frozen=True)
class ShardJob:
    """The work of `rule` on `shard`, below the results folder that is the working directory."""

    rule: str
    shard: str

    @property
    def label(self) -> str:
        """How the job is called in messages."""
        return f"{self.rule} {self.shard}"

    @property
    def statistics_file(self) -> Path:
        """How many photographs the job measured, found and failed at, and how long it took."""
        return paths.STATE / "jobs" / self.rule / f"{self.shard}.json"

    def settings(self) -> dict[str, Any]:
        """The settings file of the rule: `settings`, and `measured_by`, the hash of code, settings and libraries."""
        return dict(store.read_json(paths.settings_file(self.rule)))

    def entries(self) -> list[dict[str, Any]]:
        """The lines of the shard list, in their order."""
        lines = paths.shard_list(self.shard).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def items(self) -> list[Item]:
        """The photographs with their facts. Raises FileNotFoundError where `prepare` has not been here."""
        facts = read_records("prepare", self.shard)
        return [Item(entry["image"], entry, facts[entry["image"]]) for entry in self.entries()]

    def run(
        self,
        items: list[Item],
        measure: Measure,
        key: Callable[[Item], str],
        usable: Callable[[Item, Figures], bool] = lambda item, figures: True,
        known: Callable[[Item], Figures] = lambda item: {},
    ) -> None:
        """Measure what the cache does not hold, write every record, then the index.

        `store.COMPANIONS` has the SHA-256 of the files made besides, by path: it stays in the cache, and cached
        figures count only while those files are whole. `usable` may refuse them for other reasons (a proof is gone).
        Photographs whose preparation failed are passed on as failed, with the same reason. The records of failures hold
        what is `known` of them without their pixels.
        """
        with held(paths.job_lock(self.rule, self.shard)):
            started = time.monotonic()
            cache = self.cache()
            outcomes: dict[str, Outcome] = {}
            pending: list[Item] = []
            cached = 0
            for item in items:
                if item.facts is not None and item.facts["status"] == "failed":
                    outcomes[item.image] = PhotographError(ErrorType(item.facts["error_type"]), item.facts["error"])
                    continue
                figures = cache.get(key(item))
                if figures is not None and usable(item, figures) and _has_companions(figures):
                    outcomes[item.image] = figures
                    cached += 1
                else:
                    pending.append(item)
            progress = Progress(self.label, len(items), len(pending), cached)
            for item, outcome in measure(pending) if pending else ():
                if not isinstance(outcome, PhotographError):
                    cache.put(key(item), outcome)
                else:
                    log.warning("%s: %s: %s", item.image, outcome.error_type.value, outcome.message)
                outcomes[item.image] = outcome
                progress.step()
            cache.close()
            self._write_records([self._record(item, outcomes[item.image], known) for item in items])
            failed = sum(isinstance(outcome, PhotographError) for outcome in outcomes.values())
            progress.finish(failed)
            self._write_statistics(len(items), cached, failed, time.monotonic() - started)

    def cache(self) -> Cache:
        """What the rule measured before, on any shard."""
        return Cache(paths.cache_folder(self.rule), self.shard, read_plan().packed)

    def _record(self, item: Item, outcome: Outcome, known: Callable[[Item], Figures]) -> dict[str, Any]:
        failure = outcome if isinstance(outcome, PhotographError) else None
        figures: Figures = {**known(item), **outcome.details} if isinstance(outcome, PhotographError) else outcome
        return {
            "schema": f"judge-vision/{self.rule}/1",
            "image": item.image,
            "sha256": figures.get("sha256")
            or (item.facts or {}).get("sha256")
            or (failure.sha256 if failure else None),
            "status": "failed" if failure else "ok",
            "error_type": failure.error_type.value if failure else None,
            "error": failure.message if failure else None,
            **{name: value for name, value in figures.items() if name not in ("sha256", store.COMPANIONS)},
        }

    def _write_records(self, records: list[dict[str, Any]]) -> None:
        packing.write_records(
            paths.index_file(self.rule, self.shard),
            paths.records_folder(self.rule) / self.shard,
            [(paths.file_name(record["image"], ".json"), record) for record in records],
            self.rule,
            read_plan().packed,
        )

    def _write_statistics(self, total: int, cached: int, failed: int, seconds: float) -> None:
        # beside the index, not in it: timings would make every index differ and wake what depends on it
        store.write_json(
            self.statistics_file,
            {"photographs": total, "cached": cached, "failed": failed, "seconds": round(seconds, 3)},
            durable=False,
        )


def _has_companions(figures: Figures) -> bool:
    """Whether what was made besides is there and whole, which a power cut may have prevented: none is flushed alone."""
    return all(store.holds(Path(path), sha256) for path, sha256 in figures.get(store.COMPANIONS, {}).items())


def read_records(rule: str, shard: str, parse_float: Callable[[str], float] = float) -> dict[str, dict[str, Any]]:
    """The records that `rule` wrote for `shard`, by image, each checked against the SHA-256 in the index.

    The one way to read them: the form, a file per photograph or one per shard, is the index's affair.
    `parse_float` makes a number of each decimal.

    Raises FileNotFoundError for a missing index or record, ValueError for a record that was changed by hand.
    """
    return packing.read_records(paths.index_file(rule, shard), parse_float)


def each(function: Callable[[Item], Figures], workers: int) -> Measure:
    """A `Measure` that calls `function` for one photograph at a time, in `workers` threads.

    NumPy, OpenCV and Pillow release the interpreter's lock in their loops, so threads are enough.
    """

    def guarded(item: Item) -> tuple[Item, Outcome]:
        try:
            return item, function(item)
        except PhotographError as failure:
            return item, failure
        except UserError:
            # a full disk, say: no photograph's fault
            raise
        except Exception:
            log.exception("%s: unexpected", item.image)
            return item, PhotographError(ErrorType.INTERNAL, "a defect of this program; the job's log has the details")

    def measure(items: list[Item]) -> Iterator[tuple[Item, Outcome]]:
        pool = ThreadPoolExecutor(max_workers=workers)
        # as they come: a slow photograph must not keep finished ones from being written
        finished: SimpleQueue[Future[tuple[Item, Outcome]]] = SimpleQueue()
        try:
            for item in items:
                pool.submit(guarded, item).add_done_callback(finished.put)
            for _ in items:
                yield finished.get().result()
        finally:
            # not waited for: an interrupted job must not first finish what it began
            pool.shutdown(wait=False, cancel_futures=True)

    return measure
