"""Stars out of a figure, by cut-offs or by each photograph's place among the others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence


def by_cutoffs(values: Sequence[float | None], limits: Sequence[float]) -> list[int | None]:
    """1 star below the first of the four ascending `limits`, one more from each on; None stays None."""
    return [None if value is None else 1 + bisect_right(limits, value) for value in values]


def by_quantiles(values: Sequence[float | None], limits: Sequence[float]) -> list[int | None]:
    """Stars by the share of the other photographs with a lower value, half of those with an equal one counted.

    1 star below the first of `limits`. A single photograph has nothing to be compared with, and gets none.
    """
    known = sorted(value for value in values if value is not None)
    if len(known) < 2:
        return [None] * len(values)

    def share(value: float) -> float:
        return (bisect_left(known, value) + bisect_right(known, value) - 1) / 2 / (len(known) - 1)

    return by_cutoffs([None if value is None else share(value) for value in values], limits)
