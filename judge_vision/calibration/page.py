"""The page of the calibration: one file, no script, no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from judge_vision.calibration.plot import agreement_plot

_TEMPLATE = Path(__file__).with_name("page.html")


def render(found: dict[str, Any], marked: int, unmatched: int, least: int) -> str:
    """The page as HTML; names of files and categories are escaped."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["figure"] = _figure
    scores = {
        name: {**one, "lines": _lines(one), "plot": agreement_plot(name, one)} for name, one in found["scores"].items()
    }
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(scores=scores, marked=marked, unmatched=unmatched, least=least)


def _lines(found: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    categories = [(name or "without a category", figures) for name, figures in found["by_category"].items() if figures]
    return [("all", found["all"]), *categories]


def _figure(value: float | None, interval: list[float] | None) -> str:
    if value is None:
        return "all equal"
    return f"{value:.2f}" + (f" [{interval[0]:.2f}, {interval[1]:.2f}]" if interval else "")
