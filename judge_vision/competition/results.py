"""Results: totals, places, awards and acceptances out of the judges' marks, by the rules of the registry.

No figure of a program enters here unless `marking.machine_breaks_ties` says so.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from judge_vision.competition.entry import Entry
from judge_vision.compliance.rules import Competition, Marking

# Totals of half marks are exact; means are compared as people see them.
_DIGITS = 6


@dataclass
class Line:
    """One judged entry in the results."""

    number: int | None
    """In the largest pack that was marked; None where it is in another one only."""
    entry: Entry
    marks: dict[str, float]
    total: float | None
    """Sum or mean, as the registry says; None without any mark."""
    mean: float | None
    absent: list[str]
    """Judges of its section who gave it no mark; in a sum, the mean of its other marks stands for theirs."""
    place: int | None = None
    band: str | None = None
    accepted: bool | None = None
    """None where the registry has no acceptance rate."""
    awards: list[str] = field(default_factory=list)
    by_machine: bool = False
    """Whether a figure of a program decided its place."""


@dataclass(frozen=True)
class SectionResults:
    """A section's lines by place, those without a place last; `judges` are those who marked in it."""

    name: str
    judges: list[str]
    lines: list[Line]
    quota: int | None
    """How many may be accepted; None without an acceptance rate."""


@dataclass(frozen=True)
class Results:
    """All sections, and what could not be ranked."""

    sections: list[SectionResults]
    left_out: list[tuple[int, Entry]]
    """In the pack, and not eligible now: a ruling or a change of the rules came after the pack."""
    not_marked: list[Entry]
    """Eligible now, and neither in the pack nor marked in another."""

    @property
    def lines(self) -> list[Line]:
        """Every line, section by section."""
        return [line for section in self.sections for line in section.lines]


def compute(
    numbered: Mapping[int, Entry],
    marks: Mapping[str, dict[str, float]],
    competition: Competition,
    others: Sequence[Entry] = (),
) -> Results:
    """The results of the entries by number and of marked `others`, with the marks by image and judge."""
    left_out = [(number, entry) for number, entry in sorted(numbered.items()) if not entry.eligible]
    judged: list[tuple[int | None, Entry]] = [
        (number, entry) for number, entry in sorted(numbered.items()) if entry.eligible
    ]
    judged += [(None, entry) for entry in others if entry.image in marks]
    order = [section.name for section in competition.all_sections().values()]
    judged.sort(key=lambda pair: _position(pair[1].section_name, order))
    sections = []
    for name, group in groupby(judged, key=lambda pair: pair[1].section_name):
        sections.append(_section(name, list(group), marks, competition))
    results = Results(sections, left_out, [entry for entry in others if entry.image not in marks])
    _give_awards(results, competition)
    return results


def _position(name: str, order: list[str]) -> tuple[int, str]:
    return (order.index(name) if name in order else len(order), name)


def _section(
    name: str,
    group: list[tuple[int | None, Entry]],
    marks: Mapping[str, dict[str, float]],
    competition: Competition,
) -> SectionResults:
    marking = competition.marking
    judges = sorted({judge for _, entry in group for judge in marks.get(entry.image, {})})
    lines = []
    for number, entry in group:
        own = marks.get(entry.image, {})
        absent = [judge for judge in judges if judge not in own]
        mean = statistics.fmean(own.values()) if own else None
        total = mean if mean is None or marking.combine == "mean" else mean * len(judges)
        band = _band(mean if marking.combine == "mean" else total, competition.score_bands)
        lines.append(Line(number, entry, own, _rounded(total), _rounded(mean), absent, band=band))
    _place(lines, marking)
    rate = competition.rules_for(group[0][1].section).acceptance_rate
    quota = int(rate * len(lines) + 1e-9) if rate is not None else None
    if quota is not None:
        _accept(lines, quota)
    lines.sort(key=lambda line: (line.place is None, line.place or 0, *_by_number(line)))
    return SectionResults(name, judges, lines, quota)


def _by_number(line: Line) -> tuple[bool, int]:
    return line.number is None, line.number or 0


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _band(value: float | None, bands: Mapping[str, Sequence[float]]) -> str | None:
    """The label of the highest band that the value reaches; between two bands the lower one counts."""
    reached = [(min(marks), label) for label, marks in bands.items() if value is not None and value >= min(marks)]
    if not reached:
        return None
    least, label = max(reached)
    above = [min(marks) for marks in bands.values() if min(marks) > least]
    most = max(bands[label])
    # 15.5 is between Merit 14 to 15 and Credit from 16; 25 is above a last band that ends at 20
    return label if value is not None and (value <= most or (above and value < most + 1)) else None


