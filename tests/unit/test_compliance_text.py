"""Rules on titles and file names: a case for each answer that a rule can give."""

from __future__ import annotations

from typing import Any

import pytest

from judge_vision.compliance.entry import Entry
from tests.unit.compliance_checks import (
    check,
    one,
)


def titled(title: str | None, author: str | None = None, image: str = "a.jpg") -> Entry:
    return Entry(image, title=title, author=author)


HIDDEN = {"no_entrant_name_in_title": True}
PATTERN = {"filename_pattern": "(?P<title>.+) by (?P<author>.+)", "filename_example": "Sea by Entrant Name.jpg"}


@pytest.mark.parametrize(
    ("rule", "rules", "entry", "status", "measured", "words"),
    [
        ("title_required", {"title_required": True}, titled("Sea"), "complies", "Sea", '"Sea"'),
        ("title_required", {"title_required": True}, titled("  "), "does_not_comply", None, "has no title"),
        ("title_max_chars", {"title_max_chars": 5}, titled("Dunes"), "complies", 5, "5 characters"),
        ("title_max_chars", {"title_max_chars": 5}, titled("A dune"), "does_not_comply", 6, "the most allowed is 5"),
        ("title_max_chars", {"title_max_chars": 5}, titled("De\u0301ja\u0300 v"), "does_not_comply", 6, "6 characters"),
        ("title_max_chars", {"title_max_chars": 5}, titled(None), "not_applicable", None, "No title is known"),
        (
            "title_forbidden",
            {"title_forbidden": ["Untitled"]},
            titled("Untitled love"),
            "complies",
            "Untitled love",
            "none of",
        ),
        (
            "title_forbidden",
            {"title_forbidden": ["Untitled"]},
            titled("UNTITLED"),
            "does_not_comply",
            "UNTITLED",
            "refuse",
        ),
        (
            "title_forbidden",
            {"title_forbidden": ["Image *"]},
            titled("image 12"),
            "does_not_comply",
            "image 12",
            '"Image *"',
        ),
        ("title_forbidden", {"title_forbidden": ["[ab]"]}, titled("a"), "complies", "a", "none of"),
        ("title_forbidden_chars", {"title_forbidden_chars": "/%"}, titled("50 & 50"), "complies", [], "no forbidden"),
        (
            "title_forbidden_chars",
            {"title_forbidden_chars": "/%"},
            titled("50%/50"),
            "does_not_comply",
            ["%", "/"],
            "% /",
        ),
        (
            "title_forbidden_chars",
            {"title_forbidden_chars": "/"},
            titled("a\x00b"),
            "does_not_comply",
            ["\ufffd"],
            "control character",
        ),
        (
            "no_camera_name_as_title",
            {"no_camera_name_as_title": True},
            titled("Lake 1999"),
            "complies",
            "Lake 1999",
            "not a",
        ),
        ("no_camera_name_as_title", {"no_camera_name_as_title": True}, titled("1984"), "complies", "1984", "not a"),
        ("no_entrant_name_in_title", HIDDEN, titled("Sea", "Ann Other"), "complies", None, "does not contain"),
        (
            "no_entrant_name_in_title",
            HIDDEN,
            titled("Sea (other, ann)", "Ann Óther"),
            "does_not_comply",
            "Ann Óther",
            '"Ann Óther"',
        ),
        (
            "no_entrant_name_in_title",
            HIDDEN,
            titled("AnnOther's sea", "Ann Other"),
            "does_not_comply",
            "Ann Other",
            "title",
        ),
        (
            "no_entrant_name_in_title",
            HIDDEN,
            titled("A Day in May", "May Other"),
            "refer",
            "may",
            "part of the entrant",
        ),
        ("no_entrant_name_in_title", HIDDEN, titled("Sea", None), "needs_person", None, "not known here"),
        (
            "no_entrant_name_in_filename",
            {"no_entrant_name_in_filename": True},
            titled(None, "Ann Other", "x/ann_other-1.jpg"),
            "does_not_comply",
            "Ann Other",
            'file name "ann_other-1"',
        ),
        (
            "no_entrant_name_in_filename",
            {"no_entrant_name_in_filename": True},
            titled(None, "Ann Other", "other/12-1.jpg"),
            "complies",
            None,
            "file name does not",
        ),
        ("filename_max_chars", {"filename_max_chars": 8}, Entry("deep/1234.jpg"), "complies", 8, "8 characters"),
        (
            "filename_max_chars",
            {"filename_max_chars": 8},
            Entry("12345.jpg"),
            "does_not_comply",
            9,
            "most allowed is 8",
        ),
        ("filename_pattern", PATTERN, Entry("Sea by A B.jpg"), "complies", "Sea by A B.jpg", "follows"),
        (
            "filename_pattern",
            PATTERN,
            Entry("Sea.jpg"),
            "does_not_comply",
            "Sea.jpg",
            'The file name "Sea.jpg" does not follow the pattern (?P<title>.+) by (?P<author>.+); '
            'an example is "Sea by Entrant Name.jpg".',
        ),
        ("filename_pattern", PATTERN, Entry("x by y" * 60), "does_not_comply", "x by y" * 60, "longer than 255"),
    ],
)
def test_text_rules(rule: str, rules: dict[str, Any], entry: Entry, status: str, measured: Any, words: str) -> None:
    found = one(check(rules, entry=entry), rule)
    assert (found["status"], found["measured"]) == (status, measured)
    assert words in found["sentence"]


@pytest.mark.parametrize(
    "title",
    ["IMG_1234", "img-20240501", "DSC01234", "_DSC0123", "_MG_0001 (2)", "P1010234", "20240501_101500", "Photo 12"],
)
def test_camera_names(title: str) -> None:
    found = one(check({"no_camera_name_as_title": True}, entry=titled(title)), "no_camera_name_as_title")
    assert found["status"] == "does_not_comply"
