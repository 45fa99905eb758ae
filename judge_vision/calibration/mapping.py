"""A monotone mapping from scores to marks: isotonic regression, read with straight lines between its steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize

from judge_vision.failure import UserError
from judge_vision.records import store

Array = npt.NDArray[np.float64]
FORMAT = "judge-vision/calibration/1"


@dataclass(frozen=True)
class Mapping:
    """Scores and the marks that they stand for, both rising; `scored_by` names the model or bundle of the scores."""

    scores: tuple[float, ...]
    marks: tuple[float, ...]
    scored_by: str

    def mark(self, score: float) -> float:
        """The mark for `score`: between known ones along a straight line, beyond them that of the nearest."""
        return float(np.interp(score, self.scores, self.marks))


def fit(scores: Array, marks: Array, scored_by: str) -> Mapping:
    """The monotone mapping of least squares (pool adjacent violators); equal scores get the mean of their marks.

    `scores` and `marks` are float64 [photographs], in the same order; `scored_by` says whose scores they are.
    """
    known, place = np.unique(scores, return_inverse=True)
    weights = np.bincount(place).astype(np.float64)
    means = np.bincount(place, weights=marks) / weights
    fitted = np.asarray(optimize.isotonic_regression(means, weights=weights).x, np.float64)
    # of a level stretch its two ends say all
    kept = [
        number
        for number in range(len(known))
        if number in (0, len(known) - 1) or not fitted[number - 1] == fitted[number] == fitted[number + 1]
    ]
    return Mapping(tuple(map(float, known[kept])), tuple(map(float, fitted[kept])), scored_by)


def cross_validated_error(scores: Array, marks: Array, seed: int, parts: int = 5) -> dict[str, float]:
    """Mean absolute error, in marks, on photographs left out of the fit; and of always giving the mean mark.

    `scores` and `marks` are float64 [photographs], in the same order; the parts are drawn by `seed`.
    """
    parts = min(parts, len(scores))
    order = np.random.default_rng(seed).permutation(len(scores))
    errors, constant = [], []
    for part in range(parts):
        left_out = order[part::parts]
        kept = np.setdiff1d(order, left_out)
        mapping = fit(scores[kept], marks[kept], "")
        errors += [
            abs(mapping.mark(score) - mark) for score, mark in zip(scores[left_out], marks[left_out], strict=True)
        ]
        constant += [abs(float(marks[kept].mean()) - mark) for mark in marks[left_out]]
    return {"mapping": float(np.mean(errors)), "mean_mark": float(np.mean(constant))}


def as_json(mapping: Mapping) -> dict[str, Any]:
    """The mapping as JSON values."""
    return {"scores": list(mapping.scores), "marks": list(mapping.marks), "scored_by": mapping.scored_by}


def read_mapping(path: Path, score: str) -> Mapping:
    """The mapping of `score` in the calibration.json `path`. Raises UserError where there is none."""
    try:
        found = store.read_json(path)
        if found["format"] != FORMAT:
            raise ValueError(f"its format is {found['format']!r}")
        raw = found["scores"].get(score, {}).get("mapping")
        if raw is None:
            raise UserError(f"{path} holds no mapping for {score}; it has {', '.join(found['scores']) or 'none'}")
        mapping = Mapping(tuple(map(float, raw["scores"])), tuple(map(float, raw["marks"])), str(raw["scored_by"]))
        if not mapping.scores or len(mapping.scores) != len(mapping.marks):
            raise ValueError("scores and marks do not go together")
        if list(mapping.scores) != sorted(mapping.scores) or list(mapping.marks) != sorted(mapping.marks):
            raise ValueError("scores or marks do not rise")
    except OSError as error:
        raise UserError(
            f"cannot read the calibration {path} ({error.strerror or error}); make it with `make calibration`"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is no calibration.json of this program ({error}); make it with `make calibration`"
        ) from None
    return mapping
