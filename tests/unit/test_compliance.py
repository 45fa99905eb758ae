"""Each rule with an entry that complies and one that does not, and what the findings amount to."""

from __future__ import annotations

import datetime
import json
import unicodedata
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge_vision.compliance.check import check_photograph
from judge_vision.compliance.entry import Entry
from judge_vision.compliance.known_rules import RULES
from judge_vision.compliance.registry import load_registry
from judge_vision.compliance.rules import Competition
from judge_vision.records.store import canonical_json

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "judge_vision/records/schemas/compliance.schema.json").read_text(encoding="utf-8"))
FACTS: dict[str, Any] = {
    "width": 1600,
    "height": 1067,
    "format": "JPEG",
    "bytes": 900_000,
    "mode": "RGB",
    "bit_depth": 8,
    "icc_description": "sRGB IEC61966-2.1",
    "colour_space": "sRGB",
    "exif_present": True,
    "taken_at": "2024-05-01T10:00:00",
    "digital_source_type": None,
}
PASS_NEUTRAL = {"mono_verdict": "pass", "mono_mode": "neutral"}
PASS_TONED = {"mono_verdict": "pass", "mono_mode": "toned"}
QUERY = {"mono_verdict": "query", "mono_mode": "toned"}
COLOUR = {"mono_verdict": "fail", "mono_mode": "not_mono"}


def noise(height: int = 60, width: int = 80) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def bordered(pixels: int, colour: tuple[int, int, int], picture: npt.NDArray[np.uint8] | None = None) -> Any:
    inner = noise() if picture is None else picture
    canvas = np.full((inner.shape[0] + 2 * pixels, inner.shape[1] + 2 * pixels, 3), colour, dtype=np.uint8)
    canvas[pixels:-pixels, pixels:-pixels] = inner
    return canvas


def sepia() -> npt.NDArray[np.uint8]:
    grey = noise()[..., :1] / 255.0
    toned = 255 * np.concatenate([grey**0.8, grey**0.95, grey**1.25], axis=2)
    return np.asarray(toned.round(), dtype=np.uint8)


def check(
    rules: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
    mono: dict[str, Any] | None = None,
    entry: Entry | None = None,
    pixels: npt.NDArray[np.uint8] | None = None,
    **keys: Any,
) -> dict[str, Any]:
    competition = Competition.model_validate({"name": "Test", "rules": rules or {}} | keys)

    def load() -> npt.NDArray[np.uint8]:
        if pixels is None:
            raise AssertionError("this rule needs no pixels")
        return pixels

    figures = check_photograph(FACTS | (facts or {}), mono, entry or Entry("a.jpg"), load, competition)
    record: dict[str, Any] = {
        "schema": "judge-vision/compliance/1",
        "image": "a.jpg",
        "sha256": "0" * 64,
        "status": "ok",
        "error_type": None,
        "error": None,
        "corrected_copy": None,
        "corrected_changes": [],
    }
    jsonschema.validate(json.loads(canonical_json(record | figures)), SCHEMA)
    return figures


def one(figures: dict[str, Any], rule: str) -> dict[str, Any]:
    (found,) = [finding for finding in figures["findings"] if finding["rule"] == rule]
    return dict(found)


SIZE = {"max_width": 1600, "max_height": 1200}