Key = Callable[[Line], Any]


def _standing(marking: Marking, figure: Key) -> Key:
    """What people's marks say of a line: the figure, then the registry's rules for ties. The larger is the better."""
    rules: dict[str, Key] = {
        "countback": lambda line: sorted(line.marks.values(), reverse=True),
        "lowest_mark": lambda line: min(line.marks.values()),
        "least_spread": lambda line: min(line.marks.values()) - max(line.marks.values()),
    }
    keys = [figure, *(rules[name] for name in marking.ties)]
    return lambda line: tuple(key(line) for key in keys)


def _place(lines: list[Line], marking: Marking) -> None:
    """Places, in place: equal lines share one, and the next place is the next number not used (1, 2, 2, 4)."""
    marked = [line for line in lines if line.total is not None]
    by_people = _standing(marking, lambda line: line.total)

    def by_machine(line: Line) -> float:
        score = line.entry.scores.get(marking.machine_breaks_ties or "")
        return float("-inf") if score is None else score

    place = 1
    for _, tied in groupby(sorted(marked, key=by_people, reverse=True), key=by_people):
        group = sorted(tied, key=by_machine, reverse=True)
        apart = [list(same) for _, same in groupby(group, key=by_machine)]
        for same in apart:
            for line in same:
                line.place = place
                line.by_machine = len(apart) > 1
            place += len(same)


def _accept(lines: list[Line], quota: int) -> None:
    """Mark as accepted the best lines, at most `quota` of them: equal ones at the end stay out together."""
    for line in lines:
        level = sum(other.place is not None and line.place is not None and other.place <= line.place for other in lines)
        line.accepted = line.place is not None and level <= quota


def _give_awards(results: Results, competition: Competition) -> None:
    """Awards over all sections first, by the mean mark and, where it is equal, by the registry's rules for ties; then
    the first award of every section, the second, ...

    `max_awards_per_author` of the competition counts all awards of an entrant, that of a section those in it. Awards
    go level by level, so that nobody loses the first award of one section to the third of another.
    """
    everywhere = _Limit(competition.rules.max_awards_per_author)
    placed = [line for line in results.lines if line.place is not None and line.accepted is not False]
    standing = _standing(competition.marking, lambda line: line.mean)
    placed.sort(key=_by_number)
    placed.sort(key=standing, reverse=True)
    overall = _Contest(placed, standing, [everywhere])
    for level, name in enumerate(competition.awards):
        overall.give(level, name)
    contests = []
    for section in results.sections:
        rules = competition.all_sections().get(section.lines[0].entry.section or "")
        own = _Limit(rules.max_awards_per_author if rules else None)
        candidates = [line for line in section.lines if line.place is not None and line.accepted is not False]
        contests.append(_Contest(candidates, lambda line: line.place, [everywhere, own]))
    for level, name in enumerate(competition.section_awards):
        for contest in contests:
            contest.give(level, name)


class _Limit:
    """How many awards an entrant may have; None for any number."""

    def __init__(self, most: int | None) -> None:
        self.most = most
        self.given: Counter[str] = Counter()

    def reached(self, line: Line) -> bool:
        return self.most is not None and self.given[_who(line)] >= self.most

    def count(self, line: Line) -> None:
        self.given[_who(line)] += 1


class _Contest:
    """Lines that compete for the same awards, the best first."""

    def __init__(self, lines: list[Line], key: Key, limits: list[_Limit]) -> None:
        self.groups = [list(group) for _, group in groupby(lines, key=key)]
        self.limits = limits
        self.given = 0

    def give(self, level: int, name: str) -> None:
        """Give the award of this level; equal lines share it, and as many of the following are not given."""
        while self.groups and self.given <= level:
            for line in self.groups.pop(0):
                if not any(limit.reached(line) for limit in self.limits):
                    line.awards.append(name)
                    self.given += 1
                    for limit in self.limits:
                        limit.count(line)


def _who(line: Line) -> str:
    return line.entry.entrant or line.entry.image
