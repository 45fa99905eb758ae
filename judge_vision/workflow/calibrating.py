"""The job of `calibration`. It works in the results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judge_vision.calibration.calibrate import Scored, calibrate
from judge_vision.calibration.marks import read_marks
from judge_vision.calibration.settings import CalibrationSettings
from judge_vision.critique.settings import Stage2Settings
from judge_vision.failure import UserError
from judge_vision.ranking.settings import STAGE1_SCORES
from judge_vision.records import paths, store
from judge_vision.records.table import read_table

HOW_TO = (
    "calibration needs marks that people gave; set them with --config calibration='{marks: marks.csv}' "
    "(docs/how-to/calibration.md)"
)
NEVER_SHOWN = "These networks were never shown a human mark; agreement with people would be an accident."


def write_calibration() -> dict[str, Any]:
    """Write `calibration/calibration.json`; return the contents. Raises UserError without marks."""
    run = store.read_json(paths.RUN_CONFIG)
    settings = CalibrationSettings(**run["calibration"])
    if settings.marks is None:
        raise UserError(HOW_TO)
    marks = read_marks(Path(settings.marks))
    rows, metadata = read_table(paths.TABLE)
    stage2 = Stage2Settings(**run["stage2"])
    with_critiques = stage2.resolved_engine() == "server"
    critiques = {row["image"]: row for row in read_table(paths.STAGE2_TABLE)[0]} if with_critiques else {}
    photographs = [
        Scored(row["image"], row["category"], marks[row["image"]], _scores(row, critiques.get(row["image"])))
        for row in rows
        if row["image"] in marks
    ]
    if not photographs:
        raise UserError(
            f"none of the {len(marks)} marks in {settings.marks} belongs to a photograph of this run; "
            "its column image has to hold their paths"
        )
    bundle = metadata["bundle"]
    scored_by: dict[str, str] = dict.fromkeys(STAGE1_SCORES, f"{bundle['name']} {bundle['version']}")
    notices: dict[str, str] = dict.fromkeys(STAGE1_SCORES, "" if bundle["human_ratings"] else NEVER_SHOWN)
    if with_critiques:
        scored_by["critique"], notices["critique"] = str(stage2.model), ""
    found = {
        **calibrate(photographs, scored_by, notices, settings),
        "marked": len(photographs),
        "unmatched": len(marks) - len(photographs),
        "least_photographs": settings.least_photographs,
    }
    store.write_json(paths.CALIBRATION_FIGURES, found)
    return found


def _scores(row: dict[str, Any], critique: dict[str, Any] | None) -> dict[str, float | None]:
    return {**{name: row[name] for name in STAGE1_SCORES}, "critique": critique["score"] if critique else None}
