"""Two runs at once, orphans of killed runs, stops at the worst places, photographs that change during a run."""

import fcntl
import os
import shutil
import signal
from contextlib import contextmanager

import psutil
import pytest
from PIL import Image

from judge_vision.records.table import read_metadata
from tests.system.stage1 import MORE, ROOT, fresh, rows, snakemake, start, stop_group, wait_for

pytestmark = pytest.mark.slow


@contextmanager
def job_held_up(results, name):
    """As long as this lasts the job waits, as it would for an orphan of an earlier run."""
    lock = results / "state" / "locks" / f"{name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def at_work(results, **config):
    """A run and the file that it writes to; whatever is left of the run is ended at the end."""
    path = results.parent / f"output {len(list(results.parent.glob('output*')))}.txt"
    with path.open("w") as handle:
        process = start(results, output=handle, **config)
        try:
            yield process, path
        finally:
            stop_group(process)


def waits(output, name):
    return lambda: f"[{name}] waiting for a job" in output.read_text()


def job_with_lock(process, results, script, shard):
    """The process of the job once it holds its lock."""

    def found():
        lock = results / "state" / "locks" / f"{script}-{shard}.lock"
        if not lock.exists():
            return None
        with lock.open() as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                children = psutil.Process(process.pid).children(recursive=True)
                jobs = [child for child in children if f"scripts/{script}.py" in " ".join(child.cmdline()[1:2])]
                return next((job for job in jobs if shard in job.cmdline()), None)

    return wait_for(found)


def same_table(results, undisturbed):
    return (results / "stage1.parquet").read_bytes() == (undisturbed / "stage1.parquet").read_bytes()


def test_the_second_of_two_runs_says_so_and_stops(photos, undisturbed, tmp_path):
    """Also from another working folder and by another path to the same code and results."""
    results = fresh(tmp_path, "both", undisturbed)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "code").symlink_to(ROOT)
    (tmp_path / "other name").symlink_to(results)
    with at_work(results, photos=photos, **MORE) as (process, output):
        with job_held_up(results, "prepare-00000"):
            wait_for(waits(output, "prepare-00000"))
            status, said = snakemake(
                tmp_path / "other name", root=tmp_path / "code", cwd=tmp_path / "elsewhere", photos=photos, **MORE
            )
        assert status != 0 and "another run is using the results folder" in said and "Traceback" not in said
        assert process.wait(300) == 0
    assert same_table(results, undisturbed)


def test_an_orphan_that_still_writes_and_the_next_run_take_turns(photos, undisturbed, tmp_path):
    """Snakemake is killed hard, its job lives on; the next run must not write the same shard meanwhile."""
    results = fresh(tmp_path, "orphan", undisturbed)
    with at_work(results, photos=photos, **MORE) as (killed, _):
        orphan = job_with_lock(killed, results, "prepare", "00000")
        orphan.send_signal(signal.SIGSTOP)
        killed.kill()
        killed.wait()
        with at_work(results, photos=photos, **MORE) as (second, output):
            wait_for(waits(output, "prepare-00000"))
            assert second.poll() is None
            orphan.send_signal(signal.SIGCONT)
            assert second.wait(300) == 0
    assert same_table(results, undisturbed)


def test_stopped_between_shard_and_merge(photos, undisturbed, tmp_path):
    """The marker of a shard that was done again must not look like the old one: the new row would be lost."""
    results = tmp_path / "results"
    shutil.copytree(undisturbed, results)
    folder = shutil.copytree(photos, tmp_path / "photos")
    Image.new("RGB", (40, 30), (90, 60, 30)).save(folder / "new.png")
    with at_work(results, photos=folder, **MORE) as (process, output), job_held_up(results, "merge"):
        wait_for(waits(output, "merge"))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert not (results / "stage1.parquet").exists()
    shutil.rmtree(results / ".snakemake")
    status, said = snakemake(results, photos=folder, **MORE)
    assert status == 0, said
    assert rows(results)["new.png"]["status"] == "ok"


def test_photographs_that_vanish_or_change_during_the_run(photos, undisturbed, tmp_path):
    """Before `prepare` reads them and after; their neighbours do not notice, and the next run sets it right."""
    results = fresh(tmp_path, "changing", undisturbed)
    folder = shutil.copytree(photos, tmp_path / "photos")
    early, late, edited, replaced = sorted(path.name for path in folder.glob("*.jpg") if path.name != "cut.jpg")
    with at_work(results, photos=folder, photographs_per_job=6) as (process, output):
        with job_held_up(results, "tonal-00000"):
            with job_held_up(results, "prepare-00000"):
                wait_for(waits(output, "prepare-00000"))
                (folder / early).unlink()
                (folder / replaced).write_bytes((folder / late).read_bytes())
            wait_for(waits(output, "tonal-00000"))
            (folder / late).unlink()
            with (folder / edited).open("ab") as handle:
                handle.write(b"more")
            # with its proof a photograph needs no second look; without, the original has to be the same
            shutil.rmtree(results / "work")
        assert process.wait(300) == 0
    found = rows(results)
    assert (found[early]["status"], found[early]["error_type"]) == ("failed", "missing")
    assert found[late]["error_type"] == "missing" and found[edited]["error_type"] == "changed"
    assert found[replaced]["status"] == "ok" and found[replaced]["sha256"] == found[late]["sha256"]
    assert found["grey.tif"]["status"] == "ok" and found["cut.jpg"]["error_type"] == "truncated"
    status, said = snakemake(results, photos=folder, photographs_per_job=6)
    assert status == 0, said
    found = rows(results)
    assert set(found) == {edited, replaced, "grey.tif", "cut.jpg"}
    assert [name for name, row in found.items() if row["status"] == "failed"] == ["cut.jpg"]


@pytest.mark.parametrize("script", ["manifest", "tonal"])
def test_a_job_that_is_killed_in_a_repeat_run_leaves_no_earlier_results_behind(photos, undisturbed, tmp_path, script):
    """Snakemake deletes what the job had declared, and a file that is missing in the middle wakes nothing."""
    results = tmp_path / "results"
    shutil.copytree(undisturbed, results)
    folder = shutil.copytree(photos, tmp_path / "photos")
    shutil.copy(photos / "grey.tif", folder / "new.tif")
    settings = {"tonal": "{punchy_above: 0.1}", **MORE}
    # Python imports a module of this name at every start
    meant = f"any(text.endswith('scripts/{script}.py') for text in sys.orig_argv)"
    (tmp_path / "sitecustomize.py").write_text(f"import os, sys\nif {meant}: os.kill(os.getpid(), 9)\n")
    assert snakemake(results, photos=folder, env={"PYTHONPATH": str(tmp_path)}, **settings)[0] != 0
    status, said = snakemake(results, photos=folder, **settings)
    assert status == 0, said
    assert rows(results)["new.tif"]["status"] == "ok"
    made_with = read_metadata(results / "stage1.parquet")["steps"]["tonal"]["settings"]["tonal"]
    assert made_with["punchy_above"] == 0.1
