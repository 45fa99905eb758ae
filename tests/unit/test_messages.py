"""Messages to entrants: what was measured, the limit, how to mend it; in the club's words; nobody else's business."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomllib

from judge_vision.competition.entry import UNREADABLE, make_entry
from judge_vision.competition.language import ENGLISH, read_language
from judge_vision.competition.messages import make_message, needs_message
from judge_vision.compliance.entry import Entry as Entered
from judge_vision.compliance.known_rules import RULES
from judge_vision.failure import UserError
from tests.unit.competition_entries import competition, entry, finding

ENGLISH_WORDS = read_language(None)
GERMAN = Path(__file__).parents[2] / "examples" / "competitions" / "languages" / "de.toml"


def message(one, words=ENGLISH_WORDS, **keys):
    return make_message(one, competition(**keys), words)


def test_a_refused_entry_is_told_what_was_measured_the_limit_and_how_to_mend_it():
    made = message(entry("dawn.jpg", status="does not comply", findings=[finding("max_width")]))
    assert made.subject == "Spring round: your entry “Dawn”"
    lines = made.text.splitlines()
    assert "Dear Member 001," in lines and "As it is, it does not comply with the rules:" in lines
    at = lines.index("- The program's sentence on max_width.")
    assert lines[at + 1 : at + 4] == [
        "  Measured: 1700",
        "  Rule: 1600",
        "  How to mend it: Scale the picture down to at most 1600 pixels wide; do not crop it for this.",
    ]
    for words in ("1700", "1600", "How to mend it", "Scale the picture down"):
        assert words in made.html


def test_what_complies_or_was_overruled_needs_no_message():
    assert not needs_message(entry())
    overruled = finding("max_width") | {"effective": "complies", "ruling": "overruled"}
    assert not needs_message(entry(findings=[overruled, finding("max_height", "refer")]))
    assert needs_message(entry(status="could not be read", error="the file is empty"))


def test_what_was_mended_is_enclosed_and_a_remark_is_only_a_remark():
    mended = finding("max_width", severity="fix")
    made = message(entry(findings=[mended], corrected_copy="corrected/a.jpg"))
    assert "corrected copy that is enclosed" in made.text and "does not comply" not in made.text
    made = message(entry(findings=[finding("numbers", severity="warn")]))
    assert "please note for another time" in made.text


def test_an_unreadable_file_is_asked_for_again():
    made = message(entry(status="could not be read", error="the file is empty; export it again", author=None))
    assert "We could not open the file: The file is empty; export it again. Please send it again." in made.text
    assert "Dear entrant," in made.text and "section not known" in made.text


def test_what_a_decoder_said_is_no_words_for_an_entrant():
    error = "the file ends before the picture does; copy or export it again (the decoder: 1 (one) byte\nleft)"
    made = message(entry(status="could not be read", error=error))
    assert "does; copy or export it again. Please" in made.text and "decoder" not in made.text + made.html


def test_an_unreadable_file_is_of_whom_its_name_says():
    rules = {"filename_pattern": "(?P<category>[OM])(?P<number>.) (?P<title>.+) by (?P<author>.+)",
             "filename_example": "O1 Harbour by Entrant Name.jpg"}  # fmt: skip
    club = competition(rules=rules, sections={"open": {"name": "Open", "codes": ["O"]}})

    def made(image, author=None):
        known = Entered(image, author=author).identity(club)
        record = {"status": "failed", "error": "the file is empty", **known}
        return make_entry(record, {"image": image, "sha256": None, **known}, club)

    one = made("O1 Mist by Member 007.jpg")
    assert (one.status, one.author, one.title, one.section_name) == (UNREADABLE, "Member 007", "Mist", "Open")
    assert made("O1 Mist by Member 007.jpg", "Of the list").author == "Of the list"
    assert made("holiday.jpg").author is None


@pytest.mark.parametrize("rule", ["no_exact_duplicates", "no_near_duplicates", "archive"])
def test_a_message_does_not_name_other_peoples_files(rule):
    secret = "O1 Sunset by Another Entrant.jpg"
    measured = {
        "archive": [{"title": "Old Pier", "date": "2024", "image": secret, "author": "Another Entrant"}],
        "no_near_duplicates": {"alike": [{"image": secret, "bits": 3}], "count": 1},
        "no_exact_duplicates": secret,
    }[rule]
    found = finding(rule, measured=measured, limit="earlier", sentence=f'Looks like "{secret}".')
    made = message(entry(status="does not comply", findings=[found]))
    assert "Another" not in made.text + made.html and "Sunset" not in made.text + made.html
    if rule == "archive":
        assert '"Old Pier", 2024' in made.text


def test_a_regular_expression_is_nothing_to_show_to_an_entrant():
    rules = {"filename_pattern": r"(?P<member>\d{3})_(?P<title>.+)", "filename_example": "025_A Day.jpg"}
    found = finding("filename_pattern", measured="x.jpg", limit=rules["filename_pattern"], sentence="(?P<member>")
    made = message(entry(status="does not comply", findings=[found]), rules=rules)
    assert "(?P<" not in made.text + made.html and '"025_A Day.jpg"' in made.text


def test_hostile_words_are_escaped():
    title = "<script>alert(1)</script>{entrant.__class__}"
    made = message(entry(title=title, status="does not comply", findings=[finding("max_width")]))
    assert "<script" not in made.html and "&lt;script&gt;" in made.html
    assert "{entrant.__class__}" in made.subject


def test_english_knows_every_rule_that_an_entrant_can_break():
    english = tomllib.loads(ENGLISH.read_text(encoding="utf-8"))
    for_results = {"max_awards_per_author", "acceptance_rate"}
    assert set(english["rules"]) == set(RULES) - for_results


def test_another_language_replaces_the_words():
    german = read_language(GERMAN)
    english = tomllib.loads(ENGLISH.read_text(encoding="utf-8"))
    own = tomllib.loads(GERMAN.read_text(encoding="utf-8"))
    assert set(own["message"]) == set(english["message"]) and set(own["rules"]) == set(english["rules"])
    made = message(entry(status="does not comply", findings=[finding("max_width")]), german)
    assert "Das Bild ist 1700 Pixel breit; erlaubt sind höchstens 1600." in made.text
    assert '<html lang="de">' in made.html and "program's sentence" not in made.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("language = 3", "language is a tag"),
        ("[mesage]", "unknown table mesage"),
        ('[message]\ngreting = "x"', "unknown key greting; did you mean greeting?"),
        ('[message]\ngreeting = "{name}"', "unknown placeholder {name}"),
        ('[message]\ngreeting = "{title.__class__}"', "unknown placeholder {title.__class__}"),
        ('[message]\ngreeting = "{title!r}"', "unknown placeholder"),
        ('[message]\ngreeting = "{"', "a brace has no partner"),
        ("[message]\ngreeting = 1", "greeting is text"),
        ('[rules.max_widht]\nmend = "x"', "did you mean max_width?"),
        ('[rules.max_width]\nmedn = "x"', "did you mean mend?"),
        ("message = 1", "message is a table"),
        ("x = [", "is not TOML"),
    ],
)
def test_a_mistake_in_a_language_file_is_said(tmp_path, text, words):
    path = tmp_path / "words.toml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_language(path)
    assert words in str(caught.value)
