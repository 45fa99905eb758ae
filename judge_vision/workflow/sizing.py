"""What a run of so many photographs takes on so many cores and GPUs, from measured costs a photograph."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from judge_vision.records.steps import METRICS, STEPS
from judge_vision.workflow.plan import Plan, make_plan

Costs = Mapping[str, Any]
_UNITS = {"minutes": 60, "hours": 1}  # in an hour
_HOST_RULES = tuple(step for step in STEPS if step != "iqa")


@dataclass(frozen=True)
class Machine:
    """What a run may use."""

    cores: int
    gpus: int


@dataclass(frozen=True)
class Step:
    """One line of the sizing table."""

    name: str
    jobs: int
    hours: float
    """Elapsed, if the step has the machine's cores or GPUs to itself."""
    job_minutes: float
    """Of one job, on two threads or one GPU."""
    memory_mb: int
    """Peak of one job."""
    place: str
    """What it keeps busy: cores, GPUs, or one core."""


@dataclass(frozen=True)
class Sizing:
    """What a run takes."""

    plan: Plan
    steps: list[Step]
    disk_gb: dict[str, float]

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return self.plan.shards

    @property
    def jobs(self) -> int:
        """All jobs of the run."""
        return sum(step.jobs for step in self.steps)

    @property
    def hours(self) -> float:
        """Elapsed: host rules and scoring overlap, the rest follows one after the other."""
        busy: dict[str, float] = {}
        for step in self.steps:
            busy[step.place] = busy.get(step.place, 0.0) + step.hours
        return max(busy.get("cores", 0.0), busy.get("GPUs", 0.0)) + busy.get("one core", 0.0)

    @property
    def bottleneck(self) -> Step:
        """The step that takes longest."""
        return max(self.steps, key=lambda step: step.hours)


def size_run(photographs: int, machine: Machine, costs: Costs, kind: str, photographs_per_job: int = 256) -> Sizing:
    """The sizing of a run over photographs of `kind` (a key of `costs["photograph_cpu_s"]`)."""
    plan = make_plan(photographs, photographs_per_job, int(costs["pack_above"]))
    steps = [_one_core("list and plan", costs["listing_cpu_s"] * photographs, costs["planning_mb"], photographs, 1)]
    steps += [_host(rule, plan, machine, costs, kind) for rule in _HOST_RULES]
    steps.insert(2, _scoring(plan, machine, costs, kind))
    scheduling = costs["scheduling_cpu_s"] * plan.shards * len(STEPS)
    steps.append(_one_core("schedule", scheduling, costs["planning_mb"], photographs, 0))
    for rule in ("merge", "report"):
        shown = min(photographs, int(costs["report_most"])) if rule == "report" else photographs
        steps.append(_one_core(rule, costs[f"{rule}_cpu_s"] * shown, costs[f"{rule}_mb"], 0, 1))
    kept = {name: size for name, size in costs["disk_bytes"].items() if not (plan.packed and name == "previews")}
    disk = {name: size * photographs / 1e9 for name, size in kept.items()}
    return Sizing(plan, steps, disk)


def _host(rule: str, plan: Plan, machine: Machine, costs: Costs, kind: str) -> Step:
    each, start = _cost(costs["photograph_cpu_s"][kind], rule), _cost(costs["job_cpu_s"], rule)
    hours = (each * plan.photographs + start * plan.shards) / machine.cores / 3600
    minutes = (each * _largest_shard(plan) / 2 + start) / 60
    return Step(rule, plan.shards, hours, minutes, int(_cost(costs["job_mb"], rule)), "cores")


def _cost(measured: Mapping[str, float], rule: str) -> float:
    """What `rule` was measured to cost; a metric that nobody measured yet counts as the costliest that is known."""
    if rule in METRICS and rule not in measured:
        return max(cost for metric, cost in measured.items() if metric in METRICS)
    return measured[rule]