@pytest.mark.parametrize(
    ("rule", "rules", "facts", "status", "measured", "words"),
    [
        ("max_width", SIZE, {}, "complies", 1600, "1600 pixels wide; the most allowed is 1600"),
        ("max_width", SIZE, {"width": 1601}, "does_not_comply", 1601, "1601 pixels wide; the most allowed is 1600"),
        ("max_width", SIZE, {"width": None}, "refer", None, "could not be measured"),
        ("max_height", SIZE, {"width": 800, "height": 1200}, "complies", 1200, "1200 pixels high"),
        ("max_height", SIZE, {"width": 1200, "height": 1600}, "does_not_comply", 1600, "the most allowed is 1200"),
        ("min_width", {"min_width": 200}, {"width": 200}, "complies", 200, "the least allowed is 200"),
        ("min_width", {"min_width": 200}, {"width": 199}, "does_not_comply", 199, "199 pixels wide"),
        ("min_height", {"min_height": 300}, {"height": 300}, "complies", 300, "300 pixels high"),
        ("min_height", {"min_height": 300}, {"height": 299}, "does_not_comply", 299, "the least allowed is 300"),
        ("one_side_exact", SIZE | {"one_side_exact": True}, {}, "complies", [1600, 1067], "1600 x 1067"),
        (
            "one_side_exact",
            SIZE | {"one_side_exact": True},
            {"width": 900, "height": 1200},
            "complies",
            [900, 1200],
            "900 x 1200",
        ),
        (
            "one_side_exact",
            SIZE | {"one_side_exact": True},
            {"width": 1599},
            "does_not_comply",
            [1599, 1067],
            "exactly 1600 wide or 1200 high",
        ),
        ("exact_size", {"exact_size": [1600, 1067]}, {}, "complies", [1600, 1067], "exactly 1600 x 1067"),
        (
            "exact_size",
            {"exact_size": [1400, 1050], "fill": True},
            {},
            "does_not_comply",
            [1600, 1067],
            "exactly 1400 x 1050, the rest filled",
        ),
        ("max_bytes", {"max_bytes": 900_000}, {}, "complies", 900_000, "900.00 kB (900,000 bytes)"),
        (
            "max_bytes",
            {"max_bytes": 899_999},
            {},
            "does_not_comply",
            900_000,
            "the most allowed is 900.00 kB (899,999 bytes)",
        ),
        ("formats", {"formats": "JPEG"}, {}, "complies", "JPEG", "The file is a JPEG"),
        (
            "formats",
            {"formats": ["JPEG", "PNG"]},
            {"format": "TIFF"},
            "does_not_comply",
            "TIFF",
            "allowed is JPEG or PNG",
        ),
        ("colour_space", {"colour_space": "sRGB"}, {}, "complies", "sRGB", "the rules ask for sRGB"),
        (
            "colour_space",
            {"colour_space": "sRGB"},
            {"colour_space": "Adobe RGB (1998)"},
            "does_not_comply",
            "Adobe RGB (1998)",
            '"Adobe RGB (1998)"',
        ),
        (
            "colour_space",
            {"colour_space": "sRGB"},
            {"colour_space": "other", "icc_description": "My Scanner"},
            "does_not_comply",
            "other",
            '"My Scanner"',
        ),
        (
            "colour_space",
            {"colour_space": "sRGB"},
            {"colour_space": "untagged"},
            "refer",
            "untagged",
            "no colour profile",
        ),
        (
            "colour_space",
            {"colour_space": "sRGB", "untagged": "accept"},
            {"colour_space": "untagged"},
            "complies",
            "untagged",
            "read as sRGB",
        ),
        (
            "colour_space",
            {"colour_space": "sRGB", "untagged": "reject"},
            {"colour_space": "untagged"},
            "does_not_comply",
            "untagged",
            "read as sRGB",
        ),
        ("colour_mode", {"colour_mode": "RGB"}, {}, "complies", "RGB", "is RGB"),
        ("colour_mode", {"colour_mode": "RGB"}, {"mode": "L"}, "does_not_comply", "L", "greyscale (L)"),
        ("colour_mode", {"colour_mode": "RGB"}, {"mode": "I;16"}, "does_not_comply", "I;16", "greyscale (L)"),
        ("bit_depth", {"bit_depth": 8}, {}, "complies", 8, "8 bits per channel"),
        ("bit_depth", {"bit_depth": 8}, {"bit_depth": 16}, "does_not_comply", 16, "16 bits per channel"),
        ("exif_required", {"exif_required": True}, {}, "complies", True, "has EXIF data"),
        (
            "exif_required",
            {"exif_required": True},
            {"exif_present": False},
            "does_not_comply",
            False,
            "has no EXIF data",
        ),
        (
            "taken_after",
            {"taken_after": datetime.date(2024, 5, 1)},
            {},
            "complies",
            "2024-05-01T10:00:00",
            "taken on 2024-05-01",
        ),
        (
            "taken_after",
            {"taken_after": "2024-05-02"},
            {},
            "does_not_comply",
            "2024-05-01T10:00:00",
            "2024-05-02 or later",
        ),
        ("taken_after", {"taken_after": "2024-05-02"}, {"taken_at": None}, "refer", None, "does not tell when"),
        (
            "taken_after",
            {"taken_after": "2024-05-02"},
            {"taken_at": "0000:00:00"},
            "refer",
            "0000:00:00",
            "is no date",
        ),
        (
            "generative_ai",
            {"generative_ai": "forbidden"},
            {"digital_source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"},
            "does_not_comply",
            "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
            "says that it was generated",
        ),
        (
            "generative_ai",
            {"generative_ai": "forbidden"},
            {"digital_source_type": "compositeWithTrainedAlgorithmicMedia"},
            "refer",
            "compositeWithTrainedAlgorithmicMedia",
            "parts of it",
        ),
        ("generative_ai", {"generative_ai": "forbidden"}, {}, "needs_person", None, "proves nothing either way"),
    ],
)
def test_file_rules(
    rule: str, rules: dict[str, Any], facts: dict[str, Any], status: str, measured: Any, words: str
) -> None:
    found = one(check(rules, facts), rule)
    assert (found["status"], found["measured"]) == (status, measured)
    assert words in found["sentence"]


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


