"""How large shards are and in which form results are kept, by the number of photographs. Standard library only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from judge_vision.records import paths, store
from judge_vision.records.steps import STEPS

# Shards up to which they keep the size that was asked for. Each costs about two CPU seconds, for an interpreter to
# start and a job to be scheduled for each step, which 256 photographs are worth and one is not.
_SHARDS_AT_TARGET = 100
# Most jobs on shards that are planned: with the few others 20,000, a dry run of which takes a minute and half a
# gigabyte.
_MOST_JOBS = 19_750


@dataclass(frozen=True)
class Plan:
    """What a run of so many photographs does differently from a small one."""

    photographs: int = 0
    photographs_per_shard: int = 1
    packed: bool = False
    """Records and cache in one file per shard and rule, and the table as a folder of parts."""

    @property
    def shards(self) -> int:
        """How many shards the photographs make."""
        return math.ceil(self.photographs / self.photographs_per_shard)


def make_plan(photographs: int, photographs_per_job: int, pack_above: int) -> Plan:
    """The plan for `photographs`: shards of about `photographs_per_job`, packed if there are more than `pack_above`."""
    return Plan(photographs, photographs_per_shard(photographs, photographs_per_job), photographs > pack_above)


def photographs_per_shard(photographs: int, target: int) -> int:
    """`target`, or more where that would make too many jobs.

    Beyond 500 jobs the size of a shard and the number of shards grow alike, each with the square root of the number of
    photographs: Snakemake's time for a job grows with the number of jobs, while a job must not take days, nor a shard's
    list pass the megabyte up to which Snakemake compares content. 1,000 jobs do 100,000 photographs, 10,000 jobs ten
    million; 20,000 are the most.
    """
    grown = target * math.sqrt(photographs / (target * _SHARDS_AT_TARGET))
    return max(target, math.ceil(grown), -(-photographs // (_MOST_JOBS // len(STEPS))))


def host_threads(plan: Plan, most: int, cores: int | None) -> int:
    """Threads of a job on one shard, scoring aside: `most`, but one where each of `cores` has two shards or more.

    Threads of one process wait for each other wherever Python itself works, which jobs side by side do not.
    """
    return 1 if cores and plan.shards >= 2 * cores else most


def read_plan(results: Path = Path()) -> Plan:
    """The plan of the last run in `results`; the one for a single photograph where nothing was planned."""
    try:
        return Plan(**store.read_json(results / paths.PLAN))
    except FileNotFoundError:
        return Plan()