def _scoring(plan: Plan, machine: Machine, costs: Costs, kind: str) -> Step:
    if machine.gpus == 0:
        return _host("iqa", plan, machine, costs, kind)
    each, start = 1 / costs["gpu_photographs_per_s"], costs["gpu_job_s"]
    hours = (each * plan.photographs + start * plan.shards) / machine.gpus / 3600
    minutes = (each * _largest_shard(plan) + start) / 60
    return Step("iqa", plan.shards, hours, minutes, costs["job_mb"]["iqa"], "GPUs")


def _largest_shard(plan: Plan) -> int:
    """Photographs in it: a small run does not fill its only one."""
    return min(plan.photographs, plan.photographs_per_shard)


def _one_core(name: str, seconds: float, mb: Mapping[str, int], photographs: int, jobs: int) -> Step:
    memory = mb["first"] + mb["per_million"] * photographs // 1_000_000
    return Step(name, jobs, seconds / 3600, seconds / 60, memory, "one core")


def table(sizing: Sizing, machine: Machine) -> str:
    """The sizing as text for a terminal; also valid Markdown."""
    plan = sizing.plan
    unit = _unit(sizing.hours)
    form = "one file a shard and rule, the table a folder of parts" if plan.packed else "one file a photograph and rule"
    lines = [
        f"{plan.photographs:,} photographs, {machine.cores} cores, {machine.gpus} GPUs",
        f"{sizing.shards:,} shards of {plan.photographs_per_shard:,}; records: {form}",
        "",
        f"| Step          |   Jobs | {unit.capitalize():>7} | Minutes a job |  MB a job | Busy     |",
        "| ------------- | -----: | ------: | ------------: | --------: | -------- |",
    ]
    for step in sizing.steps:
        elapsed, minutes = f"{step.hours * _UNITS[unit]:,.2f}", f"{step.job_minutes:,.1f}"
        lines.append(
            f"| {step.name:13} | {step.jobs:6,} | {elapsed:>7} | {minutes:>13} | {step.memory_mb:9,} | {step.place:8} |"
        )
    disk = ", ".join(f"{name} {_size(size)}" for name, size in sizing.disk_gb.items())
    slowest = sizing.bottleneck
    return "\n".join(
        [
            *lines,
            "",
            f"Together: {sizing.jobs:,} jobs, about {_time(sizing.hours)} (scoring beside the other rules).",
            f"Disk: {disk}.",
            f"The bottleneck is {slowest.name}, on the {slowest.place}: {_time(slowest.hours)}.",
            *(f"- {hint}" for hint in hints(sizing, machine)),
        ]
    )


def _unit(hours: float) -> str:
    """What elapsed times are told in: hours would make nought of a small run."""
    return "minutes" if hours < 2 else "hours"


def _time(hours: float) -> str:
    unit = _unit(hours)
    return f"{hours * _UNITS[unit]:,.1f} {unit}"


def _size(gigabytes: float) -> str:
    for size, unit in ((gigabytes, "GB"), (gigabytes * 1e3, "MB")):
        if size >= 1:
            return f"{size:,.1f} {unit}"
    return f"{gigabytes * 1e6:,.0f} kB"


def hints(sizing: Sizing, machine: Machine) -> list[str]:
    """What to change for a run like this one."""
    steps = {step.name: step for step in sizing.steps}
    host = sum(step.hours for step in sizing.steps if step.place == "cores")
    found = []
    if machine.gpus and host > 2 * steps["iqa"].hours:
        enough = math.ceil(machine.cores * host / max(steps["iqa"].hours, 0.01))
        found.append(f"The GPUs wait for the cores: {enough:,} cores would keep {machine.gpus} GPUs busy.")
    if not machine.gpus and steps["iqa"].hours > 1:
        found.append("Scoring runs on cores; a GPU would take it off them (GPUS=1).")
    if sizing.jobs > 2_000 and sizing.hours > 10:
        found.append("More than one machine: a cluster profile. See docs/explanation/scale.md.")
    if sizing.plan.photographs > 1_000_000:
        found.append("Give a Parquet list instead of a folder, and keep the results on a disk that bears small files.")
    longest = max(step.job_minutes for step in sizing.steps if step.place != "one core")
    if longest > 24 * 60:
        found.append("A job would take more than a day: lower photographs_per_job.")
    return found
