"""The page's words for the table's columns and for statuses, and how many digits a figure is worth."""

from __future__ import annotations

from typing import Any

from judge_vision.records.columns import COLUMNS, Column

MODEL_SCORES = (
    "nima_aesthetic_mean",
    "nima_aesthetic_std",
    "nima_technical_mean",
    "nima_technical_std",
    "musiq_mos",
)
"""Columns that a network filled: where it was never shown a human mark, the page says so beside each of them."""

UNRATED = "no human ratings"

_TITLES = {
    "image": "File",
    "sha256": "SHA-256",
    "error_type": "Kind of failure",
    "error": "Failure",
    "bytes": "File size",
    "nima_aesthetic_mean": "NIMA aesthetic",
    "nima_aesthetic_std": "NIMA aesthetic, spread",
    "nima_technical_mean": "NIMA technical",
    "nima_technical_std": "NIMA technical, spread",
    "musiq_mos": "MUSIQ",
    "mean_luma": "Mean luma",
    "histogram_centre": "Histogram centre",
    "clip_low_percent": "Clipped shadows",
    "clip_high_percent": "Clipped highlights",
    "tonal_summary": "Tones in words",
    "mono_verdict": "Monochrome verdict",
    "mono_mode": "Monochrome mode",
    "mono_reason": "Monochrome reason",
    "mono_reason_code": "Monochrome reason code",
    "mono_dominant_tone": "Tone",
    "exif_present": "EXIF data",
    "taken_at": "Taken",
    "digital_source_type": "Digital source type",
    "c2pa_present": "C2PA manifest",
    "compliance_passed": "Complies with the rules",
    "compliance_issues": "Broken rules",
    "compliance_warnings": "Remarks on rules",
    "model_bundle": "Model bundle",
    "human_ratings": "Trained on human ratings",
    "iqa_engine": "Scoring engine",
    "musiq_max_side": "MUSIQ's cap on the longer side",
}

_DIGITS = {
    "nima_aesthetic_mean": 2,
    "nima_aesthetic_std": 2,
    "nima_technical_mean": 2,
    "nima_technical_std": 2,
    "musiq_mos": 1,
    "clip_low_percent": 2,
    "clip_high_percent": 2,
}


def title(name: str) -> str:
    """A column's or a figure's name for people: the known ones by hand, any other from its own name."""
    if name in _TITLES:
        return _TITLES[name]
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def describe_columns(names: list[str], unrated: bool) -> list[dict[str, Any]]:
    """What the page needs to know of each column; `names` beyond the schema's are columns of the user's own list."""
    known = {column.name: column for column in COLUMNS}
    return [_describe(known.get(name) or _own(name), unrated) for name in names]


def _own(name: str) -> Column:
    return Column(name, "string", "list", "Column of your own list")


def _describe(column: Column, unrated: bool) -> dict[str, Any]:
    marked = unrated and column.name in MODEL_SCORES
    return {
        "name": column.name,
        "short": title(column.name),
        "title": f"{title(column.name)} ({UNRATED})" if marked else title(column.name),
        "type": column.type,
        "unit": column.unit,
        "range": column.range,
        "description": column.description,
        "source": column.source,
        "digits": _DIGITS.get(column.name, 3) if column.type == "float64" else 0,
    }
