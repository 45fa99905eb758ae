"""A folder full of odd names, bad files and links: one row for each file, and nothing takes a neighbour down."""

import io
import json
import os
import shutil
import struct
import zlib

import pytest
from PIL import Image

from judge_vision.photograph.names import text_to_name
from tests.system.stage1 import EXAMPLES, rows, snakemake

pytestmark = pytest.mark.slow

NAMES = [
    b"with space.jpg",
    b'it\'s "quoted" `id` $HOME.jpg',
    b"two\nlines\ttab\r.jpg",
    "\N{CAMERA WITH FLASH} fl\u00fcgel \u202eabc.jpg".encode(),
    b"-rf.jpg",
    b"--help",
    b"{shard} {{x}} {0}.jpg",
    b"%s %(x)s ; rm #.jpg",
    b"<b>&amp;<script>.jpg",
    b"*?[a-z].jpg",
    b"back\\slash\\x41.jpg",
    b"caf\xe9 \xff\xfe.jpg",
    b"Case.jpg",
    b"case.jpg",
    b"no extension",
    b"ends with dot.",
    b" .jpg",
    b"~",
    b"a" * 251 + b".jpg",
    b"folder with \n newline/inside.jpg",
]


def saved(image, file_format, **options):
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def header_of_a_huge_png():
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    data = struct.pack(">I", 99) + b"IDAT"
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data


def bad_files():
    """Name, content and what becomes of it: `ok` or the error_type."""
    photograph = Image.open(EXAMPLES / "Chelsea.jpg").reduce(4)
    pages = [photograph.reduce(part) for part in (1, 2, 3)]
    jpeg = saved(photograph, "JPEG")
    return {
        "whole.jpg": (jpeg, "ok"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "truncated"),
        "empty.jpg": (b"", "empty"),
        "letter.jpg": (b"Dear judges, my picture is in the post.", "not_an_image"),
        "noise.jpg": (bytes(range(256)) * 9, "not_an_image"),
        "document.jpg": (b"%PDF-1.7\n", "unsupported"),
        "script.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%touch /tmp/pwned) (w) file", "unsupported"),
        "png called.jpg": (saved(photograph, "PNG"), "ok"),
        "jpeg called.tif": (jpeg, "ok"),
        "pages.tif": (saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]), "ok"),
        "moving.gif": (saved(pages[0], "GIF", save_all=True, append_images=[pages[0].rotate(90)]), "ok"),
        "palette.png": (saved(photograph.quantize(16), "PNG"), "ok"),
        "deep.png": (saved(Image.new("I;16", (60, 40), 40_000), "PNG"), "ok"),
        "cmyk.jpg": (saved(photograph.convert("CMYK"), "JPEG"), "ok"),
        "one pixel.png": (saved(Image.new("RGB", (1, 1), "red"), "PNG"), "ok"),
        "narrow.png": (saved(Image.new("RGB", (1, 20_000), "red"), "PNG"), "ok"),
        "flat.jpg": (saved(Image.new("RGB", (20_000, 1), "red"), "JPEG"), "ok"),
        "huge.png": (header_of_a_huge_png(), "too_large"),
        "large bomb.png": (saved(Image.new("L", (13_000, 13_000), 7), "PNG"), "decoder_memory"),
        "bomb.png": (saved(Image.new("1", (30_000, 30_000), 1), "PNG"), "too_large"),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    photos = tmp_path_factory.mktemp("hostile") / "photos"
    photos.mkdir()
    for name in NAMES:
        path = photos / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        shutil.copy(EXAMPLES / "Mono" / "Time in passing.png", path)
    for name, (data, _) in bad_files().items():
        (photos / name).write_bytes(data)
    (photos / "loop").symlink_to(photos)
    (photos / "circle").symlink_to("circle")
    (photos / "out.jpg").symlink_to(EXAMPLES / "Astronaut.jpg")
    (photos / "gone.jpg").symlink_to("nowhere.jpg")
    os.mkfifo(photos / "pipe.jpg")
    for name in ("whole.xmp", "._whole.jpg", "Thumbs.db", ".DS_Store", "whole.json", "notes.txt"):
        (photos / name).write_bytes(b"x")
    return photos


def states(folder):
    """What would tell that somebody wrote to a file or a folder."""
    facts = {path: path.lstat() for path in folder.rglob("*")}
    return {path: (one.st_mtime_ns, one.st_ctime_ns, one.st_size, one.st_ino) for path, one in facts.items()}


@pytest.fixture(scope="module")
def results(folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("out") / "results"
    before = states(folder)
    status, output = snakemake(place, photos=folder, prepare="{memory_mb: 400}")
    assert status == 0, output
    assert states(folder) == before, "photographs are only ever read"
    return place


def test_every_file_has_one_row_with_what_became_of_it(results):
    table = rows(results)
    assert len(table) == len(NAMES) + len(bad_files())
    found = {name: table[name]["error_type"] or table[name]["status"] for name in bad_files()}
    assert found == {name: outcome for name, (_, outcome) in bad_files().items()}
    for name, row in table.items():
        if row["status"] == "ok":
            assert row["musiq_mos"] is not None and row["mono_verdict"] and row["dynamic_range"] is not None, name
        else:
            assert row["error"] and len(row["error"]) > 10, name


def test_every_name_survives_the_way_there_and_back(results):
    found = {text_to_name(image) for image in rows(results)}
    assert set(NAMES) <= found
    assert all(rows(results)[image]["status"] == "ok" for image in rows(results) if text_to_name(image) in NAMES)


def test_what_was_passed_over_is_counted(results):
    skipped = json.loads((results / "summary.json").read_text())["skipped"]
    assert skipped == {
        "broken link": 2,
        "folder seen already": 1,
        "link out of the folder": 1,
        "not a regular file": 1,
        "sidecar": 6,
    }


def test_first_pages_and_frames_are_noted(results):
    table = rows(results)
    assert "first of 3 pages used" in table["pages.tif"]["notes"]
    assert "first of 2 frames used" in table["moving.gif"]["notes"]
    assert (table["deep.png"]["bit_depth"], table["png called.jpg"]["format"]) == (16, "PNG")


def test_no_command_in_a_name_or_a_file_was_run(results, folder):
    assert not os.path.exists("/tmp/pwned")  # noqa: PTH110
    assert (results / "report" / "index.html").exists()
    assert {path.name for path in folder.parent.iterdir()} == {"photos"}
