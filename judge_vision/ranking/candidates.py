"""Who takes part: rows of the Stage 1 and Stage 2 tables as candidates with a score, or with a reason against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from judge_vision.compliance.entry import Entry
from judge_vision.compliance.rules import Competition
from judge_vision.ranking.settings import ScoreSource

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Candidate:
    """One photograph. `group` is the id of its section, or its category without a competition; `reason` is why not."""

    image: str
    title: str | None
    category: str | None
    author: str | None
    group: str
    score: float | None
    reason: str | None


def candidates(
    stage1: Iterable[Row], critiques: Mapping[str, Row], source: ScoreSource, competition: Competition | None
) -> list[Candidate]:
    """All photographs of the Stage 1 table, in its order, with the score out of `source`."""
    found = []
    for row in stage1:
        score, reason = _score(row, critiques.get(row["image"]), source)
        entry = Entry(row["image"], row["title"], row["category"], row["author"])
        section = entry.section(competition) if competition else None
        group = section if section is not None else row["category"] or ""
        found.append(Candidate(entry.image, entry.title, entry.category, entry.author, group, score, reason))
    return found


def by_group(found: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    """Those with a score, by group, groups sorted."""
    groups: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in found:
        if candidate.score is not None:
            groups[candidate.group].append(candidate)
    return dict(sorted(groups.items()))


def _score(row: Row, critique: Row | None, source: ScoreSource) -> tuple[float | None, str | None]:
    if row["status"] == "failed":
        return None, f"The photograph could not be judged: {row['error']}"
    if row["compliance_passed"] is False:
        return None, "The entry does not comply with the rules of the competition."
    if source != "critique":
        return row[source], None if row[source] is not None else "There is no score."
    if critique is None or critique["score"] is None:
        why = (critique or {}).get("error") or "there is none"
        return None, f"There is no score in the critique: {why}"
    return critique["score"], None
