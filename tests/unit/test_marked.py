"""Marks find their entries again: whatever the files are called, and never lost without a word."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest

from judge_vision.competition import pack
from judge_vision.competition.marked import find_marked
from judge_vision.competition.results import compute
from judge_vision.competition.results_page import result_rows, results_page
from judge_vision.exports.sheet import csv_bytes
from judge_vision.failure import UserError
from tests.unit.competition_entries import competition, entry


def key_of(entries):
    """The key of a pack of these entries, as it is read back from its file."""
    text = csv_bytes(*pack.key(pack.number_entries(entries, titles=True))).decode("utf-8-sig")
    return pack.read_key(list(csv.DictReader(io.StringIO(text, newline=""))))


def marks_of(count):
    return {number: {"A": 10.0 + number} for number in range(1, count + 1)}


def marked_in_one(given, key, entries):
    return find_marked({"abc123": given}, {"abc123": key}, entries)


def test_marks_reach_entries_whose_names_a_table_shows_otherwise():
    names = [unicodedata.normalize("NFD", "Café.jpg"), "=Fig.jpg", "@anna.jpg", "bidi\u202eabc.jpg", "Plain.jpg"]
    entries = [entry(name) for name in names]
    marked = marked_in_one(marks_of(5), key_of(entries), entries)
    assert marked.given == {name: {"A": 11.0 + place} for place, name in enumerate(names)}
    assert marked.notes == []


def test_marks_reach_an_entry_that_was_renamed_since():
    before, after = entry("a.jpg"), entry("b.jpg", sha256=entry("a.jpg").sha256)
    assert marked_in_one(marks_of(1), key_of([before]), [after]).given == {"b.jpg": {"A": 11.0}}


def test_a_file_that_was_entered_twice_keeps_both_numbers_apart():
    one, two = entry("'one.jpg", sha256="1" * 64), entry("two.jpg", sha256="1" * 64)
    marked = marked_in_one(marks_of(2), key_of([one, two]), [two, one])
    assert marked.given == {"'one.jpg": {"A": 11.0}, "two.jpg": {"A": 12.0}}
    renamed = entry("three.jpg", sha256="1" * 64)
    marked = marked_in_one(marks_of(2), key_of([one, two]), [renamed, two])
    assert marked.given == {"three.jpg": {"A": 11.0}, "two.jpg": {"A": 12.0}}


def test_marks_of_a_withdrawn_or_refused_entry_do_not_count_and_that_is_said():
    entries = [entry("a.jpg"), entry("b.jpg"), entry("c.jpg")]
    key = key_of(entries)
    marked = marked_in_one(marks_of(3), key, [entry("b.jpg", status="does not comply"), entries[2]])
    assert marked.given == {"c.jpg": {"A": 13.0}} and set(marked.numbered) == {2, 3}
    assert marked.notes == [
        'picture 1 of the pack abc123, "a.jpg", is gone, so it counts as withdrawn: its marks do not count',
        'picture 2 of the pack abc123, "b.jpg", was refused since it was judged (does not comply): '
        "its marks do not count",
    ]
    # nobody's marks are lost where there are none
    assert marked_in_one({3: {"A": 13.0}}, key, entries[2:]).notes == []


def test_marks_that_reach_no_entry_are_refused_with_its_name():
    entries = [entry("a.jpg"), entry("@b.jpg")]
    now = [entry("a.jpg", status="could not be read", error="it ends early"), entry("@b.jpg", sha256="0" * 64)]
    with pytest.raises(UserError) as caught:
        marked_in_one(marks_of(2), key_of(entries), now)
    first, second = str(caught.value).splitlines()
    assert first.startswith(
        'picture 1 of the pack abc123, "a.jpg", has marks and can no longer be read (it ends early)'
    )
    assert second.startswith('picture 2 of the pack abc123, "@b.jpg", has marks and was changed since it was judged')


def test_an_eligible_entry_outside_the_pack_is_said_to_be_not_marked():
    judged, reinstated = entry("a.jpg"), entry("@b.jpg")
    marked = marked_in_one(
        marks_of(1), key_of([judged]), [judged, reinstated, entry("c.jpg", status="does not comply")]
    )
    assert marked.others == [reinstated]
    (note,) = marked.notes
    assert note.startswith('not marked: "@b.jpg"; eligible, and in no pack that the judges marked: make judge-pack')
    results = compute(marked.numbered, marked.given, competition(), marked.others)
    assert [line.entry for line in results.lines] == [judged] and results.not_marked == [reinstated]
    columns, rows = result_rows("Round", results, None)
    row = dict(zip([column.title for column in columns], rows[-1], strict=True))
    assert (row["image"], row["place"], row["total"]) == ("@b.jpg", "not marked", None)
    page = results_page(competition(), results, [], [], lambda sha256: None)
    assert "<bdi>@B</bdi>, <bdi>Member 001</bdi>: not marked" in page


def test_marks_of_several_packs_are_put_together():
    first, second, new, refused = (entry(name) for name in ("a.jpg", "b.jpg", "new.jpg", "refused.jpg"))
    keys = {"abc123": key_of([first, second]), "def456": key_of([new, first, second, refused])}
    given = {"abc123": {1: {"A": 10.0, "B": 9.0}, 2: {"A": 11.0}}, "def456": {1: {"A": 12.0}, 2: {"A": 10.0}}}
    marked = find_marked(given, keys, [first, second, new])
    assert marked.given == {"a.jpg": {"A": 10.0, "B": 9.0}, "b.jpg": {"A": 11.0}, "new.jpg": {"A": 12.0}}
    assert marked.numbered == {1: new, 2: first, 3: second} and (marked.others, marked.notes) == ([], [])
    given["def456"][2]["A"] = 10.5
    with pytest.raises(
        UserError, match=r'A gives "a.jpg" 10 in one pack and 10.5 in another; keep the mark that holds'
    ):
        find_marked(given, keys, [first, second, new])


def test_an_entry_that_only_a_smaller_pack_has_is_ranked_without_a_number():
    first, second, third = (entry(name) for name in ("a.jpg", "b.jpg", "c.jpg"))
    keys = {"abc123": key_of([first, second]), "def456": key_of([third])}
    marked = find_marked({"abc123": marks_of(2), "def456": {1: {"A": 20.0}}}, keys, [first, second, third])
    results = compute(marked.numbered, marked.given, competition(awards=["Best"]), marked.others)
    assert [(line.place, line.number, line.entry) for line in results.lines] == [
        (1, None, third), (2, 2, second), (3, 1, first),
    ]  # fmt: skip
    assert results.lines[0].awards == ["Best"] and results.not_marked == []
