"""The entries behind the numbers of a judge's pack, and the marks that they have: no mark is lost without a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judge_vision.competition.entry import UNREADABLE, Entry
from judge_vision.competition.marks import Key
from judge_vision.compliance.text import quoted
from judge_vision.exports.text import plain
from judge_vision.failure import UserError


@dataclass(frozen=True)
class Marked:
    """`numbered`: the pack's entries that are still there; `given`: their marks by image, then by judge."""

    numbered: dict[int, Entry]
    given: dict[str, dict[str, float]]
    notes: list[str]
    """Whose marks do not count, and why, a sentence each."""


def find_marked(given: Mapping[int, dict[str, float]], key: Key, entries: Sequence[Entry]) -> Marked:
    """The entries of the pack and the marks `given` by number.

    Marks of an entry that was withdrawn (its file is gone) or refused since then do not count, and a note says so.
    Raises UserError, one line an entry, where one that has marks was changed or can no longer be read.
    """
    numbered = entries_behind(key, entries)
    names = {plain(entry.image) for entry in entries}
    marks: dict[str, dict[str, float]] = {}
    notes, mistakes = [], []
    for number, own in sorted(given.items()):
        entry, picture = numbered.get(number), f"picture {number} of the pack, {quoted(key[number][1])},"
        if entry is not None and entry.eligible:
            marks[entry.image] = own
        elif entry is not None and entry.status == UNREADABLE:
            mistakes.append(f"{picture} has marks and can no longer be read ({entry.error}); put it back and run again")
        elif entry is not None:
            notes.append(f"{picture} was refused since it was judged ({entry.status}): its marks do not count")
        elif key[number][1] in names:
            mistakes.append(f"{picture} has marks and was changed since it was judged; put it back and run again")
        else:
            notes.append(f"{picture} is gone, so it counts as withdrawn: its marks do not count")
    if mistakes:
        raise UserError("\n".join(mistakes))
    return Marked(numbered, marks, notes)


def entries_behind(key: Key, entries: Sequence[Entry]) -> dict[int, Entry]:
    """The entries by number, those that are gone left out.

    An entry is known by its content, whatever its file is called by now; where several are the same file, each number
    has the one whose name is in the key as long as that is there.
    """
    found: dict[int, Entry] = {}
    left = list(entries)
    for called_the_same in (True, False):
        for number, (sha256, image) in sorted(key.items()):
            same = (one for one in left if one.sha256 == sha256 and (plain(one.image) == image or not called_the_same))
            entry = next(same, None) if number not in found else None
            if entry is not None:
                found[number] = entry
                left.remove(entry)
    return found
