"""The command behind make run: what it passes on to Snakemake, and what it says where there are no results."""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from judge_vision.config import read_config
from judge_vision.records import paths, store
from judge_vision.workflow import messages, session
from scripts import run

EARLIER = '{"photographs": 1, "ok": 1, "failed": 0, "failures": [], "skipped": {}, "idle_rulings": []}'


@pytest.fixture
def call(monkeypatch, tmp_path):
    """Judge the photo folder `2024_05`, with a Snakemake that does nothing; status, command and paths passed on."""

    def called(*more, results=tmp_path / "it's done", status=0):
        passed = {}

        def snakemake(command, check):
            file = Path(command[command.index("--configfile") + 1])
            passed.update(command=command, paths=yaml.safe_load(file.read_text(encoding="utf-8")), file=file)
            return SimpleNamespace(returncode=status)

        monkeypatch.setattr(run.subprocess, "run", snakemake)
        monkeypatch.setattr(
            sys, "argv", ["run.py", "--photos", str(tmp_path / "2024_05"), "--results", str(results), *more]
        )
        return run.main(), passed

    return called


def test_paths_arrive_as_they_are_and_nothing_stays_behind(call, tmp_path):
    status, passed = call("--cores", "2", "--", "xmp")
    assert passed["paths"] == {"photos": str(tmp_path / "2024_05"), "results": str(tmp_path / "it's done")}
    assert status == 0 and passed["command"][-3:] == ["--cores", "2", "xmp"] and not passed["file"].exists()


def test_the_paths_of_a_killed_call_go_and_those_of_this_one_stay(monkeypatch, tmp_path):
    old = tmp_path / "results" / "state" / "call-killed.yaml"
    for folder in (tmp_path / "photos", old.parent):
        folder.mkdir(parents=True)
    old.touch()

    def snakemake(command, check):
        file = Path(command[command.index("--configfile") + 1])
        session.begin(read_config(yaml.safe_load(file.read_text())).resolved(tmp_path), run.ROOT, None, 1)
        assert list(old.parent.glob("call-*")) == [file]
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(session, "_lock_handle", None)
    monkeypatch.setattr(run.subprocess, "run", snakemake)
    places = ["--photos", str(tmp_path / "photos"), "--results", str(tmp_path / "results")]
    monkeypatch.setattr(sys, "argv", ["run.py", *places])
    assert run.main() == 0 and not list(old.parent.glob("call-*"))


def test_a_target_that_makes_no_table_ends_without_a_word(call, capsys):
    assert call("--", "models")[0] == 0 and capsys.readouterr().out == ""


def test_the_end_of_a_run_tells_pages_older_than_the_table_and_what_the_results_lack(tmp_path):
    store.write_json(tmp_path / paths.SUMMARY, json.loads(EARLIER))
    store.write_json(tmp_path / paths.RUN_CONFIG, {"stage2": {"engine": "off", "base_url": None}})
    store.write_json(tmp_path / paths.RESULTS_NOTES, ["not marked: a.jpg"])
    table, pages = tmp_path / paths.TABLE, tmp_path / paths.COMPETITION
    for time, page in enumerate((pages / "results.html", pages / "judge-pack" / "index.html", table), start=1):
        store.write_bytes(page, b"")
        os.utime(page, (time, time))
    store.write_bytes(pages / "index.html", b"")
    assert messages.summary(tmp_path).splitlines()[-4:] == [
        f"entries: {pages}/index.html",
        f"judge's pack: {pages}/judge-pack/index.html (older than the table; make judge-pack makes it anew)",
        f"results: {pages}/results.html (older than the table; make results MARKS=... makes it anew)",
        "results: not marked: a.jpg",
    ]
    table.unlink()
    assert "older" not in messages.summary(tmp_path)


@pytest.mark.parametrize(("status", "said"), [(0, "1 ok, 0 failed"), (1, "")])
def test_a_run_that_had_nothing_to_do_says_what_is_there_unless_it_failed(call, capsys, tmp_path, status, said):
    summary = tmp_path / "it's done" / "summary.json"
    (summary.parent / "state").mkdir(parents=True)
    (summary.parent / "state" / "config.json").write_text('{"stage2": {"engine": "auto", "base_url": null}}')
    summary.write_text(EARLIER, encoding="utf-8")
    os.utime(summary, (0, 0))
    assert call(status=status)[0] == status
    found = capsys.readouterr().out
    assert said in found and bool(found) == bool(said)


def test_a_results_folder_that_cannot_be_made_is_left_for_the_run_to_explain(call, tmp_path):
    (tmp_path / "a file").write_text("")
    status, passed = call(results=tmp_path / "a file" / "results", status=1)
    assert status == 1 and passed["paths"]["results"] == str(tmp_path / "a file" / "results")
