"""What the page shows of the playoff's matches and of the scores against people's marks, where there are any."""

from __future__ import annotations

from typing import Any

from judge_vision.records import paths, store
from judge_vision.records.table import read_table

Row = dict[str, Any]


def judged(rows: list[Row]) -> dict[str, Any]:
    """The parts of the page that this run has, by name: `playoff`, `calibration`.

    A photograph stands in them as its position in `rows`, or None if the page leaves it out.
    """
    position = {row["image"]: number for number, row in enumerate(rows)}
    found = {"playoff": _playoff(position), "calibration": _calibration(position)}
    return {name: part for name, part in found.items() if part is not None}


def _playoff(position: dict[str, int]) -> dict[str, Any] | None:
    """The match log and what the summary says of it."""
    if not paths.RANKING_TABLE.exists() or not paths.RANKING_SUMMARY.exists():
        return None
    summary = store.read_json(paths.RANKING_SUMMARY)["playoff"]
    # a log may be there of an earlier run that had a playoff
    if not summary["matches"]:
        return None
    matches = [
        {
            "category": row["category"],
            "round": row["round"],
            "pair": [position.get(row["first"]), position.get(row["second"])],
            "names": [row["first"], row["second"]],
            "winner": [row["first"], row["second"]].index(row["winner"]) if row["winner"] else None,
            "reason": row["reason"] if row["winner"] else row["error"],
        }
        for row in read_table(paths.PLAYOFF_TABLE)[0]
    ]
    return {**summary, "log": matches}


def _calibration(position: dict[str, int]) -> dict[str, Any] | None:
    """The contents of calibration.json, its photographs by position; None unless this run was given marks."""
    if store.read_json(paths.RUN_CONFIG)["calibration"]["marks"] is None:
        return None
    found = store.read_json(paths.CALIBRATION_FIGURES)
    for score in found["scores"].values():
        score["points"] = [[position.get(point["image"]), point["score"], point["mark"]] for point in score["points"]]
    return dict(found)
