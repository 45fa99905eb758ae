"""Stage 1 in the form of large runs (`json.pack_above`) on a few photographs: it holds what the other form holds."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import jsonschema
import pyarrow.parquet as pq
import pytest

from judge_vision.records.steps import STEPS
from judge_vision.workflow.shard import read_records
from tests.system.stage1 import EXAMPLES, ROOT, rows, snakemake
from tests.system.test_workflow import SCHEMAS

pytestmark = pytest.mark.slow

PACKED = {"json": "{pack_above: 0}"}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    for name in ("Chelsea.jpg", "Coffee break.png", "Drum and wine.jpg"):
        shutil.copy(EXAMPLES / name, folder)
    (folder / "empty.jpg").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def small(photos, tmp_path_factory):
    """The same photographs in the form of small runs."""
    results = tmp_path_factory.mktemp("small") / "results"
    status, output = snakemake(results, photos=photos)
    assert status == 0, output
    return results


@pytest.fixture(scope="module")
def large(photos, tmp_path_factory):
    results = tmp_path_factory.mktemp("large") / "results"
    status, output = snakemake(results, photos=photos, photographs_per_job="2", **PACKED)
    assert status == 0, output
    return results


def run_and_count(results, **config):
    """Run; how many photographs its jobs measured with networks."""
    started = time.time()
    status, output = snakemake(results, **config)
    assert status == 0, output
    jobs = [path for path in (results / "state" / "jobs" / "iqa").glob("*.json") if path.stat().st_mtime >= started]
    found = [json.loads(path.read_text()) for path in jobs]
    return sum(job["photographs"] - job["cached"] - job["failed"] for job in found)


def rounded(value):
    """`value` with floats at nine digits: the last digits of sums depend on where a picture lies in memory."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.parquet"))}


def test_the_table_is_a_folder_that_holds_the_same_rows(large, small, monkeypatch):
    assert (large / "stage1.parquet").is_dir() and (small / "stage1.parquet").is_file()
    assert rows(large) == rows(small) and list(rows(large)) == list(rows(small))
    assert pq.read_table(large / "stage1.parquet").schema.equals(
        pq.read_schema(small / "stage1.parquet"), check_metadata=True
    )
    assert (large / "report" / "index.html").exists()


@pytest.mark.parametrize("rule", STEPS)
def test_one_file_a_shard_and_rule_read_by_the_same_reader(large, small, monkeypatch, rule):
    assert not list((large / "records").rglob("*.json")) and not list((large / "cache").rglob("*.json"))
    assert sorted(path.name for path in (large / "records" / rule).iterdir()) == ["00000.jsonl", "00001.jsonl"]
    monkeypatch.chdir(large)
    found = read_records(rule, "00000") | read_records(rule, "00001")
    monkeypatch.chdir(small)
    assert rounded(found) == rounded(read_records(rule, "00000"))
    schema = json.loads((SCHEMAS / f"{rule}.schema.json").read_text())
    for record in found.values():
        jsonschema.validate(record, schema)


def test_changes_measure_what_changed_and_give_the_table_of_a_clean_run(large, photos, tmp_path):
    config = {"photos": photos, "photographs_per_job": "2", **PACKED}
    status, output = snakemake(large, **config)
    assert status == 0 and "Nothing to be done" in output
    shutil.copy(EXAMPLES / "Nuthatch.jpg", photos / "Bird.jpg")
    assert run_and_count(large, **config) == 1 and len(rows(large)) == 5
    # under another name it comes into another shard; the figures are found in the first one's file
    (photos / "Chelsea.jpg").rename(photos / "Zoe.jpg")
    assert run_and_count(large, **config) == 0
    clean = tmp_path / "clean"
    assert snakemake(clean, **config)[0] == 0
    assert contents(clean / "stage1.parquet") == contents(large / "stage1.parquet")
    (photos / "Zoe.jpg").rename(photos / "Chelsea.jpg")
    (photos / "Bird.jpg").unlink()


def test_a_folder_that_grows_beyond_the_limit_measures_nothing_twice(small, photos):
    before = rows(small)
    status, output = snakemake(small, photos=photos, **PACKED)
    assert status == 0, output
    assert (small / "stage1.parquet").is_dir() and rows(small) == before
    (photos / "Coffee break.png").rename(photos / "Coffee.png")
    assert run_and_count(small, photos=photos, **PACKED) == 0
    assert "Coffee.png" in rows(small)
    (photos / "Coffee.png").rename(photos / "Coffee break.png")
    assert snakemake(small, photos=photos)[0] == 0
    assert (small / "stage1.parquet").is_file() and rows(small) == before


def test_killed_runs_are_finished_by_the_same_command(large, photos, tmp_path):
    results = tmp_path / "results"
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2", "--config"]
    command += [f"photos={photos}", f"results={results}", "json={pack_above: 0}", "photographs_per_job=2"]
    for seconds in (3.0, 5.0):
        process = subprocess.Popen(
            command, cwd=tmp_path, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    status, output = snakemake(results, photos=photos, photographs_per_job="2", **PACKED)
    assert status == 0, output
    assert snakemake(large, photos=photos, photographs_per_job="2", **PACKED)[0] == 0
    assert contents(results / "stage1.parquet") == contents(large / "stage1.parquet")


def test_a_data_set_needs_neither_thumbnails_nor_heat_maps(photos, small, tmp_path):
    """Both are most of the disk that millions of photographs take; the rows are the same."""
    results = tmp_path / "results"
    more = {"prepare": "{thumbnail_side_px: 0}", "mono": "{heat_maps: false}"}
    status, output = snakemake(results, photos=photos, **PACKED, **more)
    assert status == 0, output
    assert not any((results / folder).exists() for folder in ("thumbnails", "previews", "heatmaps"))
    assert (small / "previews").exists()
    assert (results / "report" / "index.html").exists() and rows(results) == rows(small)
