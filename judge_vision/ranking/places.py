"""Ranks, placings and acceptances within one category."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

# Strengths are floats out of an optimiser: closer ones count as equal.
_DIGITS = 9


def ranks(values: Mapping[str, tuple[float, ...]]) -> dict[str, int]:
    """Ranks from 1 for the greatest; equals share one, and the next takes up the count: 1, 2, 2, 4."""
    found: dict[str, int] = {}
    for group in tie_groups(values):
        found |= dict.fromkeys(group, len(found) + 1)
    return found


def tie_groups(values: Mapping[str, tuple[float, ...]]) -> Iterator[list[str]]:
    """Photographs of equal value together, the greatest first."""

    def rounded(image: str) -> tuple[float, ...]:
        return tuple(-round(value, _DIGITS) for value in values[image])

    for _, group in groupby(sorted(values, key=lambda image: (rounded(image), image)), key=rounded):
        yield list(group)


def placings(
    values: Mapping[str, tuple[float, ...]],
    labels: Sequence[str],
    authors: Mapping[str, str | None],
    per_author: int | None,
) -> dict[str, str]:
    """The label that each placed photograph earns: the first label for the best, and so on.

    An author who has `per_author` placings already is passed over, and the next best moves up. Equals share a label,
    and as many labels as they are go.
    """
    found: dict[str, str] = {}
    taken: dict[str, int] = {}
    for group in tie_groups(values):
        if len(found) >= len(labels):
            break
        label = labels[len(found)]
        for image in group:
            author = authors.get(image)
            if per_author is not None and author is not None:
                if taken.get(author, 0) >= per_author:
                    continue
                taken[author] = taken.get(author, 0) + 1
            found[image] = label
    return found


def accepted(values: Mapping[str, tuple[float, ...]], rate: float) -> set[str]:
    """The best up to `rate` of all, never more: equals across the line are all left out."""
    most = math.floor(rate * len(values) + 1e-9)
    found: set[str] = set()
    for group in tie_groups(values):
        if len(found) + len(group) > most:
            break
        found |= set(group)
    return found
