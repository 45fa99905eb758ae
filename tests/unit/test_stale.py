"""What Snakemake would take for complete and is not goes before it plans; what is complete stays."""

import os
import time

import pytest

from judge_vision.records import paths, store
from judge_vision.records.steps import STEPS
from judge_vision.workflow import stale

SHARDS = ("00000", "00001")


@pytest.fixture
def results(tmp_path):
    """All that a finished run leaves of two shards, as far as the session looks at it."""
    store.write_json(tmp_path / paths.MANIFEST, {"shards": list(SHARDS)})
    store.write_json(tmp_path / paths.ENTRIES, {})
    for shard in SHARDS:
        store.write_bytes(tmp_path / paths.shard_list(shard), b"")
        for step in STEPS:
            store.write_json(tmp_path / paths.index_file(step, shard), {})
    (tmp_path / paths.TABLE).write_bytes(b"rows")
    return tmp_path


def test_a_complete_table_stays(results):
    stale.forget_unfinished(results)
    assert (results / paths.TABLE).exists() and (results / paths.MANIFEST).exists()


@pytest.mark.parametrize("step", STEPS)
def test_a_table_of_which_an_index_is_gone_goes(results, step):
    (results / paths.index_file(step, SHARDS[1])).unlink()
    stale.forget_unfinished(results)
    assert not (results / paths.TABLE).exists()
    assert (results / paths.MANIFEST).exists() and (results / paths.index_file(step, SHARDS[0])).exists()


def test_a_table_in_parts_goes_whole(results):
    (results / paths.TABLE).unlink()
    store.write_bytes(results / paths.TABLE / "part-00000.parquet", b"rows")
    (results / paths.ENTRIES).unlink()
    stale.forget_unfinished(results)
    assert not (results / paths.TABLE).exists()


@pytest.mark.parametrize("lost", [paths.MANIFEST, paths.shard_list(SHARDS[0])])
def test_without_its_shards_manifest_and_table_go(results, lost):
    (results / lost).unlink()
    stale.forget_unfinished(results)
    assert not (results / paths.TABLE).exists() and not (results / paths.MANIFEST).exists()


@pytest.mark.parametrize("held", ["[1]", "null", "{}", '{"shards": 1}', ""])
def test_a_manifest_that_is_none_goes(results, held):
    (results / paths.MANIFEST).write_text(held)
    stale.forget_unfinished(results)
    assert not (results / paths.TABLE).exists() and not (results / paths.MANIFEST).exists()


def test_what_claims_to_be_of_the_future_becomes_older_than_what_is_written_next(results):
    """In its order: what a step made stays newer than what it was made from."""
    hour = 3600
    (results / paths.RUN_LOCK).touch()
    table, index = results / paths.TABLE, results / paths.index_file("tonal", SHARDS[0])
    past = results / paths.index_file("tonal", SHARDS[1])
    os.utime(table, (time.time() + 2 * hour,) * 2)
    os.utime(index, (time.time() + hour,) * 2)
    os.utime(past, (time.time() - hour,) * 2)
    age = past.stat().st_mtime_ns
    stale.set_back_times(results)
    store.write_json(results / paths.INVENTORY, {})
    assert past.stat().st_mtime_ns == age
    ages = [path.stat().st_mtime_ns for path in (past, index, table, results / paths.INVENTORY)]
    assert ages == sorted(set(ages))
