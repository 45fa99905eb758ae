"""Tonal metrics: how a photograph's luminance is spread, in figures and in one sentence.

All figures come from the 8-bit grey picture (ITU-R BT.601 weights, as OpenCV converts) divided by 255, by way of what
its pixels add up to (`photograph/counts.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.metrics import light
from judge_vision.photograph.counts import Counts, mean_and_variance
from judge_vision.ranges import Percent, Share

U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class TonalSettings:
    """Limits of the tonal figures (fractions of the range 0..1) and of the words in the sentence."""

    black_point: Share = 0.02
    """Luminance below which a pixel counts as clipped shadow: 8-bit values 0 to 5."""
    white_point: Share = 0.98
    """Luminance above which a pixel counts as clipped highlight: 8-bit values 250 to 255."""
    low_percentile: Share = 0.01
    """Share of pixels that lie at or below the lower end of the dynamic range."""
    high_percentile: Share = 0.99
    """Share of pixels that lie at or below the upper end of the dynamic range."""
    subdued_below: Share = 0.5
    """Dynamic range below which contrast is called subdued."""
    punchy_above: Share = 0.8
    """Dynamic range above which contrast is called punchy."""
    dark_below: Share = 0.4
    """Mean luminance below which the exposure is called dark."""
    bright_above: Share = 0.6
    """Mean luminance above which the exposure is called bright."""
    clip_slight_percent: Percent = 1.0
    """Clipped pixels, percent, above which clipping is mentioned at all."""
    clip_marked_percent: Percent = 5.0
    """Clipped pixels, percent, above which clipping is called marked: a part of the picture, not speculars."""
    clip_severe_percent: Percent = 20.0
    """Clipped pixels, percent, above which clipping is called heavy: a fifth of the picture without detail."""
    flat_below: Share = 0.03
    """Local contrast below which detail is called flat."""
    aggressive_above: Share = 0.08
    """Local contrast above which detail is called aggressive."""

    def __post_init__(self) -> None:
        """Raise ValueError for limits that stand the wrong way round."""
        for low, high in (("black_point", "white_point"), ("low_percentile", "high_percentile")):
            if getattr(self, low) > getattr(self, high):
                raise ValueError(f"{low} must not be more than {high}")


def measure(rgb: U8, settings: TonalSettings | None = None) -> dict[str, float]:
    """The figures of an sRGB picture, uint8 [height, width, 3] of at least one pixel.

    Raises ValueError for an array of another type or shape.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
        raise ValueError(f"tonal.measure needs uint8 [height, width, 3], got {rgb.dtype} {list(rgb.shape)}")
    # imported here: the rule works on counts, and needs neither OpenCV nor Pillow
    from PIL import Image

    from judge_vision.photograph.counting import count

    return figures_of(count(Image.fromarray(rgb)), settings)


def figures_of(counts: Counts, settings: TonalSettings | None = None) -> dict[str, float]:
    """The eleven tonal and light figures of a picture with these counts.

    Finite floats: `mean_luma`, `contrast`, `edge_density`, `saturation`, `mean_luminance`, `dynamic_range`,
    `histogram_centre`, `mid_tone_range`, each 0..1; `clip_low_percent`, `clip_high_percent`, 0..100; `local_contrast`,
    0..8 (standard deviation of the 3x3 Laplacian of luminance).
    """
    pixels = counts.pixels
    spread = max(0.0, counts.slope_squares / pixels - (counts.slope_sum / pixels) ** 2)
    return {
        **light.figures_of(counts),
        **_from_counts(counts.grey, settings or TonalSettings()),
        "local_contrast": float(np.sqrt(spread)) / 255.0,
    }


def _from_counts(grey_counts: npt.NDArray[np.int64], limits: TonalSettings) -> dict[str, float]:
    """The figures that follow from how often each of the 256 grey values occurs; white (255) counts like any other."""
    pixels = int(grey_counts.sum())
    levels = np.arange(256) / 255.0
    reached = np.cumsum(grey_counts) / pixels
    low = int(np.searchsorted(reached, limits.low_percentile))
    high = int(np.searchsorted(reached, limits.high_percentile))
    mean, _ = mean_and_variance(grey_counts)
    return {
        "mean_luminance": mean,
        "dynamic_range": max(0.0, (high - low) / 255.0),
        "histogram_centre": mean,
        "clip_low_percent": 100.0 * float(grey_counts[levels < limits.black_point].sum()) / pixels,
        "clip_high_percent": 100.0 * float(grey_counts[levels > limits.white_point].sum()) / pixels,
        "mid_tone_range": float(reached[192] - reached[64]),
    }


def histogram(counts: Counts) -> list[int]:
    """How many pixels have a luminance in each of 128 equal bins, of two 8-bit values each, from black to white.

    With the default limits the first three and the last three bins hold just what counts as clipped.
    """
    return [int(pair) for pair in counts.grey.reshape(128, 2).sum(axis=1)]


def summarise(figures: dict[str, float], settings: TonalSettings) -> str:
    """One sentence on the figures of `measure`: contrast, exposure, clipping by amount, local contrast."""
    parts = [_contrast_words(figures, settings), _exposure_words(figures, settings)]
    clipping = [
        _clipping_words("highlights", figures["clip_high_percent"], settings),
        _clipping_words("shadows", figures["clip_low_percent"], settings),
    ]
    found = [words for words in clipping if words]
    parts += found or ["no clipping"]
    local = figures["local_contrast"]
    if local < settings.flat_below:
        parts.append("flat detail")
    elif local > settings.aggressive_above:
        parts.append("aggressive local contrast")
    sentence = ", ".join(parts)
    return sentence[0].upper() + sentence[1:] + "."


def _contrast_words(figures: dict[str, float], settings: TonalSettings) -> str:
    if figures["dynamic_range"] < settings.subdued_below:
        return "subdued contrast"
    return "punchy contrast" if figures["dynamic_range"] > settings.punchy_above else "balanced contrast"


def _exposure_words(figures: dict[str, float], settings: TonalSettings) -> str:
    if figures["mean_luminance"] < settings.dark_below:
        return "dark exposure"
    return "bright exposure" if figures["mean_luminance"] > settings.bright_above else "even exposure"


def _clipping_words(where: str, percent: float, settings: TonalSettings) -> str:
    """Clipping graded by amount: half a picture without detail is not a minor matter."""
    if percent > settings.clip_severe_percent:
        degree = "heavily"
    elif percent > settings.clip_marked_percent:
        degree = "markedly"
    elif percent > settings.clip_slight_percent:
        degree = "slightly"
    else:
        return ""
    return f"{where} {degree} clipped ({percent:.0f} % of the picture)"


def record(counts: Counts, settings: TonalSettings, light_settings: light.LightSettings) -> dict[str, Any]:
    """What the tonal record holds of one picture: the figures, `histogram`, `tonal_summary` and `light_notes`."""
    figures = figures_of(counts, settings)
    return {
        **figures,
        "histogram": histogram(counts),
        "tonal_summary": summarise(figures, settings),
        "light_notes": light.notes(figures, light_settings),
    }
