"""Words for people: the table's columns and for statuses, and how many digits a figure is worth."""

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

MEANS = ("nima_aesthetic_mean", "nima_technical_mean", "musiq_mos")
"""Those of them that are scores; the others say how far opinions would spread."""

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
    "critique_score": "Critique's score",
    "critique_status": "Critique",
    "critique_error_type": "Critique, kind of failure",
    "critique_error": "Critique, failure",
    "critique_words": "Words in the critique",
    "critique_engine": "Critique written by",
    "critique_notice": "About the critique",
    "critique": "Critique in words",
    "band": "Award band",
    "rank_of": "Ranked in the category",
    "playoff_strength": "Playoff strength",
    "playoff_low": "Playoff strength, low end",
    "playoff_high": "Playoff strength, high end",
    "ranking_notice": "About the ranking",
    "ranking_score": "Score that ranks",
    "ranking_score_source": "Score that ranks, source",
    "ranking_status": "Ranking",
    "ranking_reason": "Not ranked because",
}

_DIGITS = {
    "nima_aesthetic_mean": 2,
    "nima_aesthetic_std": 2,
    "nima_technical_mean": 2,
    "nima_technical_std": 2,
    "musiq_mos": 1,
    "clip_low_percent": 2,
    "clip_high_percent": 2,
    "critique_score": 1,
    "critique_max_score": 0,
    "mark": 1,
    "ranking_score": 2,
    "playoff_strength": 2,
    "playoff_low": 2,
    "playoff_high": 2,
}


def title(name: str) -> str:
    """A column's or a figure's name for people: the known ones by hand, any other from its own name."""
    if name in _TITLES:
        return _TITLES[name]
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def scores_sentence(rows: list[dict[str, Any]], bundle: dict[str, Any]) -> str:
    """What kind of scores these are, for a reader who knows no model."""
    label = f"{bundle.get('name', 'unknown')} {bundle.get('version', '')}".strip()
    if not any(row["model_bundle"] for row in rows):
        return "No photograph has scores of a network."
    if unrated(rows):
        return (
            f"NIMA and MUSIQ scores: bundle {label}, no human ratings. Its networks were never shown a mark given by a "
            "person: they are no judge's opinion, and neither a ranking nor an award may rest on them."
        )
    return (
        f"NIMA and MUSIQ scores: bundle {label}, networks trained on marks given by people. They predict what an "
        "average viewer would say, not what this competition's judges will."
    )


def unrated(rows: list[dict[str, Any]]) -> bool:
    """Whether any score comes from networks that were never shown a human mark."""
    return any(row["human_ratings"] is False for row in rows)


def digits(name: str) -> int:
    """How many decimals of a figure are worth showing."""
    return _DIGITS.get(name, 3)


def heading(name: str, unrated: bool) -> str:
    """A column's name for people; with `unrated`, a network's score says that it saw no human mark."""
    return f"{title(name)} ({UNRATED})" if unrated and name in MODEL_SCORES else title(name)


def shown_title(row: dict[str, Any]) -> str:
    """How a photograph is called: by its title, else by its file's name."""
    return str(row["title"] or row["image"].rsplit("/", 1)[-1])


def describe_columns(names: list[str], unrated: bool) -> list[dict[str, Any]]:
    """What the page needs to know of each column; `names` beyond the schema's are columns of the user's own list."""
    known = {column.name: column for column in COLUMNS}
    return [_describe(known.get(name) or _own(name), unrated) for name in names]


def _own(name: str) -> Column:
    return Column(name, "string", "list", "Column of your own list")


def _describe(column: Column, unrated: bool) -> dict[str, Any]:
    return {
        "name": column.name,
        "short": title(column.name),
        "title": heading(column.name, unrated),
        "type": column.type,
        "unit": column.unit,
        "range": column.range,
        "description": column.description,
        "source": column.source,
        "digits": digits(column.name) if column.type == "float64" else 0,
    }
