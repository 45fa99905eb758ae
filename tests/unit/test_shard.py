import fcntl
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from judge_vision.failure import ErrorType, PhotographError, UserError
from judge_vision.records import paths, store
from judge_vision.workflow import shard


@pytest.fixture
def job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return shard.ShardJob("tonal", "00000")


def items(*names):
    facts = {"status": "ok", "sha256": "s"}
    return [shard.Item(name, {"image": name}, {**facts, "sha256": f"sha-{name}"}) for name in names]


def key(item):
    return store.digest(item.facts["sha256"])


def run(job, photographs, function, **more):
    measured = []

    def measure(item):
        measured.append(item.image)
        return function(item)

    job.run(photographs, shard.each(measure, 2), key, **more)
    return sorted(measured), shard.read_records(job.rule, job.shard)


def test_each_photograph_gets_a_record_and_a_second_run_measures_nothing(job):
    measured, records = run(job, items("a.jpg", "b.jpg"), lambda item: {"value": 1.5})
    assert measured == ["a.jpg", "b.jpg"]
    assert records["a.jpg"] == {
        "schema": "judge-vision/tonal/1",
        "image": "a.jpg",
        "sha256": "sha-a.jpg",
        "status": "ok",
        "error_type": None,
        "error": None,
        "value": 1.5,
    }
    assert run(job, items("a.jpg", "b.jpg"), lambda item: {"value": 2.5})[0] == []


def test_a_renamed_photograph_is_not_measured_again_and_its_old_record_goes(job):
    run(job, items("a.jpg"), lambda item: {"value": 1})
    renamed = [shard.Item("z.jpg", {"image": "z.jpg"}, {"status": "ok", "sha256": "sha-a.jpg"})]
    measured, records = run(job, renamed, lambda item: {"value": 2})
    assert (measured, records["z.jpg"]["value"]) == ([], 1)
    assert [json.loads(path.read_text())["image"] for path in Path("records").rglob("*.json")] == ["z.jpg"]


def test_a_failure_costs_one_photograph_and_is_tried_again(job):
    def function(item):
        if item.image == "bad.jpg":
            raise PhotographError(ErrorType.CORRUPT, "broken in the middle")
        if item.image == "worse.jpg":
            raise RuntimeError("a defect")
        return {"value": 1}

    _, records = run(job, items("bad.jpg", "good.jpg", "worse.jpg"), function)
    assert {name: record["error_type"] for name, record in records.items()} == {
        "bad.jpg": "corrupt",
        "good.jpg": None,
        "worse.jpg": "internal",
    }
    assert records["bad.jpg"]["error"] == "broken in the middle"
    assert run(job, items("bad.jpg", "good.jpg", "worse.jpg"), function)[0] == ["bad.jpg", "worse.jpg"]


def test_a_photograph_that_could_not_be_prepared_is_passed_on_with_its_reason(job):
    failed = shard.Item("x.jpg", {}, {"status": "failed", "error_type": "empty", "error": "no bytes", "sha256": None})
    measured, records = run(job, [failed], lambda item: {"value": 1})
    assert measured == []
    assert (records["x.jpg"]["status"], records["x.jpg"]["error_type"]) == ("failed", "empty")


def test_what_was_measured_before_a_crash_is_not_measured_again(job):
    class Killed(BaseException):
        pass

    def function(item):
        if item.image == "c.jpg":
            raise Killed
        return {"value": 1}

    with pytest.raises(Killed):
        run(job, items("a.jpg", "b.jpg", "c.jpg"), function)
    assert not paths.index_file("tonal", "00000").exists()
    assert run(job, items("a.jpg", "b.jpg", "c.jpg"), lambda item: {"value": 2})[0] == ["c.jpg"]


def test_a_slow_photograph_does_not_hold_back_finished_ones(job):
    slow = threading.Event()

    def function(item):
        if item.image == "a.jpg":
            assert slow.wait(30)
        return {"image": item.image}

    came = shard.each(function, 2)(items("a.jpg", "b.jpg", "c.jpg"))
    assert [next(came)[0].image, next(came)[0].image] == ["b.jpg", "c.jpg"]
    slow.set()
    assert next(came)[0].image == "a.jpg"


def test_what_a_failure_knows_is_kept_in_its_record(job):
    def function(item):
        raise PhotographError(ErrorType.INTERNAL, "why", details={"raw_reply": "What a picture!"})

    _, records = run(job, items("a.jpg"), function)
    assert (records["a.jpg"]["status"], records["a.jpg"]["raw_reply"]) == ("failed", "What a picture!")


def test_a_damaged_cache_file_is_measured_again(job):
    run(job, items("a.jpg"), lambda item: {"value": 1})
    cached = next(Path("cache").rglob("*.json"))
    cached.write_bytes(b"")
    assert run(job, items("a.jpg"), lambda item: {"value": 1})[0] == ["a.jpg"]


def test_figures_whose_companion_file_is_gone_are_measured_again(job):
    run(job, items("a.jpg"), lambda item: {"value": 1})
    assert run(job, items("a.jpg"), lambda item: {"value": 1}, usable=lambda item, figures: False)[0] == ["a.jpg"]


def test_a_record_changed_by_hand_is_refused(job):
    run(job, items("a.jpg"), lambda item: {"value": 1})
    record = next(Path("records").rglob("*.json"))
    record.write_text(record.read_text().replace("1", "9"))
    with pytest.raises(ValueError, match=record.name):
        shard.read_records("tonal", "00000")


@pytest.mark.parametrize("image", ["x" * 250 + ".jpg", "-rf", "a\nb.jpg", "ü😀.jpg", "..", "a/../b", "", "\udcff.jpg"])
def test_any_name_gives_a_safe_file_name(image):
    name = paths.file_name(image, ".json")
    assert name.isascii() and "/" not in name and not name.startswith((".", "-")) and len(name) < 80


def test_names_that_differ_only_in_case_get_different_files():
    assert paths.file_name("A.jpg", ".json").lower() != paths.file_name("a.jpg", ".json").lower()


def test_a_full_disk_stops_the_job_and_is_no_photographs_failure(job, monkeypatch):
    def function(item):
        if item.image == "b.jpg":
            store.write_bytes(Path("/dev/full/heat.png"), b"x")
        return {"value": 1}

    with pytest.raises(UserError, match="cannot be written"):
        run(job, items("a.jpg", "b.jpg"), function)
    assert not paths.index_file("tonal", "00000").exists()


def test_a_job_waits_for_an_orphan_and_reads_what_is_there_then(tmp_path):
    """The orphan holds the lock; only when it ends may the next one read anything."""
    script = tmp_path / "tonal.py"
    script.write_text(
        f"""import sys
sys.path.insert(0, {str(Path(shard.__file__).parents[2])!r})
from pathlib import Path
from judge_vision.workflow import command
command.run("", lambda arguments: print(Path("input").read_text()), sharded=True)
"""
    )
    (tmp_path / "input").write_text("old")
    lock = tmp_path / paths.job_lock("tonal", "00000")
    lock.parent.mkdir(parents=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        job = subprocess.Popen(
            [sys.executable, script, "--shard", "00000"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert "waiting for a job of an earlier run" in job.stderr.readline()
        (tmp_path / "input").write_text("new")
    assert job.communicate(timeout=30)[0] == "new\n"
