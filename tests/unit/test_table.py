import itertools
import random

import pyarrow.parquet as pq
import pytest

from judge_vision.records import table
from judge_vision.records.table import TableWriter, arrow_schema, read_batches, read_metadata, read_table
from judge_vision.workflow.merge import Tally, own_columns

NAMES = [f"{number:03d}.jpg" for number in range(100)]
SCHEMA = arrow_schema({"bundle": {"name": "b"}}, ["club"])


def rows(names):
    return [{"image": name, "status": "ok", "width": int(name[:3]), "club": "x"} for name in names]


def write(path, names, packed, batch=7, starts=NAMES[::30]):
    with TableWriter(path, SCHEMA, starts, packed) as writer:
        for start in range(0, len(names), batch):
            writer.add(rows(names[start : start + batch]))


@pytest.mark.parametrize("packed", [False, True])
def test_rows_in_any_order_and_any_batches_give_the_same_sorted_bytes(tmp_path, packed, monkeypatch):
    write(tmp_path / "a", NAMES, packed)
    shuffled = random.Random(1).sample(NAMES, len(NAMES))
    monkeypatch.setattr(table, "_ROWS_HELD", 20)  # so that most of them have to wait on the disk
    write(tmp_path / "b", shuffled, packed, batch=11)
    files = [sorted(p for p in (tmp_path / name).rglob("*") if p.is_file()) or [tmp_path / name] for name in "ab"]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]
    assert [row["image"] for row in read_table(tmp_path / "b")[0]] == NAMES
    assert len(files[0]) == (4 if packed else 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_table_says_what_made_it_and_others_read_it(tmp_path, packed):
    write(tmp_path / "stage1.parquet", NAMES, packed)
    assert read_metadata(tmp_path / "stage1.parquet")["bundle"] == {"name": "b"}
    assert pq.read_table(tmp_path / "stage1.parquet").column("image").to_pylist() == NAMES
    assert len(list(itertools.chain.from_iterable(read_batches(tmp_path / "stage1.parquet")))) == 100


@pytest.mark.parametrize(("before", "after"), list(itertools.product([False, True], repeat=2)))
def test_a_new_table_replaces_one_of_either_form(tmp_path, before, after):
    write(tmp_path / "t", NAMES, before)
    write(tmp_path / "t", NAMES[:50], after)
    assert [row["image"] for row in read_table(tmp_path / "t")[0]] == NAMES[:50]
    assert (tmp_path / "t").is_dir() == after


def test_a_merge_that_fails_leaves_the_old_table(tmp_path):
    write(tmp_path / "t", NAMES[:3], False)
    with pytest.raises(RuntimeError), TableWriter(tmp_path / "t", SCHEMA, NAMES[:1], False) as writer:
        writer.add(rows(NAMES[:9]))
        raise RuntimeError
    assert len(read_table(tmp_path / "t")[0]) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_a_table_without_rows_has_its_columns(tmp_path):
    write(tmp_path / "t", [], False, starts=[])
    assert read_table(tmp_path / "t")[0] == [] and pq.read_schema(tmp_path / "t").names == SCHEMA.names


def test_columns_of_a_list_pass_through_and_never_take_the_place_of_ours():
    assert own_columns(["club", "sha256", "list_sha256", "status"]) == {
        "club": "club",
        "sha256": "list_list_sha256",
        "list_sha256": "list_sha256",
        "status": "list_status",
    }


def test_the_summary_names_the_first_failures_and_counts_all(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("judge_vision.workflow.merge._FAILURES_NAMED", 2)
    tally = Tally()
    failed = {"status": "failed", "error_type": "empty", "error": "no bytes"}
    tally.add([{"image": "c", **failed}, {"image": "z", "status": "ok", "error_type": None, "error": None}])
    tally.add([{"image": "a", **failed}, {"image": "b", **failed}])
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "skipped.json").write_text("{}")
    summary = tally.summary()
    assert (summary["photographs"], summary["ok"], summary["failed"]) == (4, 1, 3)
    assert [failure["image"] for failure in summary["failures"]] == ["a", "b"]
    assert summary["failed_by_type"] == {"empty": 3}
