"""A competition as a secretary runs it, on a small made-up club with faults planted among real photographs."""

from __future__ import annotations

import csv
import html
import io
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest
from PIL import Image

from benchmarks.club import make_club
from benchmarks.competition_club import compare, made_up_marks, rows

ROOT = Path(__file__).parents[2]
SOURCES = [
    *sorted((ROOT / "examples" / "photos").glob("*.jpg")),
    *sorted((ROOT / "tests" / "data" / "photographs").glob("*.jpg")),
]
ENTRANTS = 20

pytestmark = pytest.mark.slow


class Run:
    """The results folder of a club, and how to run a target on it."""

    def __init__(self, folder):
        self.folder = folder
        self.club = make_club(folder / "club", SOURCES, ENTRANTS, 62, of_each=1)
        # one entry that tells its entrant everywhere a file can
        self.told = self._telling()
        self.results = folder / "results"
        self.pages = self.results / "competition"

    def _telling(self):
        name = next(image for image in reversed(self.club.clean) if image.startswith("O"))
        member = name.rsplit(" by ", 1)[1].removesuffix(".jpg")
        path = self.club.photos / name
        exif = Image.Exif()
        exif[0x013B], exif[0x8298], exif[0x010E] = member, f"(c) {member}", f"by {member}"
        xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><r xmlns='x'>{member}</r></x:xmpmeta>".encode()
        with Image.open(path) as picture:
            picture.save(path, quality=92, exif=exif, comment=member.encode(), xmp=xmp)
        path.write_bytes(path.read_bytes() + b"after the end: " + member.encode())
        return member

    def __call__(self, target, **competition):
        config = {
            "photos": str(self.club.photos),
            "results": str(self.results),
            "compliance": {"registry": str(self.club.registry)},
            "competition": competition,
        }
        (self.folder / "config.json").write_text(json.dumps(config))
        command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2"]
        done = subprocess.run(
            [*command, "--configfile", str(self.folder / "config.json"), "--quiet", "host", "--", target],
            capture_output=True, text=True, cwd=self.folder, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    made = Run(tmp_path_factory.mktemp("our club's round"))
    status, output = made("secretary")
    assert status == 0, output
    return made


def table(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def test_every_planted_fault_is_found_and_no_clean_entry_is_refused(run):
    by_kind, refused, _ = compare(run.club, run.results)
    assert [kind for kind, words in by_kind.items() if not all(words)] == []
    assert len(run.club.planted) >= 30 and len(run.club.clean) >= 20
    assert refused == []


def test_the_secretary_sees_each_open_case_and_every_entrant_at_fault_has_a_message(run):
    page = html.unescape((run.pages / "index.html").read_text())
    cases = table(run.pages / "rulings.csv")
    assert cases and all(row["ruling"] == "" and len(row["sha256"]) == 64 for row in cases)
    assert [row["what was found"] for row in cases if row["what was found"] not in page] == []
    assert "Earlier: “Placed in the spring round" in page
    assert page.count("data:image/jpeg;base64,") >= 2 * sum(row["rule"] == "archive" for row in cases)
    told = {row["image"] for row in table(run.pages / "messages" / "messages.csv")}
    at_fault = {
        image
        for image, row in rows(run.results).items()
        if row["status"] == "failed" or row["compliance_status"] == "does not comply"
    }
    assert at_fault <= told
    unreadable = [row for row in rows(run.results).values() if row["status"] == "failed"]
    assert unreadable and all(row["author"] and row["title"] and row["category"] for row in unreadable)
    for row in table(run.pages / "messages" / "messages.csv"):
        text = (run.pages / "messages" / row["text"]).read_text()
        assert row["subject"] and text.startswith("Dear ") and (run.pages / "messages" / row["page"]).exists()
        if row["corrected copy"]:
            assert (run.results / row["corrected copy"]).exists()


def test_a_ruling_counts_survives_a_rename_and_is_shown_beside_what_was_measured(run):
    cases = [row for row in table(run.pages / "rulings.csv") if row["rule"] == "archive"]
    upheld, overruled = cases[0], cases[1]
    decided = {"by": "The secretary", "date": "2026-11-20", "reason": "compared side by side"}
    lines = [upheld | decided | {"ruling": "uphold"}, overruled | decided | {"ruling": "overrule"}]
    lines.append(upheld | decided | {"ruling": "uphold", "sha256": "0" * 64})
    with (run.club.registry.parent / "rulings.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(upheld))
        writer.writeheader()
        writer.writerows(lines)
    entry = run.club.photos / overruled["entry"]
    renamed = entry.with_name(entry.name.replace(" by ", " again by ", 1))
    entry.rename(renamed)
    status, output = run("secretary")
    assert status == 0, output
    assert "line 4 of the rulings (archive, by The secretary, 2026-11-20): the entry is gone" in output
    found = rows(run.results)
    assert (found[upheld["entry"]]["compliance_passed"], found[upheld["entry"]]["compliance_status"]) == (
        True, "does not comply",
    )  # fmt: skip
    assert found[renamed.name]["compliance_status"] == "complies"
    assert found[renamed.name]["compliance_rulings"] == [
        "archive: overruled by The secretary, 2026-11-20: compared side by side"
    ]
    assert "archive: upheld by The secretary" in (run.pages / "index.html").read_text()
    # the next form keeps the rulings and lists only what is still open
    left = table(run.pages / "rulings.csv")
    assert [row["ruling"] for row in left[:3]] == ["uphold", "overrule", "uphold"]
    assert all(row["sha256"] not in (upheld["sha256"], overruled["sha256"]) for row in left[3:])
    for planted in run.club.planted:
        if planted.image == overruled["entry"]:
            planted.image = renamed.name


@pytest.fixture(scope="module")
def packed(run):
    status, output = run("judge_pack")
    assert status == 0, output
    return run.pages / "judge-pack"


def test_the_pack_holds_no_entrant_in_any_byte(run, packed):
    members = [f"Member {number:03d}" for number in range(1, ENTRANTS + 1)]
    files = [path for path in packed.rglob("*") if path.is_file()]
    assert run.told in members and any(run.told.encode() in path.read_bytes() for path in run.club.photos.iterdir())
    for path in files:
        data = path.read_bytes().lower()
        for name in ("Member 0", run.told, "rules.toml", str(run.folder)):
            for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                assert name.lower().encode(encoding) not in data, (path.name, name)
        assert b"exif\0\0" not in data and b"http://ns.adobe.com/xap" not in data
    assert not any(image in path.name for path in files for image in rows(run.results))


def test_the_pack_has_every_eligible_entry_once_and_no_entrants_pictures_beside_each_other(run, packed):
    found = rows(run.results)
    (key_file,) = (run.pages / "keys").glob("*.csv")
    key = table(key_file)
    eligible = {image for image, row in found.items() if row["compliance_status"] in ("complies", "refer")}
    assert {row["image"] for row in key} == eligible and len(key) == len(eligible)
    authors = [found[row["image"]]["author"] for row in key]
    assert all(one != other for one, other in pairwise(authors))
    for row in key:
        with Image.open(packed / f"{row['number']}.jpg") as picture:
            assert picture.width <= 1200 and picture.height <= 900, "a corrected copy is judged, not the original"
    form = table(packed / "marks.csv")
    assert [row["number"] for row in form] == [row["number"] for row in key]
    assert {row["pack"] for row in form} == {key_file.stem}


def test_a_second_run_has_nothing_to_do_and_results_without_marks_say_what_is_missing(run, packed):
    status, output = run("judge_pack")
    assert status == 0 and "Nothing to be done" in output
    status, output = run("results")
    assert status != 0 and "there are no marks; set MARKS=marks.csv" in output
    assert "photographs failed" not in output


def test_marks_become_results_and_the_archive_of_next_season(run, packed):
    marks = run.folder / "marks"
    made_up_marks(packed / "marks.csv", marks, judges=3)
    earlier = run.folder / "results of autumn.csv"
    earlier.write_text("round,image,author,total\nFirst round,x.jpg,Member 001,99\n")
    status, output = run("results", marks=str(marks), rounds=[str(earlier)])
    assert status == 0, output
    found = table(run.pages / "results.csv")
    assert len(found) == len(table(packed / "marks.csv"))
    for row in found:
        given = [row[f"mark by Judge {number}"] for number in (1, 2, 3)]
        known = [float(mark) for mark in given if mark]
        assert float(row["total"]) == pytest.approx(sum(known) * 3 / len(known), abs=0.01)
    winners = [row["author"] for row in found for _ in filter(None, row["awards"].split(", "))]
    assert len(winners) == len(set(winners)) == 7, "one award for all, three in each of two sections, one an entrant"
    page = (run.pages / "results.html").read_text()
    assert "No figure of a program is part of these results." in page and "League" in page
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    book = openpyxl.load_workbook(run.pages / "results.xlsx")
    assert book.sheetnames == ["Results", "League", "About"] and book["Results"].max_row == len(found) + 1
    agreement = (run.pages / "agreement.html").read_text()
    assert "intraclass correlation" in agreement and "rank correlation" in agreement
    assert "never shown a mark given by a person" in agreement
    archive = table(run.pages / "archive" / "archive.csv")
    assert len(archive) == len(found) and archive[0]["date"] == "2026-11-24"
    assert all((run.pages / "archive" / row["image"]).exists() for row in archive)


def test_a_mark_outside_the_scale_stops_with_its_line(run, packed):
    marks = run.folder / "wrong.csv"
    lines = (packed / "marks.csv").read_text(encoding="utf-8-sig").splitlines()
    marks.write_text("\n".join([lines[0], lines[1].replace('""', "25")]) + "\n")
    status, output = run("results", marks=str(marks))
    assert status != 0 and "wrong.csv, line 2: wrong gives picture 001 25; the scale is 0 to 20" in output


def test_marks_stay_with_the_pack_they_were_given_for(run, packed):
    """A ruling after the pack went out changes the next pack's numbers, and not what the marks in hand mean."""
    (old,) = (run.pages / "keys").glob("*.csv")
    rulings = run.club.registry.parent / "rulings.csv"
    gone = table(old)[0]
    with rulings.open("a", newline="") as handle:
        csv.writer(handle).writerow(
            [gone["sha256"], "title_max_chars", "uphold", "The secretary", "2026-11-23", "late"]
        )
    status, output = run("judge_pack")
    assert status == 0, output
    assert len(list((run.pages / "keys").glob("*.csv"))) == 2 and old.exists()
    status, output = run("results", marks=str(run.folder / "marks"))
    assert status == 0, output
    images = {row["number"]: row["image"] for row in table(old)}
    found = table(run.pages / "results.csv")
    assert all(images[f"{int(row['number']):03d}"] == row["image"] for row in found)
    assert gone["image"] not in {row["image"] for row in found}
    assert "it is not placed" in (run.pages / "results.html").read_text()
