"""The tables of Stage 2 as its documentation describes them, for tests of what shows them."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from judge_vision.calibration.calibrate import Scored, calibrate
from judge_vision.calibration.settings import CalibrationSettings
from judge_vision.exports.results import LATER_TABLES
from judge_vision.records import paths, store
from judge_vision.records.stage2_columns import MATCHES
from judge_vision.records.table import arrow_schema, read_table, write_rows

CRITIQUE = "The heron holds the frame and the mist holds the heron. A tighter crop would calm the left edge."
NOTICE = "Written by the model stand-in-vision; no judge looked at the picture."
RANKED_BY = "Scores of the model stand-in-vision; no judge's marks."
_TYPES = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_()}
_CRITIQUE_COLUMNS = {
    "image": str, "sha256": str, "title": str, "category": str, "author": str, "status": str, "error_type": str,
    "error": str, "engine": str, "notice": str, "score": float, "max_score": float, "style": str,
    "suggested_title": str, "critique": str, "critique_words": int, "model": str, "served_model": str, "prompt": str,
    "prompt_sha256": str, "seed": int, "temperature": float, "reply_format": str, "finish_reason": str,
    "prompt_tokens": int, "completion_tokens": int, "requests": int, "raw_reply": str,
}  # fmt: skip
_RANKING_COLUMNS = {
    "image": str, "title": str, "category": str, "author": str, "status": str, "reason": str, "score": float,
    "score_source": str, "notice": str, "mark": float, "band": str, "rank": int, "rank_of": int, "placing": str,
    "accepted": bool, "playoff_strength": float, "playoff_low": float, "playoff_high": float, "playoff_matches": int,
    "playoff_wins": int,
}  # fmt: skip


def write(words: str = CRITIQUE, engine: str = "server") -> None:
    """Write both tables for the Stage 1 table below the working directory: every fifth critique failed."""
    rows = read_table(paths.TABLE)[0]
    critiques, ranking = [], []
    places: dict[str, int] = {}
    for number, row in enumerate(rows):
        who = {name: row[name] for name in ("image", "title", "category", "author")}
        base = {**who, "sha256": row["sha256"], "engine": engine, "max_score": 20.0, "model": "stand-in-vision"}
        if row["status"] != "ok" or row["compliance_passed"] is False:
            kind = "stage1_failed" if row["status"] != "ok" else "not_compliant"
            critiques.append({**base, "status": "not_judged", "error_type": kind, "error": "The entry was not judged."})
            ranking.append({**who, "status": "not_ranked", "reason": "The entry was not judged."})
            continue
        if number % 5 == 4:
            critiques.append(
                {**base, "status": "failed", "error_type": "reply_cut", "error": "The reply was cut at max_tokens.",
                 "raw_reply": words[:30], "requests": 3}
            )  # fmt: skip
            ranking.append({**who, "status": "not_ranked", "reason": "There is no score."})
            continue
        score = 10.0 + number % 9
        critiques.append(
            {**base, "status": "ok", "notice": NOTICE, "score": score, "style": "Nature", "suggested_title": words,
             "critique": words, "critique_words": len(words.split()), "prompt": "critique.txt", "seed": 7,
             "prompt_sha256": "cd" * 32, "prompt_tokens": 900, "completion_tokens": 140, "requests": 1,
             "raw_reply": words, "reply_format": "json_schema", "finish_reason": "stop", "temperature": 0.2}
        )  # fmt: skip
        places[who["category"]] = places.get(who["category"], 0) + 1
        place = places[who["category"]]
        ranking.append(
            {**who, "status": "ranked", "score": score, "score_source": "critique", "notice": RANKED_BY, "mark": score,
             "band": "Merit" if score >= 14 else None, "rank": place, "rank_of": 9,
             "placing": "First" if place == 1 else None, "playoff_strength": 1.0 - place / 4,
             "playoff_low": 0.5 - place / 4, "playoff_high": 1.5 - place / 4, "playoff_matches": 6, "playoff_wins": 4}
        )  # fmt: skip
    _write(LATER_TABLES["critique"], _CRITIQUE_COLUMNS, critiques)
    _write(LATER_TABLES["ranking"], _RANKING_COLUMNS, ranking)


def write_judged(words: str = "It holds the eye longer.") -> None:
    """A playoff of the first ranked photographs, each pair twice and one comparison failed; and marks of people."""
    ranked = [row for row in read_table(LATER_TABLES["ranking"])[0] if row["status"] == "ranked"][:4]
    log = []
    for first, second in permutations(ranked, 2):
        failed = not log
        log.append({
            "category": words, "round": 1, "first": first["image"], "second": second["image"],
            "winner": None if failed else max(first, second, key=lambda row: row["score"])["image"],
            "status": "failed" if failed else "ok", "error": words if failed else None, "reason": words,
        })  # fmt: skip
    write_rows(
        paths.PLAYOFF_TABLE,
        [{c.name: row.get(c.name) for c in MATCHES} for row in log],
        arrow_schema({}, [], MATCHES, "1"),
    )
    summary = {"matches": len(log), "failed": 1, "shown_first_won": 0.45, "without_standings": [words]}
    store.write_json(paths.RANKING_SUMMARY, {"playoff": summary})
    rows = [row for row in read_table(paths.TABLE)[0] if row["status"] == "ok"]
    marked = [
        Scored(row["image"], row["category"], 10 + number % 9, {"musiq_mos": row["musiq_mos"]})
        for number, row in enumerate(rows)
    ]
    settings = CalibrationSettings(bootstrap_samples=100)
    found = calibrate(marked, {"musiq_mos": words}, {"musiq_mos": "Never shown a human mark."}, settings)
    store.write_json(
        paths.CALIBRATION_FIGURES, {**found, "marked": len(marked), "unmatched": 1, "least_photographs": 10}
    )
    run = store.read_json(paths.RUN_CONFIG)
    store.write_json(paths.RUN_CONFIG, {**run, "calibration": {**run["calibration"], "marks": "marks.csv"}})


def _write(path: Path, columns: dict[str, type], rows: list[dict[str, Any]]) -> None:
    schema = pa.schema(
        [pa.field(name, _TYPES[kind], metadata={"description": f"About {name}"}) for name, kind in columns.items()],
        metadata={"judge_vision.schema_version": "1", "judge_vision.settings": '{"engine":"server","max_tokens":512}'},
    )
    pq.write_table(pa.Table.from_pylist([{n: row.get(n) for n in columns} for row in rows], schema=schema), path)
