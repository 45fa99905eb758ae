"""Light signals: four figures of the 8-bit luma and the HSV saturation, as Pillow computes both."""

from __future__ import annotations

import math
from dataclasses import dataclass

from judge_vision.photograph.counts import Counts, mean_and_variance
from judge_vision.ranges import Share


@dataclass(frozen=True)
class LightSettings:
    """Below which value a light signal earns a note."""

    low_contrast: Share = 0.08
    """Standard deviation of luma, 0 to 0.5: the value below which the light is called flat."""
    low_edge_density: Share = 0.05
    """Mean edge strength, 0 to 1: the value below which the picture is called soft."""
    low_saturation: Share = 0.15
    """Mean HSV saturation, 0 to 1: the value below which colour is called muted."""


def figures_of(counts: Counts) -> dict[str, float]:
    """`mean_luma`, `contrast` (population standard deviation), `edge_density`, `saturation`: all 0 to 1."""
    pixels = counts.pixels
    mean, variance = mean_and_variance(counts.luma)
    return {
        "mean_luma": mean,
        "contrast": math.sqrt(variance),
        # fewer than three rows or columns leave no pixel with eight neighbours: no edges
        "edge_density": counts.edge_sum / counts.edge_pixels / 255.0 if counts.edge_pixels else 0.0,
        "saturation": counts.saturation_sum / pixels / 255.0,
    }


def notes(figures: dict[str, float], settings: LightSettings) -> list[str]:
    """A sentence for each light signal that is low, in a fixed order; `figures` as from `tonal.measure`."""
    found = []
    if figures["contrast"] < settings.low_contrast:
        found.append("Light and dark lie close together: the light is flat.")
    if figures["edge_density"] < settings.low_edge_density:
        found.append("Few sharp transitions: the picture is soft or has large plain areas.")
    if figures["saturation"] < settings.low_saturation:
        found.append("Little colour: the picture is muted or monochrome.")
    return found
