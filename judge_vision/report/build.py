"""Building the page out of a results folder, which is the working directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from judge_vision.compliance.rulings import open_rulings
from judge_vision.exports.results import Results, read_results
from judge_vision.exports.settings import UNTITLED, ReportSettings
from judge_vision.records import paths, store, words
from judge_vision.report import alike, page
from judge_vision.report.judged import judged
from judge_vision.report.making import making, run_facts
from judge_vision.report.photographs import cell, details
from judge_vision.report.pictures import bring_all, perceptual_hashes
from judge_vision.report.selection import select_rows, selection_sentence

FOLDER = Path("report")
PAGE = FOLDER / "index.html"
PICTURES = FOLDER / "pictures"
DATA = FOLDER / "data"

# What the page's table has of the later tables; all of them is with each photograph.
LATER_COLUMNS = (
    "placing", "band", "mark", "rank", "rank_of", "accepted", "playoff_strength", "playoff_low", "playoff_high",
    "ranking_score", "ranking_score_source", "ranking_status", "ranking_reason", "critique_score",
    "critique_max_score", "critique", "style", "suggested_title", "critique_status", "critique_error_type",
    "critique_error", "critique_model",
)  # fmt: skip

# Details are in files of this many photographs: about half a megabyte, read in an instant when one is opened.
DETAILS_PER_FILE = 200


def build_report(settings: ReportSettings) -> Path:
    """Write `report/index.html` with its pictures and data beside it; return its path.

    The page, its pictures and `data/details-*.js` follow from the table and the records alone: the same input gives the
    same bytes. How long the jobs took and which engines scored stands apart, in `data/run.js`.
    Raises FileNotFoundError or ValueError where the table or a record is missing or was changed by hand.
    """
    summary = store.read_json(paths.SUMMARY)
    results = read_results(rows=select_rows(paths.TABLE, summary, settings.max_photographs))
    rows = results.rows
    set_findings = store.read_json(paths.ENTRIES)
    parts = judged(rows)
    index = {
        **_index(results, settings),
        **_pictures(rows),
        "alike": alike.groups(rows, set_findings, perceptual_hashes(row["sha256"] for row in rows)),
        "skipped": summary["skipped"],
        "notices": results.notices(),
        "made": making(results),
        "parts": sorted(parts),
    }
    rulings = open_rulings(store.read_json(paths.RUN_CONFIG)["compliance"])
    _write_data(rows, details(results, set_findings, rulings), parts)
    facts = {
        "counts": _counts_sentence(summary) + selection_sentence(len(rows), summary),
        "scores": words.scores_sentence(rows, results.metadata["bundle"]),
        "unrated": words.unrated(rows),
    }
    store.write_bytes(PAGE, page.render(index["title"], facts, index).encode())
    return PAGE


def _index(results: Results, settings: ReportSettings) -> dict[str, Any]:
    rows = results.rows
    # how a critique was asked for is the same for most, and long: it is with the details
    columns = [
        column
        for column in results.columns
        if column.source not in results.later or (column.name in LATER_COLUMNS and results.has(column.name))
    ]
    return {
        "title": settings.title or UNTITLED,
        "columns": words.describe_columns(columns, words.unrated(rows)),
        "model_scores": list(words.MODEL_SCORES),
        "ids": [paths.file_name(row["image"], "") for row in rows],
        "rows": [[cell(row[column.name]) for column in columns] for row in rows],
        "details_per_file": DETAILS_PER_FILE,
    }


def _pictures(rows: list[dict[str, Any]]) -> dict[str, list[int]]:
    """Bring the pictures beside the page; for each row 1 or 0: is there a thumbnail, a preview, a heat map?"""
    everybody = [row["sha256"] for row in rows]
    asked = [row["sha256"] if row["mono_verdict"] in ("query", "fail") else None for row in rows]
    return {
        "thumbnails": bring_all(paths.THUMBNAILS, PICTURES / "thumbnails", everybody, ".jpg"),
        "previews": bring_all(paths.PREVIEWS, PICTURES / "previews", everybody, ".jpg"),
        "heat_maps": bring_all(paths.HEAT_MAPS, PICTURES / "heat_maps", asked, ".png"),
    }


def _write_data(rows: list[dict[str, Any]], found: dict[str, str], parts: dict[str, Any]) -> None:
    """Write what the page reads when somebody looks; delete such files of earlier pages."""
    kept = []
    for name, text in _data_texts(rows, found, parts):
        kept.append(DATA / f"{name}.js")
        store.write_if_changed(kept[-1], f'judgeVision.part("{name}", {text});\n'.encode(), durable=False)
    store.sweep(DATA, kept)


def _data_texts(rows: list[dict[str, Any]], found: dict[str, str], parts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and JSON text of each data file."""
    for name, value in {**parts, "run": run_facts()}.items():
        yield name, page.script_json(value)
    for start in range(0, len(rows), DETAILS_PER_FILE):
        number = start // DETAILS_PER_FILE
        part = ",\n".join(found[row["image"]] for row in rows[start : start + DETAILS_PER_FILE])
        yield f"details-{number}", f"[\n{page.escape_json(part)}\n]"


def _counts_sentence(summary: dict[str, Any]) -> str:
    total, failed = summary["photographs"], summary["failed"]
    photographs = f"{total:,} photograph{'' if total == 1 else 's'}"
    if not failed:
        return f"{photographs}, each read and measured."
    return f"{photographs}: {summary['ok']:,} measured, {failed:,} failed."
