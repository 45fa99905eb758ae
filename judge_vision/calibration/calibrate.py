"""The calibration: every score against the marks, over all photographs and per category."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from judge_vision.calibration import mapping
from judge_vision.calibration.agreement import agreement
from judge_vision.calibration.settings import CalibrationSettings


@dataclass(frozen=True)
class Scored:
    """One photograph with a mark, and its scores by name."""

    image: str
    category: str | None
    mark: float
    scores: Mapping[str, float | None]


def calibrate(
    photographs: Sequence[Scored],
    scored_by: Mapping[str, str],
    notices: Mapping[str, str],
    settings: CalibrationSettings,
) -> dict[str, Any]:
    """The contents of calibration.json; `scored_by` names model or bundle of each score, `notices` what to say of it.

    Figures are given for at least `least_photographs` photographs: below, an interval would cover nearly everything.
    """
    found: dict[str, Any] = {}
    for name in scored_by:
        here = [(one, score) for one in photographs if (score := one.scores.get(name)) is not None]
        groups = defaultdict(list)
        for one, score in here:
            groups[one.category or ""].append((score, one.mark))
        everything = [(score, one.mark) for one, score in here]
        enough = len(everything) >= settings.least_photographs
        found[name] = {
            "scored_by": scored_by[name],
            "notice": notices[name],
            "photographs": len(everything),
            "all": _figures(everything, settings),
            "by_category": {group: _figures(pairs, settings) for group, pairs in sorted(groups.items())},
            **(_mapping(everything, scored_by[name], settings) if enough else {"mapping": None, "error": None}),
            "points": [
                {"image": one.image, "category": one.category, "score": score, "mark": one.mark} for one, score in here
            ],
        }
    return {"format": mapping.FORMAT, "scores": found}


def _figures(pairs: list[tuple[float, float]], settings: CalibrationSettings) -> dict[str, Any] | None:
    if len(pairs) < settings.least_photographs:
        return None
    scores, marks = np.array(pairs, np.float64).T
    return agreement(scores, marks, settings.bootstrap_samples, settings.seed)


def _mapping(pairs: list[tuple[float, float]], scored_by: str, settings: CalibrationSettings) -> dict[str, Any]:
    scores, marks = np.array(pairs, np.float64).T
    fitted = mapping.fit(scores, marks, scored_by)
    error = mapping.cross_validated_error(scores, marks, settings.seed)
    return {"mapping": mapping.as_json(fitted), "error": error}
