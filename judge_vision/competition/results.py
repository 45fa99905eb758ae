"""Results: totals, places, awards and acceptances out of the judges' marks, by the rules of the registry.

No figure of a program enters here unless `marking.machine_breaks_ties` says so.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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

    number: int
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
    """Marked, and not eligible now: a ruling or a change of the rules came after the pack."""

    @property
    def lines(self) -> list[Line]:
        """Every line, section by section."""
        return [line for section in self.sections for line in section.lines]


def compute(numbered: Mapping[int, Entry], marks: Mapping[str, dict[str, float]], competition: Competition) -> Results:
    """The results of the entries by number, with the marks by image and judge."""
    left_out = [(number, entry) for number, entry in sorted(numbered.items()) if not entry.eligible]
    judged = [(number, entry) for number, entry in sorted(numbered.items()) if entry.eligible]
    order = [section.name for section in competition.all_sections().values()]
    judged.sort(key=lambda pair: (_position(pair[1].section_name, order), pair[0]))
    sections = []
    for name, group in groupby(judged, key=lambda pair: pair[1].section_name):
        sections.append(_section(name, list(group), marks, competition))
    results = Results(sections, left_out)
    _give_awards(results, competition)
    return results


def _position(name: str, order: list[str]) -> tuple[int, str]:
    return (order.index(name) if name in order else len(order), name)


def _section(
    name: str,
    group: list[tuple[int, Entry]],
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
    lines.sort(key=lambda line: (line.place is None, line.place or 0, line.number))
    return SectionResults(name, judges, lines, quota)


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


def _tie_keys(marking: Marking) -> list[Key]:
    rules: dict[str, Key] = {
        "countback": lambda line: sorted(line.marks.values(), reverse=True),
        "lowest_mark": lambda line: min(line.marks.values()),
        "least_spread": lambda line: min(line.marks.values()) - max(line.marks.values()),
    }
    return [rules[name] for name in marking.ties]


def _place(lines: list[Line], marking: Marking) -> None:
    """Places, in place: equal lines share one, and the next place is the next number not used (1, 2, 2, 4)."""
    marked = [line for line in lines if line.total is not None]
    people: list[Key] = [lambda line: line.total, *_tie_keys(marking)]

    def by_people(line: Line) -> tuple[Any, ...]:
        return tuple(key(line) for key in people)

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
    """Awards over all sections first, by the mean mark, then those of each section, by place.

    `max_awards_per_author` of the competition counts all awards of an entrant, that of a section those in it.
    """
    counts: Counter[str] = Counter()
    limit = competition.rules.max_awards_per_author
    placed = [line for line in results.lines if line.place is not None and line.accepted is not False]
    placed.sort(key=lambda line: (-(line.mean or 0.0), line.number))
    _award(_groups(placed, lambda line: line.mean), competition.awards, [(counts, limit)])
    sections = competition.all_sections()
    for section in results.sections:
        own: Counter[str] = Counter()
        rules = sections.get(section.lines[0].entry.section or "")
        own_limit = rules.max_awards_per_author if rules else None
        candidates = [line for line in section.lines if line.place is not None and line.accepted is not False]
        limits = [(counts, limit), (own, own_limit)]
        _award(_groups(candidates, lambda line: line.place), competition.section_awards, limits)


def _groups(lines: Iterable[Line], key: Key) -> Iterator[list[Line]]:
    for _, group in groupby(lines, key=key):
        yield list(group)


def _award(groups: Iterable[list[Line]], names: Sequence[str], limits: list[tuple[Counter[str], int | None]]) -> None:
    """Give the awards in their order; equal lines share one, and as many of the following are not given."""
    given = 0
    for group in groups:
        shared = 0
        for line in group:
            who = line.entry.entrant or line.entry.image
            if given >= len(names) or any(limit is not None and counts[who] >= limit for counts, limit in limits):
                continue
            line.awards.append(names[given])
            shared += 1
            for counts, _ in limits:
                counts[who] += 1
        given += shared
        if given >= len(names):
            return
