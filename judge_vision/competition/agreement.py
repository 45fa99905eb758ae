"""How far judges agree with each other, and the networks' scores with the judges; always with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from judge_vision.competition.results import Line

# Fewer entries say nothing: the interval spans nearly everything.
LEAST_ENTRIES = 6
_CONFIDENCE = 0.95
_RESAMPLES = 2000
_SEED = 20_260_101


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class JudgesAgreement:
    """Intraclass correlations over `entries` that all `judges` marked: of one judge's marks, and of their mean."""

    judges: int
    entries: int
    single: Estimate
    average: Estimate


@dataclass(frozen=True)
class MachineAgreement:
    """Rank correlation of a score of the networks with the judges' mean mark."""

    column: str
    entries: int
    spearman: Estimate


def judges_agreement(lines: Sequence[Line], judges: Sequence[str]) -> JudgesAgreement | None:
    """The agreement of `judges` over the lines that all of them marked; None where that says nothing.

    Nothing is said of one judge, of fewer than six entries, and of marks that do not differ at all.
    """
    complete = [[line.marks[judge] for judge in judges] for line in lines if all(one in line.marks for one in judges)]
    if len(judges) < 2 or len(complete) < LEAST_ENTRIES or len({mark for row in complete for mark in row}) < 2:
        return None
    single, average = intraclass_correlation(np.array(complete))
    return JudgesAgreement(len(judges), len(complete), single, average)


def intraclass_correlation(marks: npt.NDArray[np.float64]) -> tuple[Estimate, Estimate]:
    """ICC(2,1) and ICC(2,k) of Shrout and Fleiss (1979): absolute agreement of judges drawn from many, two-way random.

    `marks` is [entries, judges] without gaps. Mean squares of a two-way analysis of variance; the intervals are those
    of McGraw and Wong (1996, table 7), in which F quantiles (scipy.stats) of an approximated number of degrees of
    freedom stand. NaN where the marks do not vary between entries.
    """
    count, judges = marks.shape
    grand = marks.mean()
    rows = judges * float(((marks.mean(axis=1) - grand) ** 2).sum()) / (count - 1)
    columns = count * float(((marks.mean(axis=0) - grand) ** 2).sum()) / (judges - 1)
    residual = marks - marks.mean(axis=1, keepdims=True) - marks.mean(axis=0, keepdims=True) + grand
    error = float((residual**2).sum()) / ((count - 1) * (judges - 1))
    below = rows + (judges - 1) * error + judges * (columns - error) / count
    single = (rows - error) / below if below else math.nan
    low, high = _interval(single, rows, columns, error, count, judges)
    step_up = [_spearman_brown(value, judges) for value in (single, low, high)]
    return Estimate(single, low, high), Estimate(step_up[0], step_up[1], step_up[2])


def _interval(single: float, rows: float, columns: float, error: float, count: int, judges: int) -> tuple[float, float]:
    """The 95 % interval of ICC(2,1) (McGraw and Wong 1996, table 7, case 2A and 3A)."""
    if error == 0.0 or not math.isfinite(single) or single >= 1.0:
        return single, single
    a = judges * single / (count * (1 - single))
    b = 1 + judges * single * (count - 1) / (count * (1 - single))
    spread = (a * columns) ** 2 / (judges - 1) + (b * error) ** 2 / ((count - 1) * (judges - 1))
    freedom = (a * columns + b * error) ** 2 / spread
    tail = 1 - (1 - _CONFIDENCE) / 2
    f_low = float(stats.f.ppf(tail, count - 1, freedom))
    f_high = float(stats.f.ppf(tail, freedom, count - 1))
    pooled = judges * columns + (judges * count - judges - count) * error
    low = count * (rows - f_low * error) / (f_low * pooled + count * rows)
    high = count * (f_high * rows - error) / (pooled + count * f_high * rows)
    return low, high


def _spearman_brown(value: float, judges: int) -> float:
    below = 1 + (judges - 1) * value
    return judges * value / below if below else math.nan


def machine_agreement(lines: Sequence[Line], columns: Mapping[str, str] | Sequence[str]) -> list[MachineAgreement]:
    """Spearman's rank correlation of each score in `columns` with the judges' mean, and a bootstrap interval (BCa).

    A score that fewer than six marked entries have, or that is the same for all, is left out.
    """
    found = []
    for column in columns:
        pairs = [(line.entry.scores.get(column), line.mean) for line in lines]
        known = np.array(
            [(score, mean) for score, mean in pairs if score is not None and mean is not None], dtype=float
        )
        if len(known) < LEAST_ENTRIES or np.ptp(known, axis=0).min() == 0.0:
            continue
        found.append(MachineAgreement(column, len(known), _rank_correlation(known)))
    return found


def _rank_correlation(pairs: npt.NDArray[np.float64]) -> Estimate:
    def spearman(scores: npt.NDArray[np.float64], marks: npt.NDArray[np.float64]) -> float:
        return float(stats.spearmanr(scores, marks).statistic)

    value = spearman(pairs[:, 0], pairs[:, 1])
    with np.errstate(all="ignore"):
        interval = stats.bootstrap(
            (pairs[:, 0], pairs[:, 1]),
            spearman,
            paired=True,
            vectorized=False,
            n_resamples=_RESAMPLES,
            confidence_level=_CONFIDENCE,
            random_state=np.random.default_rng(_SEED),
        ).confidence_interval
    return Estimate(value, float(interval.low), float(interval.high))
