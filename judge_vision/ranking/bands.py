"""From scores to marks and from marks to the labels of score bands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

# A half mark between two bands belongs to the lower one; a wider gap belongs to none.
_WHOLE_MARK = 1.0


def half_mark(score: float) -> float:
    """`score` rounded to the nearest half mark, a quarter upwards."""
    return math.floor(score * 2 + 0.5) / 2


def band(mark: float, bands: Mapping[str, Sequence[float]]) -> str | None:
    """The label that `mark` earns; None for none.

    A band is a list of marks or its two ends, both within it. It reaches up to the next band where that begins within
    one mark: 15.5 is in the band 14 to 15 where the next one begins at 16. No band reaches beyond its own end else.
    """
    ordered = sorted((min(marks), max(marks), label) for label, marks in bands.items())
    for number, (low, high, label) in enumerate(ordered):
        following = ordered[number + 1][0] if number + 1 < len(ordered) else math.inf
        if low <= mark <= high or (high < mark < following and following - high <= _WHOLE_MARK):
            return label
    return None
