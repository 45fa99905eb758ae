"""Sidecars and copies, read back by ExifTool, which no code of ours wrote."""

import csv
import errno
import hashlib
import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from judge_vision.config import read_config
from judge_vision.exports import embed, sidecars, stars
from judge_vision.exports.settings import XmpSettings
from judge_vision.exports.sidecars import COPIES, INDEX, SIDECARS, summary, write_sidecars
from judge_vision.exports.xmp_packet import XmpFacts, packet
from judge_vision.failure import PhotographError, UserError
from judge_vision.photograph.sniff import sniff
from judge_vision.records import store
from tests.unit import later_tables, report_results

HOSTILE = '</rdf:li><x xmlns="a">&amp;]]><!-- <?xpacket end="w"?> "\'` \u202e\ufffe {"a": 1} ; rm -rf'
pytestmark = pytest.mark.skipif(not shutil.which("exiftool"), reason="needs ExifTool")


def exiftool(path, *fields):
    """The XMP of a file, as ExifTool reads it."""
    done = subprocess.run(
        ["exiftool", "-config", "", "-json", "-XMP:all", *fields, str(path)], capture_output=True, check=True
    )
    return json.loads(done.stdout)[0]


def photograph(path, seed, **save):
    pixels = np.random.default_rng(seed).integers(0, 255, (40, 60, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **save)
    return path


def results_of(photos, **columns):
    """A finished run on the files in `photos`, in the working directory; `columns` are per image: title and so on."""
    files = sorted(path for path in photos.rglob("*") if path.is_file() and path.suffix != ".xmp")
    made = report_results.photographs(len(files))
    for one, path in zip(made, files, strict=True):
        data = path.read_bytes()
        one["image"] = path.relative_to(photos).as_posix()
        if not isinstance(one["prepare"], PhotographError):
            one["prepare"] |= {"sha256": hashlib.sha256(data).hexdigest(), "format": sniff(data)}
        one["compliance"] |= columns.get(one["image"], {})
    report_results.write(Path(), made)
    return made


@pytest.fixture
def photos(tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    (tmp_path / "photos").mkdir()
    monkeypatch.chdir(tmp_path / "results")
    return tmp_path / "photos"


def state(folder):
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def write(photos, **settings):
    return {one.image: one for one in write_sidecars(XmpSettings(**settings), photos, 10**9, 2)}


def listed():
    return list(csv.DictReader(INDEX.read_text(encoding="utf-8-sig").splitlines()))


@pytest.mark.parametrize(
    ("values", "limits", "expected"),
    [
        ([1.0, 2.0, 3.0, 4.0, 9.0, None], (2, 3, 4, 5), [1, 2, 3, 4, 5, None]),
        ([float(value) for value in range(11)], (0.1, 0.35, 0.65, 0.9), None),
    ],
)
def test_cutoffs_count_how_many_limits_are_reached(values, limits, expected):
    if expected:
        assert stars.by_cutoffs(values, limits) == expected
    else:
        # shares 0, .1, .2 ... 1: one below .1, three from .1 to .3, three from .4 to .6, two to .8, and .9 and 1
        assert stars.by_quantiles(values, limits) == [1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5]


def test_equal_values_have_equal_stars_and_a_single_photograph_has_none():
    assert stars.by_quantiles([5.0, 5.0, 5.0, None], (0.1, 0.35, 0.65, 0.9)) == [3, 3, 3, None]
    assert stars.by_quantiles([5.0], (0.1, 0.35, 0.65, 0.9)) == [None]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stars_limits": [3, 2, 4, 5], "stars_from": "cutoffs"}, "ascending"),
        ({"stars_limits": [10, 35, 65, 90]}, "shares from 0 to 1"),
        ({"stars_limits": [0.1, 0.2, 0.3]}, "xmp.stars_limits"),
        ({"naming": "stems"}, "'stem' or 'full'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(UserError, match=message):
        read_config({"xmp": settings})


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
def test_any_text_makes_a_well_formed_packet_that_holds_nothing_else(title, description):
    root = ET.fromstring(packet(XmpFacts(3, "Green", title, description)))
    assert {element.tag.rsplit("}", 1)[1] for element in root.iter()} <= {
        "xmpmeta", "RDF", "Description", "title", "description", "Alt", "li",
    }  # fmt: skip


def test_exiftool_reads_what_the_sidecar_says_whatever_the_title_holds(photos):
    photograph(photos / "a.jpg", 1)
    photograph(photos / "b.jpg", 2)
    results_of(photos, **{"a.jpg": {"title": HOSTILE, "findings": [], "compliance_warnings": [HOSTILE]}})
    before = state(photos)
    made = write(photos, stars_from="cutoffs", stars_limits=(0, 0, 0, 1000))
    found = exiftool(SIDECARS / "a.xmp")
    assert (found["Rating"], found["Label"]) == (4, "Green")
    # what turns the direction of text, and what XML cannot hold, is replaced; all else is as it was typed
    assert found["Title"] == HOSTILE.replace("\u202e", "\ufffd").replace("\ufffe", "\ufffd")
    assert f"Remark: {found['Title']}" in found["Description"]
    assert found["Description"].startswith("Stars: 4 of 5 by MUSIQ (no human ratings), from cut-offs.")
    assert state(photos) == before
    assert made["a.jpg"].rating == 4 and summary(list(made.values())) == "2 sidecars in exports/xmp"


def test_stars_follow_the_chosen_column(photos):
    for number in range(5):
        photograph(photos / f"{number}.jpg", number)
    made = results_of(photos)
    found = write(photos, stars_by="nima_aesthetic_mean")
    by_score = sorted(made, key=lambda one: one["iqa"]["nima_aesthetic_mean"])
    # shares 0, .25, .5, .75, 1
    assert [found[one["image"]].rating for one in by_score] == [1, 2, 3, 4, 5]
    assert exiftool(SIDECARS / Path(by_score[4]["image"]).with_suffix(".xmp"))["Rating"] == 5


def test_stars_by_an_unknown_column_are_refused_and_by_an_empty_one_left_out(photos):
    photograph(photos / "a.jpg", 1)
    results_of(photos)
    with pytest.raises(UserError, match=r"stars_by.*'musiq'.*musiq_mos"):
        write(photos, stars_by="musiq")
    assert write(photos, stars_by="mark")["a.jpg"].rating is None
    assert "Rating" not in exiftool(SIDECARS / "a.xmp")


def test_critique_and_what_it_is_worth_are_in_the_description(photos):
    for number in range(4):
        photograph(photos / f"{number}.jpg", number)
    results_of(photos, **{f"{number}.jpg": {"compliance_passed": True} for number in range(4)})
    later_tables.write(HOSTILE)
    write(photos, stars_by="critique_score")
    said = exiftool(SIDECARS / "3.xmp")["Description"]
    assert HOSTILE[:30] in said and later_tables.NOTICE in said and later_tables.RANKED_BY in said
    assert "Mark: 13.0" in said and said.startswith("Stars: 5 of 5 by Critique's score")


def test_two_files_of_one_stem_get_no_sidecar_and_are_reported(photos):
    for name in ("x/a.jpg", "x/a.png", "x/B.jpg", "x/b.tif", "a.jpg"):
        photograph(photos / name, 1)
    results_of(photos)
    write(photos)
    assert [path.as_posix() for path in sorted(SIDECARS.rglob("*.xmp"))] == ["exports/xmp/a.xmp"]
    remarks = {line["File"]: line["Remark"] for line in listed()}
    assert all(
        "same sidecar; xmp.naming: full" in remarks[f"x/{name}"] for name in ("a.jpg", "a.png", "B.jpg", "b.tif")
    )
    write(photos, naming="full")
    names = {path.relative_to(SIDECARS).as_posix() for path in SIDECARS.rglob("*.xmp")}
    assert names == {"a.jpg.xmp", "x/a.jpg.xmp", "x/a.png.xmp", "x/B.jpg.xmp", "x/b.tif.xmp"}


def test_a_photograph_whose_name_makes_no_sidecar_is_reported_and_the_others_get_theirs(photos):
    longest = "n" * 251 + ".jpg"
    for name in ("a.jpg", "a.xmp/b.jpg", "c.jpg", longest):
        photograph(photos / name, 1)
    results_of(photos)
    made = write(photos)
    assert made["a.jpg"].path is None and "folder that is called" in made["a.jpg"].remark
    assert made["a.xmp/b.jpg"].path == SIDECARS / "a.xmp" / "b.xmp" and made["c.jpg"].path
    made = write(photos, naming="full", embed_copies=True)
    assert made[longest].path is None and made[longest].remark == "no sidecar: File name too long"
    assert made[longest].copy == COPIES / longest and made["a.jpg"].path == SIDECARS / "a.jpg.xmp"


@pytest.mark.parametrize(
    ("number", "stops"),
    [
        (errno.ENAMETOOLONG, False),
        (errno.EISDIR, False),
        (errno.ENOSPC, True),
        (errno.EROFS, True),
        (errno.EACCES, True),
    ],
)
def test_what_is_no_fault_of_the_name_stops_the_export(photos, monkeypatch, number, stops):
    photograph(photos / "a.jpg", 1)
    results_of(photos)

    def refuse(path, *_, **__):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(store, "put_bytes", refuse)
    monkeypatch.setattr(sidecars, "write_csv", lambda *_: None)
    if stops:
        with pytest.raises(UserError, match=f"a.xmp cannot be written: {os.strerror(number)}"):
            write(photos)
    else:
        assert write(photos)["a.jpg"].remark == f"no sidecar: {os.strerror(number)}"
    whole = (photos / "a.jpg").read_bytes()
    copying = (shutil.which("exiftool"), whole, "JPEG", ".jpg", packet(XmpFacts(1, "", "", "")), COPIES / "a.jpg")
    if stops:
        with pytest.raises(UserError, match=r"a\.jpg cannot be written"):
            embed.embedded_copy(*copying)
    else:
        assert embed.embedded_copy(*copying) == f"no copy: {os.strerror(number)}"


def test_a_sidecar_beside_the_photograph_is_left_alone_and_mentioned(photos):
    photograph(photos / "a.jpg", 1)
    (photos / "a.xmp").write_text("edits of years")
    results_of(photos)
    assert "a sidecar already" in write(photos)["a.jpg"].remark
    assert (photos / "a.xmp").read_text() == "edits of years"


@pytest.mark.slow
def test_names_that_are_no_text_or_look_like_options_get_their_sidecar(photos):
    names = [b"-execute.jpg", b"new\nline.jpg", b"caf\xe9.jpg", b"$(touch x);'\".jpg", b"%f%d.jpg", b"a.b.jpg"]
    source = photograph(photos / "source.jpg", 1).read_bytes()
    for name in names:
        Path(bytes(photos).decode(), name.decode("utf-8", "surrogateescape")).write_bytes(source + name)
    from judge_vision.photograph.names import name_to_text

    made = report_results.photographs(len(names))
    for one, name in zip(made, names, strict=True):
        one["image"] = name_to_text(name)
        one["prepare"] |= {"sha256": hashlib.sha256(source + name).hexdigest(), "format": "JPEG"}
    report_results.write(Path(), made)
    found = write(photos, naming="full", embed_copies=True)
    assert all(one.copy and not one.remark for one in found.values()), found
    for name in names:
        place = name.decode("utf-8", "surrogateescape")
        assert (SIDECARS / f"{place}.xmp").exists() and (COPIES / place).exists()
    assert not Path("x").exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF", "GIF"])
def test_a_copy_has_the_same_pixels_and_keeps_its_other_metadata(photos, kind):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010F], exif[0x0131] = "Maker of cameras", "A program"
    more = {} if kind == "GIF" else {"icc_profile": profile, "exif": exif}
    # a name that is not the format's own: content decides
    photograph(photos / "a.dat", 1, format=kind, **more)
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-XMP-photoshop:City=Lund", photos / "a.dat"], check=False)
    photograph(photos / "b.jpg", 2)
    results_of(photos, **{"a.dat": {"title": "Ferry & fog"}})
    before = state(photos)
    made = write(photos, embed_copies=True)["a.dat"]
    assert made.remark == "" and made.copy == COPIES / "a.dat"
    found = exiftool(made.copy)
    assert found["Title"] == "Ferry & fog" and found["Rating"] == made.rating
    with Image.open(photos / "a.dat") as original, Image.open(made.copy) as copy:
        assert np.array_equal(np.asarray(original), np.asarray(copy))
        if kind != "GIF":
            assert copy.info["icc_profile"] == profile and copy.getexif()[0x010F] == "Maker of cameras"
    assert state(photos) == before


def test_other_xmp_in_the_file_stays_in_the_copy(photos):
    photograph(photos / "a.jpg", 1)
    subprocess.run(
        ["exiftool", "-q", "-overwrite_original", "-XMP-photoshop:City=Lund", "-XMP-dc:Title=Old", photos / "a.jpg"],
        check=True,
    )
    results_of(photos, **{"a.jpg": {"title": "New"}})
    write(photos, embed_copies=True)
    found = exiftool(COPIES / "a.jpg")
    assert (found["City"], found["Title"]) == ("Lund", "New")


def test_what_cannot_be_copied_is_reported_and_leaves_nothing(photos):
    photograph(photos / "a.bmp", 1)
    photograph(photos / "b.jpg", 2)
    photograph(photos / "c.jpg", 3)
    results_of(photos)
    (photos / "b.jpg").write_bytes(b"edited since")
    (photos / "c.jpg").unlink()
    made = write(photos, embed_copies=True)
    assert "ExifTool says" in made["a.bmp"].remark and "the file" in made["a.bmp"].remark
    assert "another than the one that was judged" in made["b.jpg"].remark and "gone" in made["c.jpg"].remark
    assert not list(COPIES.rglob("*.*")) and len(list(SIDECARS.rglob("*.xmp"))) == 3


def test_failed_photographs_get_none_and_what_an_earlier_run_left_goes(photos):
    for number in range(14):
        photograph(photos / f"{number:02}.jpg", number)
    results_of(photos)
    (SIDECARS / "old").mkdir(parents=True)
    (SIDECARS / "old" / "gone.xmp").write_text("x")
    made = write(photos)
    failed = [one for one in made.values() if one.path is None]
    assert [one.image for one in failed] == ["13.jpg"] and "The file ends before" in failed[0].remark
    assert len(list(SIDECARS.rglob("*"))) == 13 and len(listed()) == 14


def test_copies_without_exiftool_are_refused_with_a_way_out(photos, monkeypatch):
    photograph(photos / "a.jpg", 1)
    results_of(photos)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="apt install libimage-exiftool-perl"):
        write(photos, embed_copies=True)
    assert write(photos)["a.jpg"].path


@pytest.mark.parametrize(
    ("row", "label"),
    [
        ({"compliance_passed": None, "compliance_warnings": []}, ""),
        ({"compliance_passed": True, "compliance_warnings": []}, "Green"),
        ({"compliance_passed": True, "compliance_warnings": ["look"]}, "Yellow"),
        ({"compliance_passed": False, "compliance_warnings": []}, "Red"),
        # a person's ruling counts for more than what was measured
        ({"compliance_passed": False, "compliance_warnings": [], "compliance_status": "complies"}, "Green"),
        ({"compliance_passed": True, "compliance_warnings": [], "compliance_status": "does not comply"}, "Red"),
    ],
)
def test_labels_follow_the_rules_and_the_rulings(row, label):
    assert sidecars._label(row, XmpSettings()) == label


def test_labels_can_be_left_out(photos):
    photograph(photos / "a.jpg", 1)
    results_of(photos)
    settings = replace(XmpSettings(), label_complies="", label_does_not_comply="")
    write_sidecars(settings, photos, 10**9, 1)
    assert "Label" not in exiftool(SIDECARS / "a.xmp")