@pytest.mark.parametrize(
    ("allowed", "mono", "status", "measured"),
    [
        (["neutral", "toned"], PASS_NEUTRAL, "complies", "neutral"),
        (["neutral", "toned"], PASS_TONED, "complies", "toned"),
        (["neutral", "toned"], QUERY, "refer", "query"),
        (["neutral", "toned"], COLOUR, "does_not_comply", "colour"),
        (["neutral", "toned"], None, "refer", None),
        (["colour", "neutral"], PASS_NEUTRAL, "complies", "neutral"),
        (["colour", "neutral"], PASS_TONED, "does_not_comply", "toned"),
        (["colour", "neutral"], COLOUR, "complies", "colour"),
        (["colour"], PASS_NEUTRAL, "does_not_comply", "neutral"),
        (["colour", "neutral", "toned"], QUERY, "complies", None),
    ],
)
def test_modes_of_a_section(allowed: list[str], mono: dict[str, str] | None, status: str, measured: str | None) -> None:
    figures = check(mono=mono, sections={"s": {"name": "S", "allowed_modes": allowed}})
    found = one(figures, "allowed_modes")
    assert (found["status"], found["measured"], found["limit"]) == (status, measured, allowed)
    # what is referred is for a person, and no reason to refuse
    assert figures["compliance_passed"] is (status != "does_not_comply")
    assert bool(figures["compliance_warnings"]) is (status == "refer")


@pytest.mark.parametrize(
    ("rule", "rules", "pixels", "status", "words"),
    [
        ("borders", {"borders": "forbidden"}, noise(), "complies", "No border was found"),
        ("borders", {"borders": "forbidden"}, bordered(4, (255, 255, 255)), "does_not_comply", "4 pixels (#ffffff)"),
        ("borders", {"borders": "required"}, bordered(4, (255, 255, 255)), "complies", "4 pixels"),
        ("borders", {"borders": "required"}, noise(), "does_not_comply", "ask for one"),
        ("border_max_px", {"border_max_px": 5}, bordered(5, (0, 0, 0)), "complies", "most allowed is 5"),
        ("border_max_px", {"border_max_px": 5}, bordered(6, (0, 0, 0)), "does_not_comply", "6 pixels (#000000)"),
        (
            "border_max_px",
            {"border_max_px": 5},
            bordered(3, (0, 0, 0), bordered(3, (255, 255, 255))),
            "does_not_comply",
            "6 pixels (#000000 and #ffffff)",
        ),
        ("border_colours", {"border_colours": ["white", "grey"]}, bordered(3, (128, 128, 128)), "complies", "#808080"),
        (
            "border_colours",
            {"border_colours": ["white"]},
            bordered(3, (255, 0, 0)),
            "does_not_comply",
            "allowed is white",
        ),
        ("border_colours", {"border_colours": ["white"]}, noise(), "not_applicable", "No border"),
    ],
)
def test_border_rules(rule: str, rules: dict[str, Any], pixels: npt.NDArray[np.uint8], status: str, words: str) -> None:
    found = one(check(rules, pixels=pixels), rule)
    assert found["status"] == status
    assert words in found["sentence"]
    assert set(found["measured"]) == {"width_px", "layers"}


def test_bands_on_two_sides_are_referred() -> None:
    pixels = np.zeros((60, 120, 3), dtype=np.uint8)
    pixels[:, 20:100] = noise()
    figures = check({"borders": "forbidden"}, pixels=pixels)
    assert one(figures, "borders")["status"] == "refer"
    assert figures["compliance_passed"] is True


def test_fill_of_an_exact_size_is_no_border() -> None:
    rules = {"exact_size": [120, 68], "fill": True, "border_max_px": 5}
    pixels = np.zeros((68, 120, 3), dtype=np.uint8)
    pixels[:, 16:104] = bordered(4, (255, 255, 255))
    found = one(check(rules, {"width": 120, "height": 68}, pixels=pixels), "border_max_px")
    assert found["status"] == "complies"
    assert found["measured"]["width_px"] == {"top": 4, "right": 4, "bottom": 4, "left": 4}


@pytest.mark.parametrize(
    ("colour", "mono", "status"),
    [
        ((112, 84, 50), PASS_TONED, "complies"),
        ((255, 255, 255), PASS_TONED, "does_not_comply"),
        ((50, 60, 150), PASS_TONED, "does_not_comply"),
        ((255, 255, 255), PASS_NEUTRAL, "not_applicable"),
    ],
)
def test_border_of_a_toned_picture(colour: tuple[int, int, int], mono: dict[str, str], status: str) -> None:
    found = one(
        check({"border_tone_matches": True}, mono=mono, pixels=bordered(5, colour, sepia())), "border_tone_matches"
    )
    assert found["status"] == status


