"""Killed at thirty random moments, in every way: the same command finishes the work, and the table is the same."""

import json
import os
import random
import signal
import subprocess
import time

import psutil
import pytest

from tests.system.stage1 import MORE, fresh, snakemake, start, stop_group, wait_for

pytestmark = pytest.mark.slow

KILLS = 24
KILLS_WHILE_SCORING = 6
SEED = int(os.environ.get("KILL_SEED", "1"))
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
WAYS = [(target, number) for number in SIGNALS for target in ("job", "snakemake", "group")]


def strike(process, target, number, chance):
    """Send the signal to one job, to Snakemake alone, or to the whole process group; wait until Snakemake is gone."""
    jobs = [child for child in psutil.Process(process.pid).children(recursive=True) if "/scripts/" in line_of(child)]
    if target == "job" and jobs:
        chance.choice(jobs).send_signal(number)
    elif target == "group":
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    try:
        process.wait(180)
    except subprocess.TimeoutExpired:
        left = psutil.Process(process.pid).children(recursive=True)
        raise AssertionError(f"goes on after {target}, {number!r}: {[line_of(child) for child in left]}") from None


def line_of(process):
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def figures(results):
    """Identity of every file in the cache: one that is written again has another; a hit changes its time only."""
    return {path: path.stat().st_ino for path in (results / "cache").rglob("*.json")}


def check(results, undisturbed, kept, story):
    __tracebackhide__ = True
    assert (results / "stage1.parquet").read_bytes() == (undisturbed / "stage1.parquet").read_bytes(), story
    assert (results / "report" / "index.html").exists(), story
    for path in [*results.rglob("state/**/*.json"), *results.rglob("records/**/*.json")]:
        json.loads(path.read_text())
    found = figures(results)
    assert {path: found.get(path) for path in kept} == kept, f"measured twice: {story}"


def finish(results, photos, undisturbed, kept, story):
    status, output = snakemake(results, photos=photos, **MORE)
    assert status == 0, (story, output)
    check(results, undisturbed, kept, story)


def no_process_is_left(folder):
    def gone():
        lines = [line_of(process) for process in psutil.process_iter()]
        return not any(str(folder) in line for line in lines)

    wait_for(gone)


def test_killed_at_random_moments(photos, undisturbed, tmp_path):
    chance = random.Random(SEED)
    started = time.monotonic()
    assert snakemake(fresh(tmp_path, "timed", undisturbed), photos=photos, **MORE)[0] == 0
    seconds = time.monotonic() - started
    ways = [WAYS[number % len(WAYS)] for number in range(KILLS)]
    chance.shuffle(ways)
    number, results, kept, story = 0, fresh(tmp_path, 0, undisturbed), {}, []
    while ways:
        process = start(results, photos=photos, **MORE)
        try:
            delay = chance.uniform(0.3, seconds)
            assert process.wait(delay) == 0, story
            check(results, undisturbed, kept, story)
            number, kept, story = number + 1, {}, []
            results = fresh(tmp_path, number, undisturbed)
        except subprocess.TimeoutExpired:
            way = ways.pop()
            story.append((f"{delay:.2f} s", *way))
            strike(process, *way, chance)
            kept |= figures(results)
        finally:
            if process.poll() is None:
                stop_group(process)
    finish(results, photos, undisturbed, kept, story)
    no_process_is_left(tmp_path)


def test_killed_while_the_networks_score(photos, undisturbed, tmp_path):
    chance = random.Random(SEED + 1)
    results, kept, story = fresh(tmp_path, "scored"), {}, []
    for target, number in [(target, number) for number in SIGNALS for target in ("job", "group")][:KILLS_WHILE_SCORING]:
        process = start(results, photos=photos, **MORE)
        try:
            wait_for(lambda process=process: process.poll() is not None or scoring(process))
            delay = chance.uniform(0, 6)
            story.append((f"{delay:.2f} s", target, number))
            time.sleep(delay)
            if process.poll() is None:
                strike(process, target, number, chance)
        finally:
            if process.poll() is None:
                stop_group(process)
        kept |= figures(results)
    finish(results, photos, undisturbed, kept, story)
    no_process_is_left(tmp_path)


def scoring(process):
    return [child for child in psutil.Process(process.pid).children(recursive=True) if "iqa.py" in line_of(child)]
