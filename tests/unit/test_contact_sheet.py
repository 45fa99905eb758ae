"""The contact sheet, read back by poppler: every title is there, in any script, and nothing runs over."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge_vision.exports import fonts_found
from judge_vision.exports.contact_sheet import PDF, SheetPicture, build_contact_sheet, write_contact_sheet
from judge_vision.exports.settings import ContactSheetSettings
from judge_vision.exports.typeset import broken
from tests.unit import report_results

pytestmark = pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs poppler-utils")
EUROPE = ("Čarodějův učeň", "Ώρα του δειλινού", "Вечер на реке", "Đêm trên sông", "Łódź & <b>łódka</b> (100 %)")


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def text_of(path):
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True, text=True).stdout


def facts_of(path):
    done = subprocess.run(["pdfinfo", path], capture_output=True, check=True, text=True)
    return dict(line.split(":", 1) for line in done.stdout.splitlines() if ":" in line)


def pictures(*titles, section=""):
    return [SheetPicture(number, title, "M. Okafor", section, None) for number, title in enumerate(titles, start=1)]


def test_every_photograph_is_on_the_sheet_with_its_number_and_section(results):
    made = report_results.photographs(45)
    report_results.write(results, made)
    assert build_contact_sheet("Autumn round", ContactSheetSettings()) == PDF
    text = text_of(PDF)
    for name in report_results.SUBJECTS:
        assert len(re.findall(name.split()[0], text)) >= 7
    assert "Nature" in text and "Open" in text and "Nature (continued)" in text and "45 photographs" in text
    # the one that failed has no picture, and is not left out
    assert text.count("no picture") == 1
    images = subprocess.run(["pdfimages", "-list", PDF], capture_output=True, check=True, text=True).stdout
    assert len(images.splitlines()) - 2 >= 44
    assert "595.276 x 841.89" in facts_of(PDF)["Page size"] and int(facts_of(PDF)["Pages"]) == 3


def test_authors_can_be_left_out_and_the_paper_chosen(results):
    report_results.write(results, report_results.photographs(4))
    build_contact_sheet("t", ContactSheetSettings(authors=False, page="Letter", columns=2))
    assert "612 x 792" in facts_of(PDF)["Page size"] and "Okafor" not in text_of(PDF)
    build_contact_sheet("t", ContactSheetSettings())
    assert "Okafor" in text_of(PDF)


def test_the_same_results_give_the_same_bytes(results):
    report_results.write(results, report_results.photographs(4))
    first = build_contact_sheet("t", ContactSheetSettings()).read_bytes()
    assert build_contact_sheet("t", ContactSheetSettings()).read_bytes() == first


def test_latin_greek_and_cyrillic_are_text_in_a_font_that_is_inside(tmp_path):
    path = tmp_path / "a.pdf"
    assert write_contact_sheet(path, EUROPE[0], pictures(*EUROPE), ContactSheetSettings(columns=2)) == []
    text = text_of(path)
    assert all(title in text for title in EUROPE)
    fonts = subprocess.run(["pdffonts", path], capture_output=True, check=True, text=True).stdout
    assert fonts.count("NotoSans") == 2 and all(
        " yes yes yes " in line for line in fonts.splitlines()[2:] if "Noto" in line
    )


def test_a_script_that_no_font_has_stands_as_codes_and_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts_found, "_system", lambda: ())
    path = tmp_path / "a.pdf"
    assert write_contact_sheet(path, "t", pictures("夜 mist", "夜 mist"), ContactSheetSettings(columns=1)) == [
        "夜 mist"
    ]
    assert "[U+591C] mist" in text_of(path)


def test_another_script_is_drawn_with_a_font_that_has_it(tmp_path):
    title = "שלום ☂ ✂"
    if fonts_found.font_for(title, None) is None:
        pytest.skip("no font on this machine has Hebrew and umbrellas")
    path = tmp_path / "a.pdf"
    assert write_contact_sheet(path, "t", pictures(title), ContactSheetSettings()) == []
    assert "U+" not in text_of(path)
    listing = subprocess.run(["pdfimages", "-list", path], capture_output=True, check=True, text=True).stdout
    assert len(listing.splitlines()) - 2 >= 1


def test_a_chosen_font_comes_first_and_may_lack_characters(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts_found, "_system", lambda: ())
    ours = Path(fonts_found.__file__).parent / "fonts" / "NotoSans-Regular.ttf"
    if not shutil.which("fc-query"):
        pytest.skip("without fontconfig a chosen font is believed to have everything")
    assert fonts_found.font_for("Ελλάδα", str(ours)).path == ours
    assert fonts_found.font_for("夜", str(ours)) is None


def test_hostile_titles_are_only_text(tmp_path):
    path = tmp_path / "a.pdf"
    titles = ["<script>alert(1)</script>", "(a) Tj ET /JS (app.alert(1))", "\\051 \\n", "x\u202egpj.exe", "", "=1+1"]
    write_contact_sheet(path, titles[1], pictures(*titles, section=titles[0]), ContactSheetSettings(columns=2))
    text = text_of(path)
    assert "<script>alert(1)</script>" in text and "(a) Tj ET /JS (app.alert(1))" in text and "\\051 \\n" in text
    assert "x\ufffdgpj.exe" in text and facts_of(path)["JavaScript"].strip() == "no"


@given(st.text(st.sampled_from("abc  \u00e9"), max_size=60), st.integers(1, 12), st.integers(1, 4))
def test_lines_fit_and_lose_nothing_but_blanks(text, width, limit):
    lines = broken(text, width, limit, len)
    assert len(lines) <= limit
    assert all(len(line) <= max(width, 2) for line in lines)
    whole = "".join(lines)
    if whole.endswith("…"):
        kept = whole.removesuffix("…").replace(" ", "")
        assert text.replace(" ", "").startswith(kept)
    else:
        assert whole.replace(" ", "") == text.replace(" ", "")


def test_lines_break_at_blanks_and_end_in_an_ellipsis():
    assert broken("the heron at dawn", 9, 3, len) == ["the heron", "at dawn"]
    assert broken("the heron at dawn over the lake", 9, 2, len) == ["the heron", "at dawn…"]
    assert broken("supercalifragilistic", 8, 2, len) == ["supercal", "ifragil…"]


def test_pictures_keep_their_shape(results):
    report_results.write(results, report_results.photographs(3))
    build_contact_sheet("t", ContactSheetSettings(columns=1))
    rows = subprocess.run(["pdfimages", "-list", PDF], capture_output=True, check=True, text=True).stdout.splitlines()[
        2:
    ]
    dots = [(int(row.split()[12]), int(row.split()[13])) for row in rows]
    assert dots and all(abs(across - down) <= 2 for across, down in dots)
    assert replace(ContactSheetSettings(), columns=8).columns == 8
