"""What is measured again, and what is not, when something changed: code, libraries, settings, Snakemake's memory."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from PIL import Image

from judge_vision.records.steps import STEPS
from tests.system.stage1 import MORE, ROOT, fresh, measured, rows, snakemake

pytestmark = pytest.mark.slow


@pytest.fixture
def finished(undisturbed, tmp_path):
    """A copy of a finished results folder, times and all; without what its jobs counted."""
    results = shutil.copytree(undisturbed, tmp_path / "results")
    shutil.rmtree(results / "state" / "jobs")
    return results


def counts(results):
    return {rule: measured(results, rule) for rule in ("prepare", "iqa", "tonal", "mono", "compliance")}


def table(results):
    return (results / "stage1.parquet").read_bytes()


def test_snakemakes_memory_is_deleted(photos, undisturbed, finished):
    """Nothing is measured again; and what is changed then is noticed all the same."""
    shutil.rmtree(finished / ".snakemake")
    assert snakemake(finished, photos=photos, **MORE)[0] == 0
    assert table(finished) == table(undisturbed) and not any(counts(finished).values())
    shutil.rmtree(finished / ".snakemake")
    status, output = snakemake(finished, photos=photos, tonal="{punchy_above: 0.1}", **MORE)
    assert status == 0, output
    assert counts(finished) == {"prepare": 0, "iqa": 0, "tonal": 5, "mono": 0, "compliance": 0}


def test_an_edited_script_and_an_edited_module(photos, finished, tmp_path):
    """In a copy of the code; the rule that runs it starts again, and only figures that it computes are measured."""
    code = tmp_path / "code"
    for name in ("rules", "scripts", "config", "profiles", "judge_vision", "models", "envs"):
        shutil.copytree(ROOT / name, code / name)
    shutil.copy(ROOT / "Snakefile", code)
    assert snakemake(finished, root=code, photos=photos, **MORE)[0] == 0
    assert not any(counts(finished).values())
    with (code / "scripts" / "tonal.py").open("a") as script:
        script.write("# edited\n")
    status, output = snakemake(finished, "--dry-run", root=code, photos=photos, **MORE)
    assert status == 0 and "rule tonal:" in output and "rule mono:" not in output and "rule merge:" in output
    with (code / "judge_vision" / "metrics" / "tonal.py").open("a") as module:
        module.write("# edited\n")
    assert snakemake(finished, root=code, photos=photos, **MORE)[0] == 0
    assert counts(finished) == {"prepare": 0, "iqa": 0, "tonal": 5, "mono": 0, "compliance": 0}


def test_an_upgraded_package(photos, finished, tmp_path):
    """Another version of OpenCV: what it computes is measured again, and the table says which it was."""
    upgrade = tmp_path / "site" / "opencv_python_headless-99.0.dist-info"
    upgrade.mkdir(parents=True)
    (upgrade / "METADATA").write_text("Metadata-Version: 2.1\nName: opencv-python-headless\nVersion: 99.0\n")
    status, output = snakemake(finished, env={"PYTHONPATH": str(upgrade.parent)}, photos=photos, **MORE)
    assert status == 0, output
    assert counts(finished) == {"prepare": 0, "iqa": 0, "tonal": 5, "mono": 5, "compliance": 0}
    settings = json.loads((finished / "state" / "settings" / "tonal.json").read_text())
    assert settings["libraries"]["opencv-python-headless"] == "99.0"


def test_values_on_the_command_line(photos, undisturbed, tmp_path):
    """Numbers that are names, a quote, braces, spaces, a hash sign; and a false that is text."""
    folder = tmp_path / "2024_05"
    folder.mkdir()
    shutil.copy(photos / "grey.tif", folder)
    shutil.copytree(undisturbed / "cache", tmp_path / "0012" / "cache")
    status, output = snakemake(tmp_path / "0012", cwd=tmp_path, photos="./2024_05", strict="false")
    assert status == 0 and list(rows(tmp_path / "0012")) == ["grey.tif"], output
    odd = folder.rename(tmp_path / "it's {odd} # 1")
    results = tmp_path / "results of {that}, isn't it"
    shutil.copytree(undisturbed / "cache", results / "cache")
    call = [sys.executable, ROOT / "scripts" / "run.py", "--photos", odd, "--results", results, "--cores", "2"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stderr
    assert list(rows(results)) == ["grey.tif"] and "1 photograph: 1 ok" in done.stderr


def test_adding_to_a_folder_leaves_other_shards_alone(photos, finished, tmp_path):
    before = {path.name: path.read_bytes() for path in (finished / "state" / "shards").iterdir()}
    folder = shutil.copytree(photos, tmp_path / "photos")
    for number in range(2):
        shutil.copy(photos / "grey.tif", folder / f"0 new {number}.tif")
    status, output = snakemake(finished, photos=folder, **MORE)
    assert status == 0, output
    after = {path.name: path.read_bytes() for path in (finished / "state" / "shards").iterdir()}

    def images(shard):
        return [json.loads(line)["image"] for line in shard.splitlines()]

    assert {name: images(after[name]) for name in before} == {name: images(shard) for name, shard in before.items()}
    assert len(after) == len(before) + 1
    assert measured(finished, "iqa") == 0, "a copy of a photograph has the same content"


def test_the_cache_is_cleaned_kept_within_its_size_and_its_hits_are_reported(photos, undisturbed, finished, tmp_path):
    odd = finished.rename(tmp_path / 'it\'s a "cache" {x}')
    call = ["make", "--no-print-directory", "-C", str(ROOT), "clean-cache", f"RESULTS={odd}"]
    status, output = snakemake(undisturbed, photos=photos, **MORE)
    assert status == 0 and "Nothing to be done" in output
    again = fresh(tmp_path, "again")
    for name in ("cache", "thumbnails", "previews", "heatmaps"):
        shutil.copytree(undisturbed / name, again / name)
    status, output = snakemake(again, photos=photos, **MORE)
    # five photographs; the sixth is cut
    assert status == 0 and f"measured: nothing; found in the cache: {5 * len(STEPS)} figures" in output, output
    assert table(again) == table(undisturbed)
    status, output = snakemake(again, photos=photos, cache="{max_mb: 0}", **MORE)
    assert status == 0 and not list((again / "cache").rglob("*.json"))
    assert subprocess.run(call, check=False, env={**os.environ, "MAKEFLAGS": ""}).returncode == 0
    assert not (odd / "cache").exists() and (odd / "stage1.parquet").exists()
    assert subprocess.run([*call[:-1], "RESULTS="], check=False, capture_output=True).returncode != 0


def test_the_scheduler_looks_at_the_jobs_when_one_has_ended_and_not_otherwise(photos, undisturbed, tmp_path):
    """Snakemake's own limit of jobs a second made it look 2,250 times in a run of 72 jobs."""
    status, output = snakemake(fresh(tmp_path, "free", undisturbed), "--verbose", photos=photos, **MORE)
    assert status == 0, output
    assert 5 < output.count("\nReady jobs: ") <= output.count("\nFinished jobid: ")
    limit = ("--max-jobs-per-timespan", "10/1m")
    status, output = snakemake(fresh(tmp_path, "asked for"), *limit, "--verbose", "state/manifest.json", photos=photos)
    assert status == 0 and "Submitting maximum 10 job(s) over 60.0 second(s)" in output, output


