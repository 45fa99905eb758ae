"""The entries behind the numbers of the judges' packs, and their marks: none of either is lost without a word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from judge_vision.competition.entry import UNREADABLE, Entry
from judge_vision.competition.marks import Key, Keys
from judge_vision.compliance.text import quoted
from judge_vision.exports.text import plain
from judge_vision.failure import UserError

# Entries that one note names.
_NAMED = 10


@dataclass(frozen=True)
class Marked:
    """`numbered`: the entries of the pack that has the most of them; `given`: marks by image, then by judge."""

    numbered: dict[int, Entry]
    others: list[Entry]
    """The eligible entries that are not in that pack."""
    given: dict[str, dict[str, float]]
    notes: list[str]
    """What is not in the results, and why, a sentence each."""


def find_marked(given: Mapping[str, Mapping[int, Mapping[str, float]]], keys: Keys, entries: Sequence[Entry]) -> Marked:
    """The entries of the packs and the marks `given` by pack and number; those of several packs are put together.

    Marks of an entry that was withdrawn (its file is gone) or refused since then do not count, and a note says so, as
    it does of eligible entries that are in none of these packs. Raises UserError, one line an entry, where one that
    has marks was changed or can no longer be read, or where a judge's marks for it differ between packs.
    """
    packs = {code: entries_behind(keys[code], entries) for code in sorted(given)}
    names = {plain(entry.image) for entry in entries}
    marks: dict[str, dict[str, float]] = {}
    notes: list[str] = []
    mistakes: list[str] = []
    for code, numbered in packs.items():
        for number, own in sorted(given[code].items()):
            entry, image = numbered.get(number), keys[code][number][1]
            try:
                if entry is not None and entry.eligible:
                    _merge(entry, own, marks.setdefault(entry.image, {}))
                else:
                    picture = f"picture {number} of the pack {code}, {quoted(image)},"
                    notes.append(_lost(picture, entry, image in names))
            except UserError as error:
                mistakes.append(str(error))
    if mistakes:
        raise UserError("\n".join(mistakes))
    largest = max(packs.values(), key=lambda numbered: sum(entry.eligible for entry in numbered.values()))
    others = _outside([largest], entries)
    return Marked(largest, others, marks, [*notes, *_not_marked(_outside(packs.values(), entries))])


def _merge(entry: Entry, own: Mapping[str, float], marks: dict[str, float]) -> None:
    """Add the entry's `own` marks of one pack to those of other packs, in place. Raises UserError if they differ."""
    for judge, mark in own.items():
        if marks.setdefault(judge, mark) != mark:
            raise UserError(
                f"{judge} gives {quoted(entry.image)} {marks[judge]:g} in one pack and {mark:g} in another; "
                "keep the mark that holds"
            )


def _lost(picture: str, entry: Entry | None, is_named: bool) -> str:
    """Why marks do not count. `is_named`: there is a file of its name. Raises UserError where they should."""
    if entry is not None and entry.status != UNREADABLE:
        return f"{picture} was refused since it was judged ({entry.status}): its marks do not count"
    if entry is not None:
        raise UserError(
            f"{picture} has marks and can no longer be read ({entry.error}); put the judged file back and run again"
        )
    if is_named:
        raise UserError(
            f"{picture} has marks and was changed since it was judged; put the judged file back, or leave its marks out"
        )
    return f"{picture} is gone, so it counts as withdrawn: its marks do not count"


def _outside(packs: Iterable[Mapping[int, Entry]], entries: Sequence[Entry]) -> list[Entry]:
    """The eligible entries that are in none of the packs."""
    inside = {entry.image for numbered in packs for entry in numbered.values()}
    return [entry for entry in entries if entry.eligible and entry.image not in inside]


def _not_marked(entries: Sequence[Entry]) -> list[str]:
    if not entries:
        return []
    named = ", ".join(quoted(entry.image) for entry in entries[:_NAMED])
    more = f" and {len(entries) - _NAMED} more" if len(entries) > _NAMED else ""
    return [
        f"not marked: {named}{more}; eligible, and in no pack that the judges marked: make judge-pack, "
        "have what is new in it marked, and put the marks of both packs into one folder for MARKS="
    ]


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
