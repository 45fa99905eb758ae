"""What is made out of a shard's records is kept until one of them changes, and never shows."""

import contextlib
import json
import shutil
from pathlib import Path

import pytest

from judge_vision.exports.settings import ReportSettings
from judge_vision.records import paths, store
from judge_vision.records.steps import STEPS
from judge_vision.report.build import build_report
from judge_vision.workflow import packing, shard
from judge_vision.workflow.kept import kept, kept_file
from judge_vision.workflow.merge import merge
from tests.unit import report_results


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Thirty photographs in two shards, merged and shown."""
    folder = tmp_path_factory.mktemp("made")
    with contextlib.chdir(folder):
        report_results.write(folder, report_results.photographs(30), per_job=16)
        build_report(ReportSettings())
    return folder


@pytest.fixture
def results(made, tmp_path, monkeypatch):
    """A copy of them, times and all."""
    results = shutil.copytree(made, tmp_path / "results")
    monkeypatch.chdir(results)
    return results


@pytest.fixture
def read(monkeypatch):
    """The record files that are read from now on."""
    found = []
    checked = packing._checked
    monkeypatch.setattr(packing, "_checked", lambda row, index: (found.append(row["file"]), checked(row, index))[1])
    return found


def change(photograph, name="00000"):
    """Give one photograph of a shard another figure, by a job of its own."""
    job = shard.ShardJob("tonal", name)
    items = job.items()
    figures = shard.read_records("tonal", name)
    figures[items[photograph].image]["mean_luma"] = 0.123456789
    envelope = {"schema", "image", "status", "error_type", "error"}
    values = {image: {k: v for k, v in record.items() if k not in envelope} for image, record in figures.items()}
    job.run(
        items,
        lambda pending: ((item, values[item.image]) for item in pending),
        lambda item: store.digest(["new", item.image]),
    )
    return items[photograph].image


def outcome():
    """Everything that people see, by path."""
    seen = [paths.TABLE, paths.SUMMARY, *(path for path in Path("report").rglob("*") if path.is_file())]
    return {path: path.read_bytes() for path in seen}


def test_only_a_changed_shard_is_read_again_and_nothing_looks_different(results, read):
    image = change(3)
    read.clear()
    merge()
    build_report(ReportSettings())
    assert {file.split("/")[2] for file in read} == {"00000"} and len(read) == 2 * 15 * len(STEPS)
    after = outcome()
    assert json.loads(kept_file("merge", "00000").read_text())["value"]["rows"][3]["image"] == image
    shutil.rmtree("state/kept")
    merge()
    build_report(ReportSettings())
    assert outcome() == after


def test_a_second_merge_and_page_read_no_record(results, read):
    before = outcome()
    merge()
    build_report(ReportSettings())
    assert not read and outcome() == before


def test_what_else_it_depends_on_is_noticed(results):
    made = []

    def make():
        made.append(len(made))
        return {"number": len(made)}

    def call(more="x"):
        return kept("merge", "00000", more, make)["number"]

    assert [call(), call(), call("y"), call("y")] == [1, 1, 2, 2]
    store.write_json(paths.settings_file("merge"), {"settings": {}, "code": "0ther" * 8})
    assert [call("y"), call("y")] == [3, 3]
    lines = paths.shard_list("00000").read_text()
    paths.shard_list("00000").write_text(lines.replace("}", ',"medal":"gold"}', 1))
    assert [call("y"), call("y")] == [4, 4]
    path = kept_file("merge", "00000")
    for broken in (b"", path.read_bytes()[:-5], b"\0" * 100, b"[]", b"{}"):
        path.write_bytes(broken)
        assert call("y") == len(made), broken
    store.write_json(paths.PLAN, {"photographs": 30, "photographs_per_shard": 16, "packed": True})
    assert call("y") == call("y") - 1, "packed shards are made anew"


def test_what_was_kept_of_a_shard_goes_with_it(results):
    stray = kept_file("report", "00007")
    shutil.copy(kept_file("report", "00000"), stray)
    merge()
    assert not stray.exists() and kept_file("report", "00000").exists()