def test_a_picture_that_a_power_cut_left_in_half_is_made_again(photos, undisturbed, tmp_path):
    """As after a cut before the shards' indexes were written: the figures are in the cache, pictures are damaged."""
    again = fresh(tmp_path, "cut")
    folders = ("thumbnails", "previews", "heatmaps")
    for name in ("cache", *folders):
        shutil.copytree(undisturbed / name, again / name)
    damaged = [next(path for path in sorted((again / name).rglob("*")) if path.is_file()) for name in folders]
    for path, left in zip(damaged, (b"", b"half", bytes(damaged[2].stat().st_size)), strict=True):
        path.write_bytes(left)
    status, output = snakemake(again, photos=photos, **MORE)
    assert status == 0, output
    assert measured(again, "iqa") == 0 and measured(again, "mono") == 1 and measured(again, "prepare") in (1, 2)
    for path in damaged:
        assert path.read_bytes() == (undisturbed / path.relative_to(again)).read_bytes()


def test_an_edited_photograph_is_noticed_although_its_folder_is_as_old_as_before(photos, finished, tmp_path):
    folder = shutil.copytree(photos, tmp_path / "photos")
    assert snakemake(finished, photos=folder, **MORE)[0] == 0
    before = rows(finished)
    names, age = sorted(path.name for path in folder.iterdir()), folder.stat().st_mtime_ns
    with Image.open(folder / "grey.tif") as image:
        image.rotate(180).save(tmp_path / "turned.tif")
    (folder / "grey.tif").write_bytes((tmp_path / "turned.tif").read_bytes())
    assert sorted(path.name for path in folder.iterdir()) == names and folder.stat().st_mtime_ns == age
    shutil.rmtree(finished / "state" / "jobs")
    status, output = snakemake(finished, photos=folder, **MORE)
    assert status == 0, output
    assert counts(finished) == {"prepare": 1, "iqa": 1, "tonal": 1, "mono": 1, "compliance": 1}
    assert {name for name, row in rows(finished).items() if row != before[name]} == {"grey.tif"}


def test_a_clock_that_was_ahead_hides_no_later_change(photos, finished, tmp_path):
    """Snakemake goes by times: results of the future look newer than whatever changes after them."""
    folder = shutil.copytree(photos, tmp_path / "photos")
    for path in finished.rglob("*"):
        age = path.stat().st_mtime + 7200
        os.utime(path, (age, age))
    shutil.copy(photos / "grey.tif", folder / "new.tif")
    status, output = snakemake(finished, photos=folder, tonal="{punchy_above: 0.1}", **MORE)
    assert status == 0, output
    assert rows(finished)["new.tif"]["status"] == "ok"
    # the new one is a copy, which another shard may find in the cache
    assert counts(finished)["tonal"] in (5, 6) and counts(finished)["mono"] in (0, 1)


def test_another_bundle_measures_the_scores_only(photos, finished, tmp_path):
    bundle = shutil.copytree(ROOT / "models" / "embedded", tmp_path / "bundle")
    described = json.loads((bundle / "bundle.json").read_text())
    (bundle / "bundle.json").write_text(json.dumps({**described, "version": "other"}))
    status, output = snakemake(finished, photos=photos, models=f"{{bundle: {bundle}}}", **MORE)
    assert status == 0, output
    # the proofs are gone since the last run: made again, for the scores
    assert counts(finished) == {"prepare": 5, "iqa": 5, "tonal": 0, "mono": 0, "compliance": 0}
    assert {row["model_bundle"] for row in rows(finished).values()} == {"embedded other", None}
