from pathlib import Path

import pytest

from judge_vision.workflow.packing import packed_file, read_records, write_records

INDEX, FOLDER = Path("state/index/tonal/00000.json"), Path("records/tonal/00000")


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(packed, **values):
    records = [
        (f"{image}.json", {"image": image, "status": "ok" if value else "failed", "value": value})
        for image, value in values.items()
    ]
    write_records(INDEX, FOLDER, records, "tonal", packed)
    return {record["image"]: record for _, record in records}


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_written_is_read(packed):
    written = write(packed, a=1, b=None, c="line\nbreak \u2028 ü")
    assert read_records(INDEX) == written
    assert packed_file(FOLDER).exists() == packed and FOLDER.exists() == (not packed)


@pytest.mark.parametrize("packed", [False, True])
def test_each_form_removes_the_other_and_what_no_record_needs(packed):
    write(not packed, a=1, gone=2)
    written = write(packed, a=1)
    assert read_records(INDEX) == written
    files = [path.as_posix() for path in sorted(Path("records").rglob("*")) if path.is_file()]
    assert files == (["records/tonal/00000.jsonl"] if packed else ["records/tonal/00000/a.json"])


@pytest.mark.parametrize("packed", [False, True])
def test_unchanged_files_are_not_touched(packed):
    write(packed, a=1)
    path = packed_file(FOLDER) if packed else FOLDER / "a.json"
    before = path.stat()
    write(packed, a=1)
    assert path.stat().st_ino == before.st_ino


@pytest.mark.parametrize("packed", [False, True])
def test_a_record_changed_by_hand_is_refused_by_name(packed):
    write(packed, a=1)
    path = packed_file(FOLDER) if packed else FOLDER / "a.json"
    path.write_text(path.read_text().replace("1", "9"))
    with pytest.raises(ValueError, match=path.name):
        read_records(INDEX)


def test_the_index_of_a_packed_shard_stays_small_and_counts_failures():
    write(True, **{f"photograph{number}": number for number in range(2000)})
    assert INDEX.stat().st_size < 1000
    assert '"failed": 1' in INDEX.read_text() and '"photographs": 2000' in INDEX.read_text()
