"""Bradley-Terry strengths out of comparisons, with intervals."""

from __future__ import annotations

from typing import NamedTuple

import choix
import numpy as np
import numpy.typing as npt

# 95 % of a normal distribution lie within so many standard deviations.
_DEVIATIONS = 1.959964

Wins = list[tuple[int, int]]


class Strength(NamedTuple):
    """Strength and the ends of its 95 % interval, on the log-odds scale; the mean over all is 0."""

    value: float
    low: float
    high: float


def bradley_terry(count: int, wins: Wins, prior: float) -> list[Strength]:
    """Strengths s of `count` photographs from (winner, loser) pairs: P(i beats j) = 1 / (1 + exp(s_j - s_i)).

    Bradley and Terry, Biometrika 39 (1952); the maximum of the likelihood less `prior` times the sum of squares, a
    normal prior of variance 1 / (2 prior) that keeps strengths finite where one won or lost everything. Intervals are
    Laplace's: the normal distribution with the curvature at the maximum. `prior` must be above 0.
    """
    values = np.asarray(choix.opt_pairwise(count, wins, alpha=prior), np.float64) if wins else np.zeros(count)
    values -= values.mean()
    deviations = np.sqrt(np.diag(_covariance(values, wins, prior)))
    return [
        Strength(float(value), float(value - reach), float(value + reach))
        for value, reach in zip(values, _DEVIATIONS * deviations, strict=True)
    ]


def linked(count: int, wins: Wins) -> bool:
    """Whether comparisons link all photographs: only then do their strengths stand on one scale."""
    reached, waiting = {0}, [0]
    neighbours: dict[int, set[int]] = {}
    for one, other in wins:
        neighbours.setdefault(one, set()).add(other)
        neighbours.setdefault(other, set()).add(one)
    while waiting:
        fresh = neighbours.get(waiting.pop(), set()) - reached
        reached |= fresh
        waiting += fresh
    return len(reached) == count


def _covariance(values: npt.NDArray[np.float64], wins: Wins, prior: float) -> npt.NDArray[np.float64]:
    """Covariance of strengths less their mean: only differences mean anything."""
    count = len(values)
    curvature = 2 * prior * np.eye(count)
    for winner, loser in wins:
        chance = 1 / (1 + np.exp(values[loser] - values[winner]))
        weight = chance * (1 - chance)
        curvature[[winner, loser], [winner, loser]] += weight
        curvature[[winner, loser], [loser, winner]] -= weight
    centring = np.eye(count) - 1 / count
    return np.asarray(centring @ np.linalg.inv(curvature) @ centring, np.float64)
