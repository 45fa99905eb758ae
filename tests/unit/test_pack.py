"""The judge's pack: numbers, titles, and nothing of the entrant in any byte."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from judge_vision.competition import pack
from judge_vision.failure import UserError
from tests.unit.competition_entries import entry


def test_numbers_are_as_long_as_the_longest_and_at_least_three_digits():
    numbered = pack.number_entries([entry(f"{n}.jpg") for n in range(1200)], titles=True)
    assert (numbered[0].label, numbered[0].file, numbered[1199].label) == ("0001", "0001.jpg", "1200")
    assert pack.number_entries([entry()], titles=True)[0].file == "001.jpg"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("A Day in May", "(title held back)"),  # May is in the name
        ("Portrait of ANNA-may", "(title held back)"),
        ("annamaymarsh", "(title held back)"),
        ("Ánna at the sea", "(title held back)"),
        ("Picture 017", "(title held back)"),
        ("Marshland at Dawn", "Marshland at Dawn"),
        ("It is of the sea", "It is of the sea"),
        (None, ""),
    ],
)
def test_a_title_that_tells_the_entrant_is_held_back(title, shown):
    one = entry("secret name.jpg", title=title, author="Anna May Marsh", member="017")
    assert pack.number_entries([one], titles=True)[0].title == shown
    assert pack.number_entries([one], titles=False)[0].title is None


@given(st.text(st.characters(categories=["Lu", "Ll"]), min_size=3, max_size=12), st.text(max_size=20))
def test_no_title_shows_a_name_of_three_letters_or_more(name, around):
    one = entry(title=f"{around} {name} {around}", author=name)
    assert pack.number_entries([one], titles=True)[0].title == "(title held back)"


def test_the_code_is_of_the_numbers_and_changes_with_them():
    entries = [entry("a.jpg"), entry("b.jpg")]
    code = pack.pack_code(pack.number_entries(entries, titles=True))
    assert len(code) == 6 and code == pack.pack_code(pack.number_entries(entries, titles=False))
    assert code != pack.pack_code(pack.number_entries(entries[::-1], titles=True))


def test_a_judges_jpeg_has_no_metadata_and_is_scaled_down_only():
    pixels = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    data = pack.judges_jpeg(pixels, 200)
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (200, 150) and picture.format == "JPEG"
        assert set(picture.info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density", "icc_profile"}
        assert [name for name, _ in picture.applist] == ["APP0", "APP2"] and not picture.getexif()
    assert data == pack.judges_jpeg(pixels, 200)
    assert Image.open(io.BytesIO(pack.judges_jpeg(pixels, 4000))).size == (400, 300)


def test_the_form_and_the_page_hold_no_entrant_and_the_key_does():
    one = entry("O1 Dawn by Anna Marsh.jpg", title="Dawn", author="Anna Marsh", member="017", section_name="Open")
    numbered = pack.number_entries([one], titles=True)
    columns, rows = pack.form(numbered, "abc123")
    assert [column.title for column in columns] == ["pack", "number", "section", "title", "mark"]
    assert rows == [["abc123", "001", "Open", "Dawn", ""]]
    page = pack.page(numbered, "Spring", "abc123", {"least": 0.0, "most": 20.0, "half_marks": True, "anchors": {}})
    assert "Anna" not in page and "Marsh" not in page and "O1 Dawn" not in page and one.sha256 not in page
    assert "from 0 to 20, half marks too" in page
    columns, rows = pack.key(numbered)
    assert rows[0][:3] == ["001", one.sha256, one.image] and "Anna Marsh" in rows[0]


def test_an_edited_key_is_refused():
    assert pack.read_key([{"number": "001", "sha256": "a", "image": "b"}]) == {1: ("a", "b")}
    with pytest.raises(UserError, match="was edited"):
        pack.read_key([{"number": "one", "sha256": "a", "image": "b"}])
