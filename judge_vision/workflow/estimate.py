"""How long a run will take, from what a photograph took here before, and what its jobs have done so far.

Every job that ends appends a line to `state/progress.jsonl`: what it did and how fast. The next run takes its rates
from there. Standard library only: the scoring container runs this too.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from judge_vision.records import paths, store
from judge_vision.records.steps import METRICS, STEPS

# Weight of the newest run in a rate: other photographs and other programs beside us make each run different.
_NEWEST = 0.5


def counted(photographs: int) -> str:
    """`photographs` and the noun that goes with the number."""
    return f"{photographs:,} photograph{'' if photographs == 1 else 's'}"


def about(seconds: float) -> str:
    """`seconds` for people who wait: "about a minute", "about 12 minutes", "about 3 hours"."""
    minutes = math.ceil(seconds / 60)
    if minutes <= 1:
        return "about a minute"
    return f"about {minutes} minutes" if minutes < 120 else f"about {round(seconds / 3600)} hours"


def begin(results: Path, settings: dict[str, float], photographs_per_job: int, jobs_at_once: int) -> str | None:
    """Write what the jobs need to say how long the run will take; return a line that says it, None if nothing is left.

    `settings` are the rates for a first run, RULE_s (metric_s for every metric) in seconds a photograph, and start_s,
    seconds to start a job.
    """
    rates = _learn(results)
    known = {rule: rates.get(rule, settings["metric_s" if rule in METRICS else f"{rule}_s"]) for rule in STEPS}
    inventory = _lines(results / paths.INVENTORY)
    pending = _pending(results, inventory)
    plan = {"pending": pending, "rates": known, "jobs_at_once": jobs_at_once}
    store.write_json(results / paths.RUN, plan, durable=False)
    most = max(pending.values())
    if not most:
        return None
    starts = sum(-(-count // photographs_per_job) for count in pending.values()) * settings["start_s"]
    text = about((_work(pending, known) + starts) / jobs_at_once)
    basis = "" if rates else "; a first guess, corrected as the run goes"
    return f"{counted(len(inventory))}, {most:,} of them to be measured: {text}{basis}"


def note(rule: str, photographs: int, cached: int, failed: int, seconds_each: float | None) -> None:
    """Say in the results folder, the current one, what a job has done. Says nothing where the disk does not let it."""
    job = {"rule": rule, "photographs": photographs, "cached": cached, "failed": failed, "seconds_each": seconds_each}
    try:
        # one small write to the end of the file: jobs that end at the same time do not mix
        descriptor = os.open(paths.PROGRESS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        os.write(descriptor, (store.canonical_json(job) + "\n").encode())
        os.close(descriptor)
    except OSError:
        return  # the estimate is a courtesy


def noted(results: Path) -> list[dict[str, Any]]:
    """What the jobs of this run have done so far, in the order in which they ended."""
    return list(_read(_lines(results / paths.PROGRESS)))


def left(rule: str, done: int, seconds_each: float | None) -> float | None:
    """Seconds until the run in the current folder ends, as a job of `rule` sees it that has done `done` photographs.

    `seconds_each` is what a photograph takes it, None where it cannot say yet. Returns None where the run was not
    planned, as when a script is called by hand.
    """
    try:
        plan = store.read_json(paths.RUN)
    except (FileNotFoundError, ValueError):
        return None
    remaining, rates = dict(plan["pending"]), dict(plan["rates"])
    for job in noted(Path()):
        remaining[job["rule"]] = remaining.get(job["rule"], 0) - job["photographs"]
        if job["seconds_each"]:
            rates[job["rule"]] = job["seconds_each"]
    rates[rule] = seconds_each or rates.get(rule, 0.0)
    remaining[rule] = remaining.get(rule, 0) - done
    return _work(remaining, rates) / float(plan["jobs_at_once"])


def _work(pending: dict[str, int], rates: dict[str, float]) -> float:
    return sum(max(0, count) * rates.get(rule, 0.0) for rule, count in pending.items())


def _pending(results: Path, inventory: list[str]) -> dict[str, int]:
    """For each rule how many photographs of the inventory have no record with the present settings."""
    present = set(inventory)
    done = dict.fromkeys(STEPS, 0)
    for shard_list in sorted((results / paths.shard_list("x")).parent.glob("*.jsonl")):
        unchanged = sum(line in present for line in _lines(shard_list))
        for rule in STEPS:
            index, settings = results / paths.index_file(rule, shard_list.stem), results / paths.settings_file(rule)
            try:
                if index.stat().st_mtime_ns >= settings.stat().st_mtime_ns:
                    done[rule] += unchanged
            except FileNotFoundError:
                continue
    return {rule: len(present) - count for rule, count in done.items()}


def _learn(results: Path) -> dict[str, float]:
    """The rates of earlier runs, with what the jobs of the last run noted taken in; empties their notes."""
    path = results / paths.RATES
    try:
        rates = {str(rule): float(rate) for rule, rate in store.read_json(path).items()}
    except (FileNotFoundError, ValueError, AttributeError):
        rates = {}
    for rule in STEPS:
        found = [job for job in noted(results) if job["rule"] == rule and job["seconds_each"]]
        if found:
            photographs = sum(job["photographs"] - job["cached"] for job in found)
            newest = sum(job["seconds_each"] * (job["photographs"] - job["cached"]) for job in found) / photographs
            rates[rule] = rates[rule] * (1 - _NEWEST) + newest * _NEWEST if rule in rates else newest
    if rates:
        store.write_if_changed(path, (store.canonical_json(rates) + "\n").encode(), durable=False)
    (results / paths.PROGRESS).unlink(missing_ok=True)
    return rates


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _read(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    for line in lines:
        try:
            job = json.loads(line)
            yield {key: job[key] for key in ("rule", "photographs", "cached", "failed", "seconds_each")}
        except (ValueError, KeyError, TypeError):
            continue  # half a line, from a power cut or a network file system
