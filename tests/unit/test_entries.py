"""Entries: what a list says, what the file name says, and what only the whole set shows."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge_vision.compliance.duplicates import look_alikes, perceptual_hash
from judge_vision.compliance.entry import Entry
from judge_vision.compliance.entry_set import check_set
from judge_vision.compliance.finding import Status, add_findings
from judge_vision.compliance.rules import Competition
from judge_vision.workflow.shard import Item, ShardJob, read_records

PATTERN = {
    "filename_pattern": r"(?P<category>[OM])(?P<number>\d+) (?P<title>.+) by (?P<author>.+)",
    "filename_example": "O1 Sea by Entrant Name.jpg",
}
SECTIONS = {"open": {"name": "Open", "codes": ["O"]}, "mono": {"name": "Monochrome", "codes": ["M"]}}


def competition(**keys: Any) -> Competition:
    return Competition.model_validate({"name": "Test"} | keys)


def record(image: str, **keys: Any) -> dict[str, Any]:
    blank = dict.fromkeys(("author", "member", "number", "section", "perceptual_hash", "sha256"))
    return blank | {"image": image} | keys


def said(found: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    return {image: [(one.rule, one.status.value) for one in findings] for image, findings in found.items()}


def test_file_name_fills_gaps_and_a_list_wins() -> None:
    rules = competition(rules=PATTERN, sections=SECTIONS)
    read = Entry("x/M2 Dunes by Entrant Name.jpg", title=" Sand  dunes ", author="").read_name(rules)
    assert (read.title, read.author, read.category, read.number) == ("Sand  dunes", "Entrant Name", "M", "2")
    assert read.name_matches is True
    assert read.section(rules) == "mono"


def test_file_name_that_does_not_match_yields_nothing() -> None:
    read = Entry("IMG_1.jpg", author="A").read_name(competition(rules=PATTERN))
    assert (read.title, read.author, read.name_matches) == (None, "A", False)


@pytest.mark.parametrize(
    ("category", "section"),
    [("open", "open"), ("OPEN", "open"), ("o", "open"), ("Monochrome ", "mono"), ("Nature", None), (None, None)],
)
def test_section_by_id_name_or_code(category: str | None, section: str | None) -> None:
    rules = competition(sections=SECTIONS)
    assert Entry("x.jpg", category=category).read_name(rules).section(rules) == section


def test_only_section_needs_no_name() -> None:
    assert Entry("x.jpg").section(competition(categories=["Open"])) == "Open"
    assert Entry("x.jpg", category="Other").section(competition(categories=["Open"])) is None


def test_an_unreadable_entry_is_somebodys_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rules = competition(rules=PATTERN | {"numbers": "contiguous", "entries_per_author": 2}, sections=SECTIONS)
    failed = {"status": "failed", "error_type": "corrupt", "error": "it ends early", "sha256": "0" * 64}
    names = [f"O{number} Sea by Entrant Name.jpg" for number in (1, 2, 3)]
    items = [Item(names[0], {}, failed), *(Item(name, {}, {"status": "ok"}) for name in names[1:])]
    ShardJob("compliance", "00000").run(
        items,
        lambda pending: [(item, Entry(item.image).identity(rules)) for item in pending],
        lambda item: item.image,
        known=lambda item: Entry(item.image).identity(rules),
    )
    records = read_records("compliance", "00000")
    unreadable = records[names[0]]
    assert (unreadable["title"], unreadable["author"], unreadable["category"]) == ("Sea", "Entrant Name", "Open")
    assert (unreadable["status"], unreadable["error"]) == ("failed", "it ends early")
    # number 1 is not missing, and of three the third is one too many
    assert said(check_set(records.values(), rules)) == {names[2]: [("entries_per_author", "does_not_comply")]}


def test_too_many_entries_in_the_competition() -> None:
    rules = competition(rules={"entries_per_author": 2})
    records = [record(f"{n}.jpg", author="Zoë  Entrant" if n % 2 else "zoe entrant") for n in range(3)]
    records += [record("9.jpg", author="Other"), record("10.jpg"), record("11.jpg"), record("12.jpg")]
    found = check_set(records, rules)
    assert said(found) == {"2.jpg": [("entries_per_author", "does_not_comply")]}
    (finding,) = found["2.jpg"]
    assert (finding.measured, finding.limit) == (3, 2)
    assert finding.sentence == '"zoe entrant" has 3 entries; the most allowed is 2, and this is number 3.'


def test_entrants_own_order_decides_which_is_too_many() -> None:
    rules = competition(rules={"entries_per_author": 1})
    records = [record("a.jpg", member="7", number="02"), record("b.jpg", member="7", number="01")]
    assert list(check_set(records, rules)) == ["a.jpg"]


def test_too_many_entries_in_a_section_with_its_own_limit() -> None:
    rules = competition(
        rules={"entries_per_section": 1}, sections=SECTIONS | {"mono": {"name": "Mono", "entries_per_section": 2}}
    )
    records = [record(f"{s}{n}.jpg", author="A", section=s) for s in ("open", "mono") for n in range(3)]
    assert sorted(check_set(records, rules)) == ["mono2.jpg", "open1.jpg", "open2.jpg"]


def test_numbers_unique_and_contiguous() -> None:
    rules = competition(rules={**PATTERN, "numbers": "contiguous"}, sections=SECTIONS)
    records = [
        record("a.jpg", author="A", section="open", number="1"),
        record("b.jpg", author="A", section="open", number="2"),
        record("c.jpg", author="A", section="open", number="02"),
        record("d.jpg", author="A", section="mono", number="1"),
        record("e.jpg", author="B", section="open", number="2"),
        record("f.jpg", author="B", section="mono", number="x"),
        record("g.jpg", author="B", section="mono", number="9" * 5000),
    ]
    found = check_set(records, rules)
    assert said(found) == {
        "c.jpg": [("numbers", "does_not_comply")],
        "e.jpg": [("numbers", "does_not_comply")],
        "f.jpg": [("numbers", "refer")],
        "g.jpg": [("numbers", "refer")],
    }
    assert found["c.jpg"][0].sentence == 'The number 2 is used twice; the other is "b.jpg".'
    assert "number 1 is missing" in found["e.jpg"][0].sentence


def test_unique_numbers_may_have_gaps() -> None:
    rules = competition(rules={**PATTERN, "numbers": "unique"})
    records = [record("a.jpg", author="A", number="3"), record("b.jpg", author="A", number="7")]
    assert check_set(records, rules) == {}


def test_exact_duplicates_of_one_and_of_two_entrants() -> None:
    rules = competition(rules={"no_exact_duplicates": True})
    own = [record("a.jpg", sha256="1" * 64, author="A"), record("b.jpg", sha256="1" * 64, author="A")]
    others = [record("c.jpg", sha256="2" * 64, author="A"), record("d.jpg", sha256="2" * 64, author="B")]
    found = check_set([*others, *own, record("x.jpg"), record("y.jpg")], rules)
    assert said(found) == {
        "b.jpg": [("no_exact_duplicates", "does_not_comply")],
        "c.jpg": [("no_exact_duplicates", "refer")],
        "d.jpg": [("no_exact_duplicates", "does_not_comply")],
    }
    assert found["b.jpg"][0].sentence == 'The entry is the same file as "a.jpg".'


def test_near_duplicates_are_referred_with_their_distance() -> None:
    rules = competition(rules={"no_near_duplicates": True, "near_duplicate_max_bits": 2})
    records = [
        record("a.jpg", sha256="a", perceptual_hash="0000000000000000"),
        record("b.jpg", sha256="b", perceptual_hash="0000000000000003"),
        record("c.jpg", sha256="c", perceptual_hash="000000000000000f"),
        record("d.jpg", sha256="d", perceptual_hash="ffffffffffffffff"),
        record("e.jpg", sha256="d", perceptual_hash="ffffffffffffffff"),
    ]
    found = check_set(records, rules)
    assert sorted(found) == ["a.jpg", "b.jpg", "c.jpg"]
    assert found["b.jpg"][0].measured == {
        "alike": [{"image": "a.jpg", "bits": 2}, {"image": "c.jpg", "bits": 2}],
        "count": 2,
    }
    assert found["a.jpg"][0].status is Status.REFER
    assert found["a.jpg"][0].sentence == 'The entry looks like "b.jpg"; a person has to compare them.'


def test_nothing_to_say_without_rules_or_records() -> None:
    assert check_set([record("a.jpg"), record("b.jpg")], competition()) == {}
    assert check_set([record("a.jpg")], None) == {}
    full = competition(rules={"no_near_duplicates": True, "no_exact_duplicates": True, "entries_per_author": 1})
    assert check_set([], full) == {}


def test_set_findings_change_the_verdict_of_a_record() -> None:
    rules = competition(rules={"no_exact_duplicates": True})
    records = [record("a.jpg", sha256="1" * 64, author="A"), record("b.jpg", sha256="1" * 64, author="A")]
    figures = {"findings": [], "compliance_passed": True, "compliance_issues": [], "compliance_warnings": []}
    after = add_findings(figures, [one.as_dict() for one in check_set(records, rules)["b.jpg"]])
    assert after["compliance_passed"] is False
    assert after["compliance_issues"] == ['The entry is the same file as "a.jpg".']
    assert len(after["findings"]) == 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.integers(0, 40))
def test_look_alikes_are_those_within_the_hamming_distance(numbers: list[int], bits: int) -> None:
    found = look_alikes([f"{number:016x}" for number in numbers], bits)
    for index, number in enumerate(numbers):
        near = [other for other, value in enumerate(numbers) if other != index and (value ^ number).bit_count() <= bits]
        assert (found[index].count if index in found else 0) == len(near)
        if near:
            nearest = min(((numbers[other] ^ number).bit_count(), other) for other in near)
            assert found[index].nearest[0] == (nearest[1], nearest[0])


def test_perceptual_hash_survives_halving_and_tells_pictures_apart() -> None:
    rows, columns = np.mgrid[:256, :256]
    one = np.repeat((rows + 40 * np.sin(columns / 20)).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    other = np.repeat(((columns * rows) % 256).astype(np.uint8)[..., None], 3, axis=2)

    def apart(left: str, right: str) -> int:
        return (int(left, 16) ^ int(right, 16)).bit_count()

    assert apart(perceptual_hash(one), perceptual_hash(one[::2, ::2])) <= 6
    assert apart(perceptual_hash(one), perceptual_hash(other)) > 10
    assert len(perceptual_hash(one[:1, :1])) == 16


@pytest.mark.slow
def test_twenty_thousand_entries_take_seconds() -> None:
    rules = competition(
        rules={
            **PATTERN,
            "numbers": "contiguous",
            "entries_per_author": 4,
            "no_exact_duplicates": True,
            "no_near_duplicates": True,
            "near_duplicate_max_bits": 6,
        }
    )
    hashes = np.random.default_rng(1).integers(0, 2**63, 20_000)
    records = [
        record(
            f"{n:05d}.jpg", author=f"A{n // 4}", number=str(n % 4 + 1), sha256=f"{n:064x}", perceptual_hash=f"{h:016x}"
        )
        for n, h in enumerate(hashes)
    ]
    records[17]["perceptual_hash"] = records[19_000]["perceptual_hash"]
    started = time.process_time()
    assert sorted(check_set(records, rules)) == ["00017.jpg", "19000.jpg"]
    assert time.process_time() - started < 60
