import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.csv import write_csv

from judge_vision.failure import UserError
from judge_vision.photograph import lists
from judge_vision.photograph.listing import look_up, walk
from judge_vision.photograph.names import locate, name_to_text, text_to_name
from judge_vision.photograph.settings import ListingSettings

SETTINGS = ListingSettings()


def images(folder, settings=SETTINGS):
    return [entry.image for entry in walk(folder, settings).photographs]


def test_every_file_below_the_folder_in_byte_order(tmp_path):
    for name in ("b.jpg", "B.jpg", "a/z.png", "-rf.jpg", "two\nlines.jpg", "ü 'x' \"y\".jpg", "x" * 251 + ".jpg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    found = images(tmp_path)
    assert len(found) == 7
    assert found == sorted(found, key=text_to_name)
    assert all(locate(tmp_path, image).read_bytes() == b"x" for image in found)


def test_sidecars_and_hidden_files_are_skipped_and_counted(tmp_path):
    for name in ("a.jpg", "a.xmp", "a.json", "notes.txt", "Thumbs.db", ".DS_Store", "._a.jpg"):
        (tmp_path / name).write_bytes(b"x")
    found = walk(tmp_path, SETTINGS)
    assert [entry.image for entry in found.photographs] == ["a.jpg"]
    assert sum(found.skipped.values()) == 6


def test_names_that_are_no_utf_8_survive(tmp_path):
    name = b"caf\xe9.jpg"
    with open(os.path.join(os.fsencode(tmp_path), name), "wb") as handle:  # noqa: PTH118, PTH123 - a name in bytes
        handle.write(b"x")
    (image,) = images(tmp_path)
    image.encode()  # valid text for JSON and Parquet
    assert text_to_name(image) == name and name_to_text(name) == image
    assert locate(tmp_path, image).read_bytes() == b"x"


def test_links_out_of_the_folder_are_not_followed_and_loops_end(tmp_path):
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"x")
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").write_bytes(b"x")
    (photos / "out.jpg").symlink_to(secret)
    (photos / "loop").symlink_to(photos)
    assert images(photos) == ["a.jpg"]
    assert "out.jpg" in images(photos, ListingSettings(follow_links=True))


def test_results_inside_the_folder_are_no_photographs(tmp_path):
    """Those of this run and of others, also by way of a link; a folder that only bears such a name is one of theirs."""
    for name in ("a.jpg", "results/thumbnails/b.jpg", "2024/earlier/thumbnails/c.jpg", "state/d.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    for folder in ("results", "2024/earlier"):
        (tmp_path / folder / "state").mkdir()
        (tmp_path / folder / "state" / "run.lock").touch()
    (tmp_path / "link").symlink_to(tmp_path / "results")
    found = walk(tmp_path, SETTINGS)
    assert [entry.image for entry in found.photographs] == ["a.jpg", "state/d.jpg"]
    assert found.skipped == {"results folder": 3}
    assert "results/thumbnails/b.jpg" in [entry.image for entry in walk(tmp_path, SETTINGS, True).photographs]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_list_gives_title_category_author_and_columns_of_its_own(tmp_path, kind):
    table = pa.table({"image": ["a.jpg"], "title": ["Dawn"], "author": ["Ann"], "club_number": ["7"]})
    path = tmp_path / f"list.{kind}"
    write_csv(table, path) if kind == "csv" else pq.write_table(table, path)
    (row,) = lists.read_list(path)
    assert (row.image, row.fields["title"], row.fields["author"]) == ("a.jpg", "Dawn", "Ann")
    assert row.extra == {"club_number": "7"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title\nDawn\n", "image"),
        ("image\na.jpg\na.jpg\n", "a.jpg"),
        ("title,image\nDawn,a.jpg\nSunset\n", "line 3: the column image is empty"),
        ("image\n../../etc/passwd\n", "passwd"),
        ("image\n/etc/passwd\n", "passwd"),
    ],
)
def test_a_wrong_list_is_refused_with_what_is_wrong(tmp_path, text, says):
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=says):
        list(lists.read_list(path))


def test_a_short_row_of_a_csv_has_empty_cells_at_its_end(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("image,title,author\na.jpg,Dawn\nb.jpg\n")
    rows = list(lists.read_list(path))
    assert [row.fields for row in rows] == [{"title": "Dawn", "author": None}, {"title": None, "author": None}]


BROKEN_TEXT = pa.StringArray.from_buffers(2, pa.py_buffer(np.array([0, 1, 2], np.int32)), pa.py_buffer(b"a\xff"))


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (BROKEN_TEXT, "string cannot be read"),
        (pa.array([0, 1], pa.timestamp("ns")), "timestamp.* cannot be read"),
        (pa.array([0, 10**18], pa.timestamp("s")), "timestamp.* cannot be read"),
        (pa.array([0, 10**9], pa.date32()), "date32.* cannot be read"),
        (pa.array([None, b"b.jpg"]), "bytes are no text"),
    ],
)
def test_a_value_of_a_parquet_list_that_is_no_text_is_refused_with_its_place(tmp_path, column, says):
    path = tmp_path / "list.parquet"
    pq.write_table(pa.table({"image": ["a.jpg", "b.jpg"], "Taken": column}), path)
    with pytest.raises(UserError, match=f"list.parquet, row 2, column taken: .*{says}"):
        list(lists.read_list(path))


def test_a_list_of_many_parts_is_one_list(tmp_path):
    folder = tmp_path / "many.parquet"
    folder.mkdir()
    for name in "ba":
        pq.write_table(pa.table({"image": [f"{name}.jpg"]}), folder / f"{name}.parquet")
    assert [row.image for row in lists.read_list(folder)] == ["a.jpg", "b.jpg"]


def test_a_listed_link_out_of_the_folder_is_refused(tmp_path):
    photos = tmp_path / "photos"
    (photos / "real").mkdir(parents=True)
    (tmp_path / "secret.jpg").write_bytes(b"x")
    (photos / "real" / "a.jpg").write_bytes(b"x")
    (photos / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    (photos / "in").symlink_to(photos / "real")
    (photos / "away").symlink_to(tmp_path)
    assert look_up(photos, "in/a.jpg", SETTINGS).size == 1
    assert look_up(photos, "gone.jpg", SETTINGS) is None and look_up(photos, "real", SETTINGS) is None
    for image in ("out.jpg", "away/secret.jpg"):
        with pytest.raises(UserError, match="link out"):
            look_up(photos, image, SETTINGS)
