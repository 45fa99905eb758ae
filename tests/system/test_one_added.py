"""One photograph more among a thousand simulated ones: which jobs run, and what they open. Counted, not timed."""

import re
from collections import Counter

import pytest

from benchmarks.opens import write_watcher
from benchmarks.simulated import make_photographs, make_project
from judge_vision.records.steps import STEPS
from tests.system.stage1 import measured, rows, snakemake

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A thousand photographs in four shards, judged with recorded scores: project, photographs, results."""
    folder = tmp_path_factory.mktemp("thousand")
    project, photos, results = folder / "project", folder / "photos", folder / "results"
    make_project(project)
    make_photographs(photos, 1_000)
    status, output = snakemake(results, root=project, photos=photos)
    assert status == 0, output
    return project, photos, results


def watched_run(finished, folder, *starts):
    """Status and output of a call, and how often its processes opened each path that begins with one of `starts`."""
    project, photos, results = finished
    log = folder / "opened.txt"
    write_watcher(folder, log, *starts)
    found = snakemake(results, root=project, photos=photos, env={"PYTHONPATH": str(folder)})
    return *found, Counter(log.read_text().splitlines() if log.exists() else [])


def jobs(output):
    """How many jobs of each rule ran, by Snakemake's own lines."""
    return Counter(re.findall(r"^(?:local)?(?:rule|checkpoint) (\w+):$", output, flags=re.M))


def test_one_more_photograph_runs_one_shard_and_reads_one_original(finished, tmp_path):
    _, photos, results = finished
    before = rows(results)
    kept = {path: path.stat().st_mtime_ns for path in (results / "records").rglob("*.json")}
    make_photographs(photos, 1, first=1_000)
    status, output, opened = watched_run(finished, tmp_path, f"{photos}/", "records/")
    assert status == 0, output

    whole = ("manifest", "entries", "merge", "report", "plots", "all")
    assert jobs(output) == dict.fromkeys((*STEPS, *whole), 1)
    originals = [path for path in opened if path.startswith(str(photos))]
    assert [path.removeprefix(f"{photos}/") for path in originals] == ["0000/photograph 00001000.jpg"]
    read = {path.split("/")[2] for path in opened if path.startswith("records/")}
    assert read == {"00003"}, "records of shards that did not change were read"
    # the first run's statistics of three shards of 250, and the new photograph in the fourth
    assert {rule: measured(results, rule) for rule in STEPS} == dict.fromkeys(STEPS, 751)
    assert all(path.stat().st_mtime_ns == age for path, age in kept.items()), "a record was written again"
    after = rows(results)
    assert {name: after[name] for name in before} == before and len(after) == 1_001


def test_with_nothing_to_do_no_original_record_or_figure_is_opened(finished, tmp_path):
    project, photos, results = finished
    assert snakemake(results, root=project, photos=photos)[0] == 0
    watched = [f"{folder}/" for folder in (photos, "records", "cache", results / "records", results / "cache")]
    status, output, opened = watched_run(finished, tmp_path, *watched)
    assert status == 0 and "Nothing to be done" in output and not jobs(output), output
    assert not opened
