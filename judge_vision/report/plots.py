"""Plots as files, for Snakemake's own report: distributions of the main figures, one figure against another, verdicts.

Drawn by reportlab's charts as SVG. No text in them comes from a photograph.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from reportlab.graphics import renderSVG
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.lineplots import ScatterPlot
from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.graphics.widgets.markers import makeMarker
from reportlab.lib.colors import HexColor

from judge_vision.exports.results import Results, read_results
from judge_vision.records import store, words

FOLDER = Path("plots")
DISTRIBUTIONS, SCATTER, VERDICTS = (FOLDER / f"{name}.svg" for name in ("distributions", "scatter", "verdicts"))

_SHOWN = (
    "mark", "critique_score", "playoff_strength", "nima_aesthetic_mean", "nima_technical_mean", "musiq_mos",
    "mean_luminance", "dynamic_range", "local_contrast", "saturation", "clip_low_percent", "clip_high_percent",
)  # fmt: skip
_VERDICTS = {"pass": "Monochrome", "query": "Refer to a person", "fail": "Colour"}
_BINS = 20
# Points of the scatter plot: more cover each other, and each takes a third of a millisecond to draw.
_MOST_POINTS = 2_000
_WIDE, _TALL, _ACROSS = 300, 190, 3
_INK, _SOFT, _LINE, _BAR = (HexColor(code) for code in ("#1d1d1d", "#595959", "#d6d6d4", "#4a6f8f"))


def write_plots() -> list[Path]:
    """Write the plots of the results below the working directory; return their paths."""
    results = read_results()
    drawings = {
        DISTRIBUTIONS: ("Distributions of the main figures", _distributions(results)),
        SCATTER: ("MUSIQ and NIMA aesthetic", _scatter(results)),
        VERDICTS: ("Monochrome verdicts", _verdicts(results)),
    }
    for path, (title, drawing) in drawings.items():
        store.write_bytes(path, _svg(drawing, title))
    return list(drawings)


def bins(values: Sequence[float], number: int) -> tuple[list[int], float, float]:
    """Counts in `number` equal bins from the least to the largest value, the least, and a bin's width."""
    low, high = min(values), max(values)
    width = (high - low) / number or 1.0
    counts = [0] * number
    for value in values:
        counts[min(number - 1, int((value - low) / width))] += 1
    return counts, low, width


def _distributions(results: Results) -> Drawing:
    shown = [column.name for column in results.columns if column.name in _SHOWN and results.has(column.name)]
    shown.sort(key=_SHOWN.index)
    rows = max(1, math.ceil(len(shown) / _ACROSS))
    drawing = Drawing(_ACROSS * _WIDE, rows * _TALL)
    for place, name in enumerate(shown):
        left, bottom = place % _ACROSS * _WIDE, (rows - 1 - place // _ACROSS) * _TALL
        values = [row[name] for row in results.rows if row[name] is not None]
        counts, low, width = bins(values, _BINS)
        edges = [f"{low + bin_ * width:.{words.digits(name)}f}" if bin_ % 5 == 0 else "" for bin_ in range(_BINS)]
        drawing.add(_bars(counts, edges, left + 40, bottom + 36, _WIDE - 60, _TALL - 76))
        drawing.add(_text(words.heading(name, words.unrated(results.rows)), left + 40, bottom + _TALL - 26, 11, _INK))
    return drawing


def _bars(counts: list[int], labels: list[str], x: float, y: float, width: float, height: float) -> VerticalBarChart:
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = x, y, width, height
    chart.data = [counts]
    chart.barSpacing, chart.groupSpacing = 0, 1
    chart.bars[0].fillColor, chart.bars[0].strokeColor = _BAR, None
    chart.categoryAxis.categoryNames = labels
    chart.categoryAxis.visibleTicks = 0
    chart.valueAxis.valueMin = 0
    chart.valueAxis.valueStep = max(1, math.ceil(max(counts, default=1) / 4))
    for axis in (chart.categoryAxis, chart.valueAxis):
        _soften(axis)
    return chart


def _scatter(results: Results) -> Drawing:
    drawing = Drawing(760, 460)
    across, up = "musiq_mos", "nima_aesthetic_mean"
    points = [(row[across], row[up]) for row in results.rows if row[across] is not None and row[up] is not None]
    unrated = words.unrated(results.rows)
    drawing.add(_text(words.heading(up, unrated), 20, 436, 11, _INK))
    drawing.add(_text(words.heading(across, unrated), 740, 12, 11, _INK, "end"))
    if points:
        chart = ScatterPlot()
        chart.x, chart.y, chart.width, chart.height = 50, 50, 690, 370
        every = math.ceil(len(points) / _MOST_POINTS)
        chart.data = [points[::every]]
        if every > 1:
            drawing.add(_text(f"one photograph in {every} is drawn", 20, 12, 8.5, _SOFT))
        chart.xLabel = chart.yLabel = ""
        chart.outerBorderOn = 0
        chart.lineLabelFormat = None
        chart.lines[0].symbol = makeMarker("FilledCircle")
        chart.lines[0].symbol.fillColor, chart.lines[0].symbol.strokeColor = _BAR, None
        chart.lines[0].symbol.size = 5
        for axis, values in ((chart.xValueAxis, [x for x, _ in points]), (chart.yValueAxis, [y for _, y in points])):
            axis.valueMin, axis.valueMax = math.floor(min(values)), math.ceil(max(values)) or 1
            axis.valueStep = None
            axis.labelTextFormat = "%g"
            _soften(axis)
        drawing.add(chart)
    return drawing


def _verdicts(results: Results) -> Drawing:
    tally: Counter[str] = Counter()
    for row in results.rows:
        tally["Failed" if row["status"] == "failed" else _VERDICTS.get(row["mono_verdict"], "Not judged")] += 1
    labels = [*_VERDICTS.values(), *(label for label in ("Not judged", "Failed") if tally[label])]
    drawing = Drawing(520, 280)
    chart = _bars([tally[label] for label in labels], labels, 50, 50, 450, 180)
    chart.groupSpacing = 30
    chart.barLabelFormat = "%d"
    chart.barLabels.nudge = 8
    chart.barLabels.fontName = "Helvetica"
    drawing.add(chart)
    drawing.add(_text("Photographs by monochrome verdict", 20, 256, 11, _INK))
    return drawing


def _text(text: str, x: float, y: float, size: float, colour: HexColor, anchor: str = "start") -> String:
    return String(x, y, text, fontName="Helvetica", fontSize=size, fillColor=colour, textAnchor=anchor)


def _soften(axis: object) -> None:
    """Axes in the page's greys: the figures speak."""
    axis.strokeColor = _LINE  # type: ignore[attr-defined]
    axis.labels.fontName, axis.labels.fontSize, axis.labels.fillColor = "Helvetica", 8.5, _SOFT  # type: ignore[attr-defined]


def _svg(drawing: Drawing, title: str) -> bytes:
    paper = Rect(0, 0, drawing.width, drawing.height, fillColor=HexColor("#ffffff"), strokeColor=None)
    drawing.contents.insert(0, paper)
    # reportlab leaves the place for a title unfilled
    return str(renderSVG.drawToString(drawing)).replace("<title>...</title>", f"<title>{title}</title>").encode()
