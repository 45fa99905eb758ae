"""Agreement plots as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup, escape

WIDTH, HEIGHT = 560, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 44


def agreement_plot(name: str, found: dict[str, Any]) -> Markup:
    """Marks against scores, a dot for each photograph, with the fitted mapping as a line; names on the dots."""
    points = found["points"]
    if not points:
        return Markup("")
    across = _Axis([point["score"] for point in points], _LEFT, WIDTH - _RIGHT)
    up = _Axis([point["mark"] for point in points], HEIGHT - _BOTTOM, _TOP)
    parts = [*_grid(across, up, name)]
    if found["mapping"]:
        line = found["mapping"]
        path = " ".join(
            f"{across.at(score):.1f},{up.at(mark):.1f}"
            for score, mark in zip(line["scores"], line["marks"], strict=True)
        )
        parts.append(Markup('<polyline class="fit" points="{}"/>').format(path))
    for point in points:
        label = f"{point['image']}: score {point['score']:.2f}, mark {point['mark']:g}"
        dot = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="4"><title>{}</title></circle>')
        parts.append(dot.format(across.at(point["score"]), up.at(point["mark"]), label))
    head = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">')
    about = f"Marks against {name} of {len(points)} photographs"
    return head.format(WIDTH, HEIGHT, about) + Markup("\n").join(parts) + Markup("</svg>")


class _Axis:
    """A scale from values to pixels with round ticks."""

    def __init__(self, values: list[float], first_px: float, last_px: float) -> None:
        low, high = min(values), max(values)
        reach = (high - low) or 1.0
        self.low, self.high = low - reach * 0.05, high + reach * 0.05
        self._first, self._last = first_px, last_px

    def at(self, value: float) -> float:
        return self._first + (value - self.low) / (self.high - self.low) * (self._last - self._first)

    def ticks(self) -> Iterator[float]:
        raw = (self.high - self.low) / 6
        unit = 10.0 ** math.floor(math.log10(raw))
        step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= raw)
        number = math.ceil(self.low / step)
        while number * step <= self.high:
            yield number * step
            number += 1


def _grid(across: _Axis, up: _Axis, name: str) -> Iterator[Markup]:
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    line = Markup('<line class="grid" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
    text = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>')
    for tick in across.ticks():
        yield line.format(across.at(tick), _TOP, across.at(tick), bottom)
        yield text.format(across.at(tick), bottom + 16, "middle", f"{tick:g}")
    for tick in up.ticks():
        yield line.format(_LEFT, up.at(tick), right, up.at(tick))
        yield text.format(_LEFT - 6, up.at(tick) + 4, "end", f"{tick:g}")
    yield text.format((_LEFT + right) / 2, HEIGHT - 8, "middle", escape(name))
    yield Markup('<text transform="translate(14 {:.1f}) rotate(-90)" text-anchor="middle">mark</text>').format(
        (_TOP + bottom) / 2
    )
