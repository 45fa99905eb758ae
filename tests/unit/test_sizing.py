"""Sizing by hand: round costs, so that every figure can be worked out in the head."""

import re
from pathlib import Path

import pytest
import yaml

from judge_vision.workflow import sizing as module
from judge_vision.workflow.sizing import Machine, hints, size_run, table

ROOT = Path(__file__).parents[2]
COSTS = {
    "pack_above": 100_000,
    "photograph_cpu_s": {"club": {"prepare": 0.3, "iqa": 3.6, "tonal": 0.1, "mono": 0.2, "compliance": 0.12}},
    "job_cpu_s": {"prepare": 0.0, "iqa": 0.0, "tonal": 0.0, "mono": 0.0, "compliance": 0.0},
    "job_mb": {"prepare": 1000, "iqa": 2000, "tonal": 500, "mono": 500, "compliance": 500},
    "gpu_photographs_per_s": 10.0,
    "gpu_job_s": 0.0,
    "listing_cpu_s": 0.0,
    "scheduling_cpu_s": 0.0,
    "planning_mb": {"first": 200, "per_million": 100},
    "merge_cpu_s": 0.036,
    "merge_mb": {"first": 500, "per_million": 0},
    "report_cpu_s": 0.36,
    "report_mb": {"first": 300, "per_million": 0},
    "report_most": 10_000,
    "disk_bytes": {"records": 10_000, "thumbnails": 30_000, "previews": 300_000},
}


@pytest.fixture(autouse=True)
def five_steps(monkeypatch):
    """Whatever metrics there are, the sums below are of these."""
    steps = ("prepare", "iqa", "mono", "tonal", "compliance")
    monkeypatch.setattr(module, "STEPS", steps)
    monkeypatch.setattr(module, "_HOST_RULES", tuple(step for step in steps if step != "iqa"))


def test_hours_jobs_and_disk_of_a_run_on_cores_alone():
    sizing = size_run(10_000, Machine(10, 0), COSTS, "club")
    hours = {step.name: step.hours for step in sizing.steps}
    assert hours["prepare"] == pytest.approx(10_000 * 0.3 / 10 / 3600)
    assert hours["iqa"] == pytest.approx(1.0)
    assert (hours["merge"], hours["report"]) == (pytest.approx(0.1), pytest.approx(1.0))
    # 40 shards of 256, five rules, and manifest, merge and report
    assert (sizing.shards, sizing.jobs) == (40, 203)
    assert sizing.disk_gb == {"records": 0.1, "thumbnails": 0.3, "previews": 3.0}
    # host rules .2 h and scoring 1 h share the cores; merge and report follow
    assert sizing.hours == pytest.approx(1.0 + 0.2 + 1.1)


def test_gpus_work_beside_the_cores_and_the_slower_one_counts():
    sizing = size_run(10_000, Machine(10, 1), COSTS, "club")
    assert next(step for step in sizing.steps if step.name == "iqa").hours == pytest.approx(10_000 / 10 / 3600)
    assert sizing.hours == pytest.approx(10_000 / 36_000 + 1.1)


def test_ten_million_are_packed_and_stay_below_twenty_thousand_jobs():
    machine = Machine(64, 8)
    sizing = size_run(10_000_000, machine, COSTS, "club")
    assert "previews" not in sizing.disk_gb
    assert sizing.plan.packed and sizing.jobs < 20_000
    # the page shows the most that it may, whatever the number
    assert next(step for step in sizing.steps if step.name == "report").hours == pytest.approx(1.0)
    text = table(sizing, machine)
    assert "10,000,000 photographs, 64 cores, 8 GPUs" in text and "The bottleneck is" in text


def test_a_small_run_is_told_in_minutes_and_megabytes_and_a_large_one_in_hours_and_gigabytes():
    text = table(size_run(100, Machine(10, 0), COSTS, "club"), Machine(10, 0))
    # scoring: 360 s on ten cores; host rules 72 s on them, merge 3.6 s and report 36 s on one
    assert "| Minutes |" in text and re.search(r"\| iqa +\| +1 \| +0\.60 \|", text)
    assert "Together: 8 jobs, about 1.4 minutes" in text and "The bottleneck is iqa, on the cores: 0.6 minutes." in text
    assert "records 1.0 MB, thumbnails 3.0 MB, previews 30.0 MB" in text
    assert "records 10 kB, thumbnails 30 kB" in table(size_run(1, Machine(10, 0), COSTS, "club"), Machine(10, 0))
    text = table(size_run(100_000, Machine(10, 0), COSTS, "club"), Machine(10, 0))
    assert "|   Hours |" in text and "The bottleneck is iqa, on the cores: 10.0 hours." in text
    assert "records 1.0 GB, thumbnails 3.0 GB, previews 30.0 GB" in text


def test_a_job_on_few_photographs_takes_no_longer_than_they_do():
    for gpus, seconds in ((0, 60 * 3.6 / 2), (1, 60 / 10)):
        (iqa,) = (step for step in size_run(60, Machine(2, gpus), COSTS, "club").steps if step.name == "iqa")
        assert iqa.job_minutes == pytest.approx(seconds / 60)


def test_a_machine_whose_gpus_wait_is_told_how_many_cores_would_do():
    machine = Machine(2, 8)
    (hint, *_) = hints(size_run(100_000, machine, COSTS, "club"), machine)
    # .72 CPU s a photograph against 8 GPUs x 10 a second: 57.6 cores
    assert hint == "The GPUs wait for the cores: 58 cores would keep 8 GPUs busy."


def test_a_metric_that_nobody_measured_counts_as_the_costliest_known(monkeypatch):
    monkeypatch.setattr(module, "METRICS", ("mono", "new", "tonal"))
    monkeypatch.setattr(module, "_HOST_RULES", ("prepare", "mono", "new", "tonal"))
    hours = {step.name: step.hours for step in size_run(1000, Machine(2, 0), COSTS, "club").steps}
    assert hours["new"] == hours["mono"] > hours["tonal"]


def test_the_planner_counts_with_the_memory_that_the_rules_ask_for():
    asked = {
        path.stem: int(found[1])
        for path in (ROOT / "rules").rglob("*.smk")
        if (found := re.search(rf"^rule {path.stem}:.*?mem_mb=megabytes\((\d+)\)", path.read_text(), re.M | re.S))
    }
    costs = yaml.safe_load((ROOT / "config" / "costs.yaml").read_text())
    assert costs["job_mb"] == {rule: asked[rule] for rule in costs["job_mb"]}


@pytest.mark.parametrize("photographs", [1, 10**3, 10**5, 10**7])
@pytest.mark.parametrize("kind", ["club", "camera"])
def test_the_shipped_costs_size_any_run(photographs, kind):
    costs = yaml.safe_load((ROOT / "config" / "costs.yaml").read_text())
    for gpus in (0, 8):
        sizing = size_run(photographs, Machine(16, gpus), costs, kind)
        assert sizing.hours > 0 and sizing.jobs < 20_000
