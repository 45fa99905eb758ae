"""Candidates, standings and the competition's words into the rows of the ranking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from judge_vision.compliance.rules import Competition
from judge_vision.ranking.bands import band, half_mark
from judge_vision.ranking.candidates import Candidate, by_group
from judge_vision.ranking.matches import Standing
from judge_vision.ranking.places import accepted, placings, ranks

_NOT_RANKED = dict.fromkeys(
    (
        "score", "mark", "band", "rank", "rank_of", "placing", "accepted", "playoff_strength", "playoff_low",
        "playoff_high", "playoff_matches", "playoff_wins",
    )
)  # fmt: skip


def rank(
    found: list[Candidate],
    standing: Mapping[str, Standing],
    competition: Competition | None,
    mark: Callable[[float], float] | None,
) -> list[dict[str, Any]]:
    """One row for each candidate, in their order, without what is said of all.

    Within a category those of the playoff come first, by strength; all else by score. `mark` turns a score into one on
    the competition's scale; without it there are no marks and no bands.
    """
    rows: dict[str, dict[str, Any]] = {}
    for group, members in by_group(found).items():
        values = {one.image: _value(one, standing) for one in members}
        places = ranks(values)
        placed, taken = _honours(group, members, values, competition)
        for one in members:
            assert one.score is not None
            marked = half_mark(mark(one.score)) if mark else None
            earned = band(marked, competition.score_bands) if competition and marked is not None else None
            rows[one.image] = {
                "score": one.score,
                "mark": marked,
                "band": earned,
                "rank": places[one.image],
                "rank_of": len(members),
                "placing": placed.get(one.image),
                "accepted": None if taken is None else one.image in taken,
                **_playoff(standing.get(one.image)),
            }
    return [_row(one, rows.get(one.image)) for one in found]


def _value(one: Candidate, standing: Mapping[str, Standing]) -> tuple[float, ...]:
    """What ranks: whoever was in the playoff before whoever was not, then strength or score."""
    assert one.score is not None
    if one.image in standing:
        return (1.0, standing[one.image].strength.value)
    return (0.0, one.score)


def _honours(
    group: str, members: list[Candidate], values: dict[str, tuple[float, ...]], competition: Competition | None
) -> tuple[dict[str, str], set[str] | None]:
    if competition is None:
        return {}, None
    rules = competition.rules_for(group)
    authors = {one.image: one.author for one in members}
    placed = placings(values, competition.section_awards, authors, rules.max_awards_per_author)
    rate = rules.acceptance_rate
    return placed, None if rate is None else accepted(values, rate)


def _playoff(standing: Standing | None) -> dict[str, Any]:
    if standing is None:
        return {}
    value, low, high = standing.strength
    return {
        "playoff_strength": value,
        "playoff_low": low,
        "playoff_high": high,
        "playoff_matches": standing.matches,
        "playoff_wins": standing.wins,
    }


def _row(one: Candidate, ranked: dict[str, Any] | None) -> dict[str, Any]:
    about = {key: value for key, value in asdict(one).items() if key not in ("score", "group", "reason")}
    if ranked is None:
        return {**about, **_NOT_RANKED, "status": "not_ranked", "reason": one.reason}
    return {**about, **_NOT_RANKED, **ranked, "status": "ranked", "reason": None}