@pytest.mark.parametrize(("category", "status"), [("Mono", "complies"), ("Nature", "does_not_comply"), (None, "refer")])
def test_section_must_exist(category: str | None, status: str) -> None:
    figures = check(entry=Entry("a.jpg", category=category), categories=["Open", "Mono"])
    assert one(figures, "section")["status"] == status
    assert figures["category"] == category


def test_what_only_a_person_can_see_is_listed() -> None:
    figures = check(
        {"watermark_allowed": False, "manipulation": "No compositing."}, text_rules={"re_entry": "None twice."}
    )
    assert figures["needs_person"] == [
        "Editing: No compositing.",
        "A person has to see that there is no title, watermark or maker's name in the picture.",
        "None twice.",
    ]
    assert (figures["compliance_passed"], figures["compliance_warnings"]) == (True, [])
    assert check({"watermark_allowed": True})["findings"] == []


def test_every_entry_rule_has_a_case_above() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [rule.name for rule in RULES.values() if rule.judge and f'"{rule.name}"' not in source] == []


@pytest.mark.parametrize(
    ("severity", "passed", "issues", "warnings", "fixes"),
    [
        ({}, False, 1, 0, []),
        ({"max_width": "warn"}, True, 0, 1, []),
        ({"max_width": "fix"}, True, 0, 1, ["Scale down to 1600 x 1067 pixels."]),
    ],
)
def test_severity_decides_what_follows(
    severity: dict[str, str], passed: bool, issues: int, warnings: int, fixes: list[str]
) -> None:
    figures = check({"max_width": 1600}, {"width": 3200, "height": 2134}, severity=severity)
    assert figures["compliance_passed"] is passed
    assert (len(figures["compliance_issues"]), len(figures["compliance_warnings"])) == (issues, warnings)
    assert figures["fixes"] == fixes


def test_without_a_competition_nothing_is_checked() -> None:
    def refuse() -> npt.NDArray[np.uint8]:
        raise AssertionError

    figures = check_photograph(FACTS, None, Entry("a.jpg", title=" Sea\x07 "), refuse, None)
    assert figures["compliance_passed"] is None
    assert figures["compliance_issues"] == figures["compliance_warnings"] == figures["findings"] == []
    assert figures["title"] == "Sea\x07".replace("\x07", "\ufffd")


def test_hash_is_made_where_look_alikes_are_sought() -> None:
    assert len(check({"no_near_duplicates": True}, pixels=noise())["perceptual_hash"]) == 16
    assert check()["perceptual_hash"] is None


def test_pixels_are_loaded_once() -> None:
    calls = []

    def load() -> npt.NDArray[np.uint8]:
        calls.append(1)
        return noise()

    rules = {"borders": "forbidden", "no_near_duplicates": True}
    competition = Competition.model_validate({"name": "T", "rules": rules})
    check_photograph(FACTS, None, Entry("a.jpg"), load, competition)
    assert calls == [1]


@settings(deadline=None)
@given(
    st.text(st.characters(), max_size=400),
    st.text(st.characters(), max_size=60),
    st.text(st.characters(exclude_characters="/"), min_size=1),
)
def test_hostile_words_give_a_sentence_that_can_be_shown(title: str, author: str, name: str) -> None:
    rules = {
        "title_required": True,
        "title_max_chars": 35,
        "title_forbidden": ["Untitled", "*[", "?*?"],
        "title_forbidden_chars": "/<",
        "no_camera_name_as_title": True,
        "no_entrant_name_in_title": True,
        "no_entrant_name_in_filename": True,
        "filename_max_chars": 30,
    }
    figures = check(rules, entry=Entry(name, title, author, author), categories=["Open", "Mono"])
    for finding in figures["findings"]:
        assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in finding["sentence"])
        assert len(finding["sentence"]) < 500


@pytest.mark.parametrize("name", ["club-round", "exact-fill", "salon"])
def test_good_entry_complies_with_each_example(name: str) -> None:
    (competition,) = load_registry(ROOT / "examples" / "competitions" / f"{name}.toml").competition.values()
    width, height = {"club-round": (1600, 1067), "exact-fill": (1400, 1050), "salon": (1920, 1080)}[name]
    image = competition.rules.filename_example or "x.jpg"
    entry = Entry(image, category="Monochrome", title="Dunes at Dusk", author="Entrant Name")
    facts = FACTS | {"width": width, "height": height}
    figures = check_photograph(facts, PASS_NEUTRAL, entry, noise, competition)
    assert figures["compliance_issues"] == []
    assert figures["compliance_warnings"] == []
    assert figures["compliance_passed"] is True
    assert figures["category"] == "Monochrome"
