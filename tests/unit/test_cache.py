import logging
import resource

import pytest

from judge_vision.failure import UserError
from judge_vision.records import store
from judge_vision.workflow.cache import Cache, update_catalogue

KEYS = [store.digest(number) for number in range(10)]


def fill(folder, shard, keys, packed=True):
    cache = Cache(folder, shard, packed)
    for key in keys:
        cache.put(key, {"value": key[:6]})
    cache.close()


@pytest.mark.parametrize("packed", [False, True])
def test_figures_are_found_again_by_their_key(tmp_path, packed):
    fill(tmp_path, "00000", KEYS[:2], packed)
    cache = Cache(tmp_path, "00000", packed)
    assert cache.get(KEYS[0]) == {"value": KEYS[0][:6]}
    assert cache.get(KEYS[5]) is None
    assert KEYS[1] in cache and KEYS[5] not in cache
    assert len(list(tmp_path.rglob("*.jsonl"))) == packed


def test_figures_put_are_found_in_the_same_job(tmp_path):
    cache = Cache(tmp_path, "00000", True)
    cache.put(KEYS[0], {"value": 1})
    cache.put(KEYS[0], {"value": 2})
    assert cache.get(KEYS[0]) == {"value": 2}


def test_a_killed_job_loses_the_line_that_it_was_writing_and_nothing_else(tmp_path):
    fill(tmp_path, "00000", KEYS[:3])
    path = tmp_path / "00000.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    cache = Cache(tmp_path, "00000", True)
    assert [cache.get(key) is not None for key in KEYS[:3]] == [True, True, False]
    cache.put(KEYS[3], {"value": 3})
    cache.close()
    again = Cache(tmp_path, "00000", True)
    assert [again.get(key) is not None for key in KEYS[:4]] == [True, True, False, True]


def test_what_a_power_cut_left_is_measured_again_and_said(tmp_path, caplog):
    fill(tmp_path, "00000", KEYS[:2])
    path = tmp_path / "00000.jsonl"
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"value":"' + KEYS[0][:6].encode(), b'"value":\0\0\0\0\0\0\0'))
    with caplog.at_level(logging.WARNING):
        assert Cache(tmp_path, "00000", True).get(KEYS[0]) is None
    assert "00000.jsonl is damaged" in caplog.text
    assert Cache(tmp_path, "00000", True).get(KEYS[1]) is not None


@pytest.mark.parametrize("held", ["null", "[]", "1", '"x"', "{", ""])
def test_a_file_that_holds_no_figures_is_measured_again_and_said(tmp_path, caplog, held):
    fill(tmp_path, "00000", KEYS[:1], packed=False)
    (path,) = tmp_path.rglob("*.json")
    path.write_text(held)
    with caplog.at_level(logging.WARNING):
        assert Cache(tmp_path, "00000", False).get(KEYS[0]) is None
    assert f"{path.name} is damaged" in caplog.text


def test_figures_of_another_shard_are_found_by_the_catalogue(tmp_path):
    fill(tmp_path, "00000", KEYS[:3])
    assert Cache(tmp_path, "00001", True).get(KEYS[0]) is None
    update_catalogue(tmp_path)
    cache = Cache(tmp_path, "00001", True)
    assert cache.get(KEYS[0]) == {"value": KEYS[0][:6]} and KEYS[1] in cache and KEYS[5] not in cache


def test_the_catalogue_follows_files_that_grow_shrink_and_go(tmp_path):
    fill(tmp_path, "00000", KEYS[:2])
    fill(tmp_path, "00001", KEYS[2:4])
    update_catalogue(tmp_path)
    fill(tmp_path, "00000", KEYS[4:5])
    (tmp_path / "00001.jsonl").unlink()
    fill(tmp_path, "00001", KEYS[5:6])
    update_catalogue(tmp_path)
    cache = Cache(tmp_path, "00002", True)
    assert [key in cache for key in KEYS[:7]] == [True, True, False, False, True, True, False]
    (tmp_path / "00000.jsonl").unlink()
    assert cache.get(KEYS[0]) is None


def test_a_broken_catalogue_costs_time_and_not_the_run(tmp_path, caplog):
    fill(tmp_path, "00000", KEYS[:1])
    (tmp_path / "catalogue.sqlite").write_bytes(b"no database at all" * 300)
    cache = Cache(tmp_path, "00001", True)
    assert cache.get(KEYS[0]) is None
    assert "cannot be read" in caplog.text
    update_catalogue(tmp_path)
    assert Cache(tmp_path, "00001", True).get(KEYS[0]) is not None


def test_a_run_that_grew_finds_what_it_kept_in_single_files(tmp_path):
    fill(tmp_path, "00000", KEYS[:1], packed=False)
    assert Cache(tmp_path, "00000", True).get(KEYS[0]) is not None
    fill(tmp_path, "00000", KEYS[1:2], packed=True)
    assert Cache(tmp_path, "00000", False).get(KEYS[1]) is not None


def test_a_full_disk_stops_the_job_and_costs_one_line(tmp_path):
    fill(tmp_path, "00000", KEYS[:2])
    full = (tmp_path / "00000.jsonl").stat().st_size + 30
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (full, before[1]))
    try:
        with pytest.raises(UserError, match="cannot be written"):
            fill(tmp_path, "00000", KEYS[2:3])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    fill(tmp_path, "00000", KEYS[3:4])
    cache = Cache(tmp_path, "00000", True)
    assert [cache.get(key) is not None for key in KEYS[:4]] == [True, True, False, True]
