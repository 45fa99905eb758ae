"""Marks find their entries again: whatever the files are called, and never lost without a word."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest

from judge_vision.competition import pack
from judge_vision.competition.marked import find_marked
from judge_vision.exports.sheet import csv_bytes
from judge_vision.failure import UserError
from tests.unit.competition_entries import entry


def key_of(entries):
    """The key of a pack of these entries, as it is read back from its file."""
    text = csv_bytes(*pack.key(pack.number_entries(entries, titles=True))).decode("utf-8-sig")
    return pack.read_key(list(csv.DictReader(io.StringIO(text, newline=""))))


def marks_of(count):
    return {number: {"A": 10.0 + number} for number in range(1, count + 1)}


def test_marks_reach_entries_whose_names_a_table_shows_otherwise():
    names = [unicodedata.normalize("NFD", "Café.jpg"), "=Fig.jpg", "@anna.jpg", "bidi\u202eabc.jpg", "Plain.jpg"]
    entries = [entry(name) for name in names]
    marked = find_marked(marks_of(5), key_of(entries), entries)
    assert marked.given == {name: {"A": 11.0 + place} for place, name in enumerate(names)}
    assert marked.notes == []


def test_marks_reach_an_entry_that_was_renamed_since():
    before, after = entry("a.jpg"), entry("b.jpg", sha256=entry("a.jpg").sha256)
    assert find_marked(marks_of(1), key_of([before]), [after]).given == {"b.jpg": {"A": 11.0}}


def test_a_file_that_was_entered_twice_keeps_both_numbers_apart():
    one, two = entry("'one.jpg", sha256="1" * 64), entry("two.jpg", sha256="1" * 64)
    marked = find_marked(marks_of(2), key_of([one, two]), [two, one])
    assert marked.given == {"'one.jpg": {"A": 11.0}, "two.jpg": {"A": 12.0}}
    renamed = entry("three.jpg", sha256="1" * 64)
    marked = find_marked(marks_of(2), key_of([one, two]), [renamed, two])
    assert marked.given == {"three.jpg": {"A": 11.0}, "two.jpg": {"A": 12.0}}


def test_marks_of_a_withdrawn_or_refused_entry_do_not_count_and_that_is_said():
    entries = [entry("a.jpg"), entry("b.jpg"), entry("c.jpg")]
    key = key_of(entries)
    marked = find_marked(marks_of(3), key, [entry("b.jpg", status="does not comply"), entries[2]])
    assert marked.given == {"c.jpg": {"A": 13.0}} and set(marked.numbered) == {2, 3}
    assert marked.notes == [
        'picture 1 of the pack, "a.jpg", is gone, so it counts as withdrawn: its marks do not count',
        'picture 2 of the pack, "b.jpg", was refused since it was judged (does not comply): its marks do not count',
    ]
    # nobody's marks are lost where there are none
    assert find_marked({3: {"A": 13.0}}, key, entries[2:]).notes == []


def test_marks_that_reach_no_entry_are_refused_with_its_name():
    entries = [entry("a.jpg"), entry("@b.jpg")]
    now = [entry("a.jpg", status="could not be read", error="it ends early"), entry("@b.jpg", sha256="0" * 64)]
    with pytest.raises(UserError) as caught:
        find_marked(marks_of(2), key_of(entries), now)
    first, second = str(caught.value).splitlines()
    assert first.startswith('picture 1 of the pack, "a.jpg", has marks and can no longer be read (it ends early)')
    assert second.startswith('picture 2 of the pack, "@b.jpg", has marks and was changed since it was judged')
