"""Building the page out of a results folder, which is the working directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judge_vision.records import store
from judge_vision.records.table import read_table
from judge_vision.report import alike, page, words
from judge_vision.report.making import engines, making, scores_sentence, times, unrated
from judge_vision.report.photographs import cell, details
from judge_vision.report.pictures import bring, sweep
from judge_vision.report.settings import ReportSettings
from judge_vision.workflow import paths

FOLDER = Path("report")
PAGE = FOLDER / "index.html"
PICTURES = FOLDER / "pictures"
DATA = FOLDER / "data"

# Details are in files of this many photographs: about half a megabyte, read in an instant when one is opened.
DETAILS_PER_FILE = 200


def build_report(settings: ReportSettings) -> Path:
    """Write `report/index.html` with its pictures and data beside it; return its path.

    The page, its pictures and `data/details-*.js` follow from the table and the records alone: the same input gives the
    same bytes. How long the jobs took, and what engines scored them, stands apart, in
    `data/times.js`.
    Raises FileNotFoundError or ValueError where the table or a record is missing or was changed by hand.
    """
    rows, metadata = read_table(paths.TABLE)
    summary = store.read_json(paths.SUMMARY)
    set_findings = store.read_json(paths.ENTRIES)
    index = {
        **_index(rows, metadata, settings),
        **_pictures(rows),
        "alike": alike.groups(rows, set_findings),
        "skipped": summary["skipped"],
        "made": making(rows, metadata),
    }
    _write_data(rows, details(set_findings))
    facts = {
        "counts": _counts_sentence(summary),
        "scores": scores_sentence(rows, metadata["bundle"]),
        "unrated": unrated(rows),
    }
    store.write_bytes(PAGE, page.render(settings.title, facts, index).encode())
    return PAGE


def _index(rows: list[dict[str, Any]], metadata: dict[str, Any], settings: ReportSettings) -> dict[str, Any]:
    names = list(rows[0]) if rows else []
    return {
        "title": settings.title,
        "columns": words.describe_columns(names, unrated(rows)),
        "model_scores": list(words.MODEL_SCORES),
        "ids": [paths.file_name(row["image"], "") for row in rows],
        "rows": [[cell(value) for value in row.values()] for row in rows],
        "details_per_file": DETAILS_PER_FILE,
    }


def _pictures(rows: list[dict[str, Any]]) -> dict[str, list[int]]:
    """Bring the pictures beside the page; for each row 1 or 0: is there a thumbnail, and a heat map?"""
    kept: set[Path] = set()
    found: dict[str, list[int]] = {"thumbnails": [], "heat_maps": []}
    for row in rows:
        asked = row["mono_verdict"] in ("query", "fail")
        for kind, folder, suffix, wanted in (
            ("thumbnails", paths.THUMBNAILS, ".jpg", True),
            ("heat_maps", paths.HEAT_MAPS, ".png", asked),
        ):
            there = False
            if wanted and row["sha256"]:
                target = paths.by_content(PICTURES, row["sha256"], suffix)
                there = bring(paths.by_content(folder, row["sha256"], suffix), target)
                kept |= {target} if there else set()
            found[kind].append(int(there))
    sweep(PICTURES, kept)
    return found


def _write_data(rows: list[dict[str, Any]], found: dict[str, str]) -> None:
    kept = {DATA / "times.js"}
    for start in range(0, len(rows), DETAILS_PER_FILE):
        number = start // DETAILS_PER_FILE
        part = ",\n".join(found[row["image"]] for row in rows[start : start + DETAILS_PER_FILE])
        path = DATA / f"details-{number}.js"
        text = f"judgeVision.details({number}, [\n{page.escape_json(part)}\n]);\n"
        store.write_if_changed(path, text.encode(), durable=False)
        kept.add(path)
    told = f"judgeVision.times({page.script_json(times())}, {page.script_json(engines())});\n"
    store.write_bytes(DATA / "times.js", told.encode(), durable=False)
    sweep(DATA, kept)


def _counts_sentence(summary: dict[str, Any]) -> str:
    total, failed = summary["photographs"], summary["failed"]
    photographs = f"{total:,} photograph{'' if total == 1 else 's'}"
    if not failed:
        return f"{photographs}, each read and measured."
    return f"{photographs}: {summary['ok']:,} measured, {failed:,} failed."
