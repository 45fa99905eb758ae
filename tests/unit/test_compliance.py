"""Each rule with an entry that complies and one that does not, and what the findings amount to."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

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
from tests.unit.compliance_checks import (
    COLOUR,
    FACTS,
    PASS_NEUTRAL,
    PASS_TONED,
    QUERY,
    ROOT,
    bordered,
    check,
    noise,
    one,
    sepia,
)


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


def test_every_entry_rule_has_a_case() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_compliance*.py"))
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
