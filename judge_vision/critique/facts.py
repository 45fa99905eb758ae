"""What a model is told of an entry: title, category, the competition's words, findings, figures. Never its author."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from judge_vision.compliance.rules import Competition
from judge_vision.critique.prompts import plain_text, quoted
from judge_vision.critique.reply import STYLES, format_sentence

LENGTHS = {"standard": "110 to 150 words", "short": "one sentence"}

# What marks out of 20 mean where the competition does not say.
_ANCHORS_OF_20 = {
    "20": "exceptional",
    "19": "a likely winner",
    "18": "very strong",
    "17": "strong",
    "16": "solid",
    "14 to 15": "weaknesses show",
    "10 to 13": "below the usual standard",
    "0 to 9": "poor",
}
_TONAL = ("mean_luminance", "dynamic_range", "clip_low_percent", "clip_high_percent", "local_contrast")
_SCORES = ("nima_aesthetic_mean", "nima_technical_mean", "musiq_mos")


def critique_words(
    row: Mapping[str, Any],
    competition: Competition | None,
    length: Literal["standard", "short"],
    max_score: float,
    schema: dict[str, Any],
) -> dict[str, str]:
    """The words of the critique's template for a row of the Stage 1 table."""
    entry = {"title": plain_text(row["title"]), "category": plain_text(row["category"])}
    return {
        "MAX_SCORE": f"{max_score:g}",
        "ANCHORS": _anchors(competition, max_score),
        "STYLES": ", ".join(STYLES),
        "LENGTH": LENGTHS[length],
        "FORMAT": format_sentence(schema),
        "ENTRY": quoted(entry),
        "COMPETITION": competition_words(competition),
        "FINDINGS": quoted(_findings(row)),
        "TECHNICAL": quoted(_technical(row)),
    }


def competition_words(competition: Competition | None) -> str:
    """Name and notes of the competition, as JSON."""
    if competition is None:
        return "null"
    return quoted({"name": plain_text(competition.name), "notes": plain_text(competition.notes, 2000)})


def _anchors(competition: Competition | None, max_score: float) -> str:
    anchors: Mapping[str, str] = competition.anchors if competition else {}
    if not anchors and max_score == 20:
        anchors = _ANCHORS_OF_20
    if not anchors:
        return f"0: the weakest picture you can think of; {max_score:g}: the strongest"
    return "\n".join(f"{plain_text(mark)}: {plain_text(meaning)}" for mark, meaning in anchors.items())


def _findings(row: Mapping[str, Any]) -> list[str | None]:
    """What the rules found, without the entrant's name: whoever judges does not know it."""
    sentences = [*(row["compliance_issues"] or ()), *(row["compliance_warnings"] or ())][:20]
    author = (row["author"] or "").strip()
    if author:
        sentences = [re.sub(re.escape(author), "the entrant", sentence, flags=re.I) for sentence in sentences]
    return [plain_text(sentence) for sentence in sentences]


def _technical(row: Mapping[str, Any]) -> dict[str, Any]:
    """The figures. Scores of networks that never saw a human mark are left out: they would only mislead a judge."""
    figures: dict[str, Any] = {name: _rounded(row[name]) for name in _TONAL}
    figures["tonal_summary"] = row["tonal_summary"]
    figures["monochrome"] = f"{row['mono_verdict']}: {row['mono_reason']}"
    if row["human_ratings"]:
        figures |= {name: _rounded(row[name]) for name in _SCORES}
    return figures


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
