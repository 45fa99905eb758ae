"""Agreement between scores and human marks: three correlations with bootstrap intervals."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]

FIGURES = ("srcc", "plcc", "kendall")


def correlations(scores: Array, marks: Array) -> dict[str, float | None]:
    """Spearman's rank correlation, Pearson's linear one, Kendall's tau-b: -1 to 1; None where a side is constant.

    `scores` and `marks` are float64 [photographs], in the same order.
    """
    if np.ptp(scores) == 0 or np.ptp(marks) == 0:
        return dict.fromkeys(FIGURES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.NearConstantInputWarning)
        found = {
            "srcc": stats.spearmanr(scores, marks).statistic,
            "plcc": stats.pearsonr(scores, marks).statistic,
            "kendall": stats.kendalltau(scores, marks).statistic,
        }
    return {name: float(value) if np.isfinite(value) else None for name, value in found.items()}


def agreement(scores: Array, marks: Array, samples: int, seed: int) -> dict[str, Any]:
    """The correlations and their 95 % intervals: percentiles over `samples` bootstrap samples of the photographs.

    `scores` and `marks` are float64 [photographs], in the same order. A sample in which scores or marks are all equal
    has no correlation and does not count. An interval is null where the correlation is.
    """
    found = correlations(scores, marks)
    drawn: dict[str, list[float]] = {name: [] for name in FIGURES}
    random = np.random.default_rng(seed)
    for _ in range(samples if found["srcc"] is not None else 0):
        chosen = random.integers(0, len(scores), len(scores))
        for name, value in correlations(scores[chosen], marks[chosen]).items():
            if value is not None:
                drawn[name].append(value)
    figures: dict[str, Any] = {"photographs": len(scores)}
    for name in FIGURES:
        interval = np.percentile(drawn[name], [2.5, 97.5]) if drawn[name] else None
        figures[name] = found[name]
        figures[f"{name}_interval"] = None if interval is None else [float(end) for end in interval]
    return figures
