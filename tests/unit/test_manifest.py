import json

from hypothesis import given
from hypothesis import strategies as st

from judge_vision.records import paths, store
from judge_vision.workflow import manifest

names = st.lists(st.text(min_size=1, max_size=4), unique=True, max_size=40)


def test_new_photographs_are_spread_over_shards_of_equal_size():
    shards = manifest.assign([f"{n:03d}.jpg" for n in range(300)], {}, 256)
    assert {name: len(images) for name, images in shards.items()} == {"00000": 150, "00001": 150}


def test_one_more_photograph_changes_one_shard():
    first = manifest.assign([f"{n:03d}.jpg" for n in range(300)], {}, 256)
    second = manifest.assign([*(f"{n:03d}.jpg" for n in range(300)), "0-new.jpg"], first, 256)
    assert second["00000"] == first["00000"]
    assert second["00001"] == sorted([*first["00001"], "0-new.jpg"])


def test_a_full_shard_is_followed_by_a_new_one():
    assert manifest.assign(["a", "b", "c"], {"00000": ["a", "b"]}, 2) == {"00000": ["a", "b"], "00001": ["c"]}


def test_an_empty_shard_goes_and_its_neighbours_stay():
    assert manifest.assign(["c"], {"00000": ["a", "b"], "00001": ["c"]}, 2) == {"00001": ["c"]}


@given(names, names, st.integers(1, 9))
def test_every_photograph_is_in_exactly_one_shard(before, after, size):
    earlier = manifest.assign(before, {}, size)
    shards = manifest.assign(after, earlier, size)
    assert sorted(image for images in shards.values() for image in images) == sorted(after)
    for name, images in shards.items():
        assert images and len(images) <= max(size, len(earlier.get(name, [])))
        assert set(earlier.get(name, [])) & set(after) <= set(images)


def write_inventory(entries):
    lines = (store.canonical_json(entry).encode() + b"\n" for entry in entries)
    return store.write_lines_if_changed(paths.INVENTORY, lines)


def test_the_manifest_says_what_the_table_needs_to_know(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(manifest, "ROWS_PER_PART", 2)
    entries = [{"image": f"{name}.jpg", "size": 1, "title": "t"} for name in "abcde"]
    entries[3]["club_number"] = "7"
    assert write_inventory(entries) == 5
    written = manifest.write_manifest(paths.INVENTORY, 3)
    assert written == {
        "photographs": 5,
        "shards": ["00000", "00001"],
        "columns": ["club_number"],
        "parts": ["a.jpg", "c.jpg", "e.jpg"],
    }
    lists = [paths.shard_list(shard) for shard in written["shards"]]
    assert [json.loads(line) for path in lists for line in path.read_text().splitlines()] == entries


def test_lists_that_stay_the_same_are_not_touched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    entries = [{"image": f"{name}.jpg", "size": 1} for name in "abcd"]
    write_inventory(entries)
    manifest.write_manifest(paths.INVENTORY, 2)
    files = [paths.INVENTORY, paths.shard_list("00000"), paths.shard_list("00001")]
    before = [path.stat().st_ino for path in files]
    write_inventory(entries)
    entries[3]["size"] = 2
    manifest.write_manifest(paths.INVENTORY, 2)
    assert [path.stat().st_ino for path in files] == before
    write_inventory(entries)
    manifest.write_manifest(paths.INVENTORY, 2)
    assert [path.stat().st_ino == inode for path, inode in zip(files, before, strict=True)] == [False, True, False]
