"""The archive of earlier seasons: listed, hashed once, and never trusted where it was broken."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from judge_vision.compliance.archive import list_archive
from judge_vision.compliance.rules import Competition
from judge_vision.config import read_config
from judge_vision.failure import UserError
from judge_vision.photograph.prepare import prepare_photograph
from judge_vision.photograph.proof import ProofSizes
from judge_vision.photograph.settings import ListingSettings, PrepareSettings
from judge_vision.records import paths
from judge_vision.workflow import archive, session

PHOTOGRAPHS = Path(__file__).parents[1] / "data" / "photographs"
LISTING, PREPARE = ListingSettings(), PrepareSettings()


@pytest.fixture
def folder(tmp_path):
    season = tmp_path / "earlier" / "2024"
    season.mkdir(parents=True)
    for name in ("china", "flower", "Storm"):
        (season / f"{name}.jpg").write_bytes((PHOTOGRAPHS / f"{name}.jpg").read_bytes())
    (season / "archive.csv").write_text(
        "image,title,date,author\nchina.jpg,The Palace,2024-03-01,Member 001\ngone.jpg,Lost,2024-03-01,Member 002\n"
    )
    return tmp_path / "earlier"


def test_a_folder_is_described_by_its_tables_else_by_names(folder):
    earlier, missing = list_archive(folder, LISTING)
    said = {one.file.image: (one.title, one.date) for one in earlier}
    assert said == {
        "2024/Storm.jpg": ("Storm", "2024"),
        "2024/china.jpg": ("The Palace", "2024-03-01"),
        "2024/flower.jpg": ("flower", "2024"),
    }
    assert missing == ["2024/gone.jpg"]


def test_a_table_stands_for_itself(folder):
    earlier, missing = list_archive(folder / "2024" / "archive.csv", LISTING)
    assert [(one.file.image, one.title) for one in earlier] == [("china.jpg", "The Palace")]
    assert missing == ["gone.jpg"]
    with pytest.raises(UserError, match="no folder or table"):
        list_archive(folder / "nowhere", LISTING)


def entered(results: Path, picture: Image.Image) -> dict[str, Any]:
    """An entry with its thumbnail, as `prepare` leaves it."""
    file = results / "entry.png"
    picture.save(file)
    facts = prepare_photograph(file, PREPARE, ProofSizes(224, 512, 512), results / "work.npz")
    target = results / paths.by_content(paths.THUMBNAILS, facts["sha256"], ".jpg")
    target.parent.mkdir(parents=True, exist_ok=True)
    (results / "work.jpg").replace(target)
    return {"sha256": facts["sha256"]}


def look_up(folder: Path, entries: list[dict[str, Any]], photos: Path = Path("photos"), **rules: Any) -> archive.Found:
    competition = Competition.model_validate({"name": "Test", "rules": {"archive": "earlier", **rules}})
    return archive.find_earlier(competition, folder, photos, entries, LISTING, PREPARE, "prepared", workers=2)


@pytest.fixture
def results(tmp_path, monkeypatch):
    place = tmp_path / "results"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def test_a_re_entry_is_found_with_its_earlier_title_date_and_picture(folder, results):
    palace = Image.open(PHOTOGRAPHS / "china.jpg").convert("RGB")
    entry = entered(results, ImageOps.mirror(palace).convert("L").convert("RGB"))
    found = look_up(folder, [entry])
    (seen,) = found.by_sha256[entry["sha256"]]
    assert (seen["title"], seen["date"], seen["image"]) == ("The Palace", "2024-03-01", "2024/china.jpg")
    assert seen["mirrored"] and seen["monochrome"] and seen["bits"] <= 64
    assert paths.by_content(paths.THUMBNAILS, seen["sha256"], ".jpg").exists()
    assert any("names 2024/gone.jpg" in note for note in found.notes)
    # whether a monochrome version counts is a setting
    assert look_up(folder, [entry], archive_monochrome=False).by_sha256 == {}
    other = entered(results, Image.open(PHOTOGRAPHS / "Garden.jpg"))
    assert look_up(folder, [other]).by_sha256 == {}


def hashed(monkeypatch) -> list[str]:
    """The pictures that are decoded from now on."""
    seen: list[str] = []
    original = archive.prepare_all

    def counted(items, *rest, **more):
        listed = list(items)
        seen.extend(image for image, _, _ in listed)
        return original(listed, *rest, **more)

    monkeypatch.setattr(archive, "prepare_all", counted)
    return seen


def test_what_was_hashed_is_not_hashed_again_and_a_broken_line_costs_one_picture(folder, results, monkeypatch):
    entry = entered(results, Image.open(PHOTOGRAPHS / "china.jpg"))
    seen = hashed(monkeypatch)
    first = look_up(folder, [entry])
    assert sorted(seen) == ["2024/Storm.jpg", "2024/china.jpg", "2024/flower.jpg"]
    seen.clear()
    assert look_up(folder, [entry]) == first and not seen
    # killed while writing: half a line at the end, and the next one must not be glued to it
    data = archive.INDEX.read_bytes()
    archive.INDEX.write_bytes(data[:-40])
    assert look_up(folder, [entry]) == first and len(seen) == 1
    seen.clear()
    assert look_up(folder, [entry]) == first and not seen
    # an edited picture is hashed again, a deleted one forgotten
    Image.open(PHOTOGRAPHS / "Dune.jpg").save(folder / "2024" / "Storm.jpg")
    (folder / "2024" / "flower.jpg").unlink()
    look_up(folder, [entry])
    assert seen == ["2024/Storm.jpg"]
    assert b"flower" not in archive.INDEX.read_bytes()


def test_a_picture_that_cannot_be_read_is_named_and_stops_nothing(folder, results):
    (folder / "2024" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0nothing")
    entry = entered(results, Image.open(PHOTOGRAPHS / "china.jpg"))
    found = look_up(folder, [entry])
    assert list(found.by_sha256) == [entry["sha256"]]
    assert any("broken.jpg in the archive could not be read" in note for note in found.notes)
    assert not paths.working_folder("archive").exists()


def test_a_failed_entry_and_an_empty_archive_find_nothing(folder, results):
    assert look_up(folder, [{"sha256": None}, {"sha256": "0" * 64}]).by_sha256 == {}
    empty = folder.parent / "empty"
    empty.mkdir()
    entry = entered(results, Image.fromarray(np.zeros((40, 60, 3), np.uint8)))
    assert look_up(empty, [entry]).by_sha256 == {}
    assert os.listdir(empty) == []  # noqa: PTH208


def test_an_archive_that_holds_this_rounds_entries_does_not_refuse_them_all(folder, results):
    now = folder / "2025"
    now.mkdir()
    (now / "china.jpg").write_bytes((PHOTOGRAPHS / "china.jpg").read_bytes())
    (folder / "2024" / "china.jpg").unlink()
    entry = entered(results, Image.open(PHOTOGRAPHS / "china.jpg"))
    found = look_up(folder, [entry], photos=now)
    assert found.by_sha256 == {}
    assert "1 of the archive's pictures lie in this round's own folders and do not count." in found.notes
    assert entry["sha256"] in look_up(folder, [entry]).by_sha256


def test_an_archive_without_thumbnails_is_refused_and_not_left_out(folder, tmp_path):
    registry = tmp_path / "rules.toml"
    registry.write_text(f'[competition.spring]\nname = "Spring"\n[competition.spring.rules]\narchive = "{folder}"\n')
    config = read_config({"compliance": {"registry": str(registry)}, "prepare": {"thumbnail_side_px": 0}})
    with pytest.raises(UserError, match=r"set prepare\.thumbnail_side_px to more than 0"):
        session.rule_settings(config)
