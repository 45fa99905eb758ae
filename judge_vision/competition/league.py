"""The league table: what each entrant's entries earned, round by round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from judge_vision.competition.marks import written_number
from judge_vision.competition.results import Results
from judge_vision.compliance.entry_set import entrant
from judge_vision.exports.text import without_guard
from judge_vision.failure import UserError
from judge_vision.photograph.lists import ListRow, read_list


@dataclass(frozen=True)
class Round:
    """The totals of one round: by entrant, those of their entries; `names`: how each entrant is called there."""

    name: str
    totals: Mapping[str, list[float]]
    names: Mapping[str, str]


@dataclass(frozen=True)
class Standing:
    """One line of the league table; `points` by round, None where the entrant had no entry."""

    place: int
    entrant: str
    points: list[float | None]
    total: float


def this_round(name: str, results: Results) -> Round:
    """The round that was just judged."""
    rows = [(line.entry.member, line.entry.author, line.total) for line in results.lines]
    return _round(name, [row for row in rows if row[2] is not None])  # type: ignore[misc]


def read_round(path: Path) -> Round:
    """An earlier round from its results.csv. Raises UserError with the line for a total that is no number."""
    rows: list[tuple[str | None, str | None, float]] = []
    name = path.stem
    for number, row in enumerate(read_list(path), start=2):
        values = _values(row)
        name = values.get("round") or name
        try:
            if values.get("total"):
                rows.append((values.get("member"), values.get("author"), written_number(str(values["total"]))))
        except ValueError:
            raise UserError(
                f"{path}, line {number}: the total {values['total']!r} is not a number; "
                "take results.csv as the run wrote it"
            ) from None
    return _round(name, rows)


def _values(row: ListRow) -> dict[str, str | None]:
    # results.csv guards what a spreadsheet would compute: "@anna" is the same entrant as "'@anna" there
    return {name: value and without_guard(value) for name, value in {**row.extra, **row.fields}.items()}


def _round(name: str, rows: Sequence[tuple[str | None, str | None, float]]) -> Round:
    totals: dict[str, list[float]] = defaultdict(list)
    names: dict[str, str] = {}
    for member, author, total in rows:
        # a spreadsheet may have turned member 017 into 17
        number = str(int(member)) if member and member.isascii() and member.isdigit() else member
        who = entrant({"member": number, "author": author})
        if who is not None:
            totals[who].append(total)
            names[who] = author or member or who
    return Round(name, dict(totals), names)


def league(rounds: Sequence[Round], best: int | None) -> list[Standing]:
    """Entrants by the sum of their totals over the rounds, of each round only the `best` so many; equal ones share."""
    names: dict[str, str] = {}
    for one in rounds:
        names |= one.names
    sums = {}
    for who in names:
        points = [_points(one.totals.get(who), best) for one in rounds]
        sums[who] = (round(sum(point or 0.0 for point in points), 6), points)
    ordered = sorted(sums, key=lambda who: (-sums[who][0], names[who].casefold()))
    standings: list[Standing] = []
    for total, group in groupby(ordered, key=lambda who: sums[who][0]):
        place = len(standings) + 1
        standings += [Standing(place, names[who], sums[who][1], total) for who in group]
    return standings


def _points(totals: list[float] | None, best: int | None) -> float | None:
    return None if totals is None else round(sum(sorted(totals, reverse=True)[:best]), 6)
