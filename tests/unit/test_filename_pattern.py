"""File names that carry title, author, category and order."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge_vision.compliance.filename import compile_pattern, match_name, split_name
from judge_vision.failure import UserError

CODES = r"(?P<category>OC|OM|SC|SP|[ACLNPT])(?P<number>\d+) (?P<title>.+) (?P<author>[A-Z]{2,4})"


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        (
            "(?P<title>.+) by (?P<author>.+)",
            "Stand by Me by Entrant Name.jpg",
            {"title": "Stand by Me", "author": "Entrant Name"},
        ),
        (
            r"(?P<member>\d{3})_(?P<title>.+)",
            "025_A Day at the Beach.jpg",
            {"member": "025", "title": "A Day at the Beach"},
        ),
        (
            r"(?P<member>\d+)-(?P<number>\d+)-(?P<title>.+)",
            "99-1-Bottle brush tree.jpg",
            {"member": "99", "number": "1", "title": "Bottle brush tree"},
        ),
        (r"(?P<member>\d{3})-(?P<number>\d{2})", "026-01.jpg", {"member": "026", "number": "01"}),
        (
            CODES,
            "OC1 Sunset at Oban JMN.jpg",
            {"category": "OC", "number": "1", "title": "Sunset at Oban", "author": "JMN"},
        ),
        (CODES, "A12 Sand ABC.tif", {"category": "A", "number": "12", "title": "Sand", "author": "ABC"}),
        ("(?P<title>[^#%]+)", "Title only.JPEG", {"title": "Title only"}),
    ],
)
def test_published_patterns(pattern: str, name: str, found: dict[str, str]) -> None:
    assert match_name(f"folder/{name}", pattern, name) == found


def test_no_match_and_partial_match() -> None:
    pattern = r"(?P<member>\d{3})-(?P<number>\d{2})"
    assert match_name("26-01.jpg", pattern, "026-01.jpg") is None
    assert match_name("026-01 copy.jpg", pattern, "026-01.jpg") is None


def test_optional_group_may_be_absent() -> None:
    pattern = r"(?P<title>[^_]+)(_(?P<author>.+))?"
    assert match_name("Sea.jpg", pattern, "Sea_AB.jpg") == {"title": "Sea", "author": None}


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("a/b/x.jpg", ("x.jpg", "x")),
        ("Dr. Who.jpeg", ("Dr. Who.jpeg", "Dr. Who")),
        ("St. Ives", ("St. Ives", "St. Ives")),
        (".jpg", (".jpg", ".jpg")),
        ("x.tar.PNG", ("x.tar.PNG", "x.tar")),
    ],
)
def test_only_a_picture_ending_is_no_part_of_the_name(image: str, parts: tuple[str, str]) -> None:
    assert split_name(image) == parts


@pytest.mark.parametrize(
    ("pattern", "example", "message"),
    [
        ("(?P<title>", "x.jpg", "filename_pattern is not a regular expression"),
        (".+", "x.jpg", "no named group; name what it yields"),
        ("(?P<titel>.+)", "x.jpg", "group 'titel', which means nothing here; did you mean 'title'"),
        (r"(?P<title>\d+)", "x.jpg", "filename_example 'x.jpg' does not match filename_pattern"),
    ],
)
def test_useless_pattern_is_refused(pattern: str, example: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        compile_pattern(pattern, example)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", [r"(?P<title>(\w+\s?)+)", r"(?P<title>(a|aa)+)", r"(?P<title>(.*)*-)"])
def test_pattern_of_exponential_cost_is_refused_in_time(pattern: str) -> None:
    started = time.monotonic()
    with pytest.raises(UserError, match="takes too long on long names"):
        compile_pattern(pattern, "aaa-aaa.jpg")
    assert time.monotonic() - started < 30


def test_hostile_names_are_cleaned_or_refused() -> None:
    pattern, example = "(?P<title>.+)", "x.jpg"
    assert match_name("x" * 300 + ".jpg", pattern, example) is None
    assert match_name("a\x07b\u202egpj\udcff.jpg", pattern, example) == {"title": "a\ufffdb\ufffdgpj\ufffd"}
    assert match_name("<script>alert(1)<|script>.jpg", pattern, example) == {"title": "<script>alert(1)<|script>"}


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="/"), min_size=1, max_size=300))
def test_any_name_gives_an_answer(name: str) -> None:
    found = match_name(name, CODES, "OC1 Sunset at Oban JMN.jpg")
    assert found is None or set(found) == {"category", "number", "title", "author"}
