"""The monochrome figures of the reference system, on floating-point CIELAB: kept for comparison with its results.

Percentages are shares of pixels in 0..1, angles degrees, chroma C = sqrt(a^2 + b^2) in CIELAB units.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_BINS = 36
_BIN_DEGREES = 360 / _BINS
_AT_ONCE = 1 << 14
"""Pixels worked on at once where several steps follow each other: what is in a core's cache is not fetched again."""
_LEAST = np.finfo(np.float32).tiny
_SHARES = np.arange(256, dtype=np.float32) / np.float32(255)


def lab_of(rgb: npt.NDArray[np.uint8]) -> tuple[Plane, Plane, Plane]:
    """CIELAB (D65), three planes float32 [height, width], of sRGB, uint8 [height, width, 3]."""
    lightness, a, b = planes = tuple(np.empty(rgb.shape[:2], np.float32) for _ in range(3))
    rows = max(1, _AT_ONCE // rgb.shape[1])
    for first in range(0, len(rgb), rows):
        part = slice(first, first + rows)
        lab = cv2.cvtColor(cv2.LUT(rgb[part], _SHARES), cv2.COLOR_RGB2LAB)
        cv2.mixChannels([lab], [plane[part] for plane in planes], [0, 0, 1, 1, 2, 2])
    return lightness, a, b


def largest_cluster(mask: Mask) -> float:
    """Share of the picture in the biggest 8-connected part of `mask`, gaps up to a tenth of each side closed."""
    if not mask.any():
        return 0.0
    height, width = mask.shape
    kernel = np.ones((max(1, round(height * 0.1)), max(1, round(width * 0.1))), np.uint8)
    closed = cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_CLOSE, kernel)
    parts, labels = cv2.connectedComponents(closed, connectivity=8)
    # an even kernel shifts: some of the mask may lie outside of every part
    if parts == 2:
        return share(mask & closed.view(np.bool_))
    counted = np.bincount(labels[mask], minlength=parts)
    return float(counted[1:].max(initial=0)) / mask.size


def share(mask: Mask) -> float:
    """Share of the pixels of a mask that are set."""
    return np.count_nonzero(mask) / mask.size


def angle_between(one: float, other: float) -> float:
    """The smaller angle between two hues, 0 to 180 degrees."""
    return abs((one - other + 180) % 360 - 180)


def hue_deg(a: npt.ArrayLike, b: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The hues of a and b, [number] or one of each: float64, 0 to 360 degrees, 360 not among them."""
    degrees = np.degrees(np.arctan2(b, a, dtype=np.float64)) % 360
    # a tiny negative angle modulo 360 is 360 in floating point
    return np.asarray(np.where(degrees < 360, degrees, 0.0))


def figures(lightness: Plane, a: Plane, b: Plane, chroma: Plane) -> dict[str, Any]:
    """Every figure of the reference's check of a picture in CIELAB, four planes [height, width]."""
    median, p95, p99 = _percentiles(chroma, (50, 95, 99))
    above2, above4 = chroma > 2, chroma > 4
    return {
        "c_median": median,
        "c_p95": p95,
        "c_p99": p99,
        "c_max": float(chroma.max()),
        "r2": share(above2),
        "r4": share(above4),
        "cluster2": largest_cluster(above2),
        "cluster4": largest_cluster(above4),
        "shadow_share": share((lightness <= 20) & (chroma <= 1)),
        **_hue_figures(lightness, a, b, chroma, above2 if above2.any() else chroma > 0),
    }


def _hue_figures(lightness: Plane, a: Plane, b: Plane, chroma: Plane, coloured: Mask) -> dict[str, Any]:
    """Hue statistics of the coloured pixels, weighted by chroma.

    C cos(hue) is a and C sin(hue) is b, so most need no angle at all.
    """
    names = ("R", "R2", "sigma_deg", "mean_hue_deg", "drift_deg_per_L", "delta_deg")
    if not coloured.any():
        none: dict[str, Any] = dict.fromkeys(names)
        return {**none, "peaks_deg": [], "peak_masses": [], "m2": 0.0, "highs_shadows_deg": 0.0}
    hue = np.degrees(np.arctan2(b, a))
    np.add(hue, np.float32(360), out=hue, where=hue < 0)
    levels, hues = _by_lightness(lightness, hue, coloured)
    # the others count as nothing, which is cheaper than to take them out
    a, b, weight = (plane * coloured for plane in (a, b, chroma))
    total = _sum(weight)
    a_sum, b_sum = _sum(a), _sum(b)
    resultant = min(1.0, float(np.hypot(a_sum, b_sum)) / total)
    # C cos(2 hue) is a^2 / C - b^2 / C, and C sin(2 hue) is 2 a b / C
    turned = b / np.maximum(chroma, _LEAST)
    doubled = min(1.0, float(np.hypot(total - 2 * _dot(b, turned), 2 * _dot(a, turned))) / total)
    peaks = _peaks(a, b, weight, hue)
    masses = [mass / float(chroma.max()) for _, mass in peaks]
    # ties of L belong to both quarters
    dark, light = lightness <= _quantile(levels, 0.25), lightness >= _quantile(levels, 0.75)
    return {
        "R": resultant,
        "R2": doubled,
        "sigma_deg": float(np.degrees(np.sqrt(-2 * np.log(min(max(resultant, 1e-12), 1 - 1e-6))))),
        "mean_hue_deg": _hue(a_sum, b_sum),
        "drift_deg_per_L": _drift(hues, levels),
        "peaks_deg": [angle for angle, _ in peaks],
        "peak_masses": masses,
        "delta_deg": angle_between(peaks[0][0], peaks[1][0]) if len(peaks) > 1 else None,
        "m2": masses[1] / sum(masses) if len(peaks) > 1 else 0.0,
        "highs_shadows_deg": angle_between(*(_hue(_mean(a, part), _mean(b, part)) for part in (light, dark))),
    }


def length(a: Plane, b: Plane) -> Plane:
    """sqrt(a^2 + b^2) of two planes, float32 [height, width] or flat."""
    # OpenCV's `magnitude` gives other last digits where an array happens to lie elsewhere
    return np.sqrt(a * a + b * b)


def _sum(values: Plane) -> float:
    return float(cv2.sumElems(values)[0])  # in double precision


def _dot(one: Plane, other: Plane) -> float:
    return _sum(one * other)


def _hue(a: float, b: float) -> float:
    return float(hue_deg(a, b))


def _mean(values: Plane, part: Mask) -> float:
    return float(cv2.mean(values, part.view(np.uint8))[0])


def _percentiles(plane: Plane, percents: tuple[int, ...]) -> list[float]:
    """NumPy's percentiles, of a plane without NaN: it would look for one."""
    places = [percent / 100 * (plane.size - 1) for percent in percents]
    around = sorted({end for place in places for end in (math.floor(place), math.ceil(place))})
    ordered = np.partition(plane, around, axis=None)
    return [_quantile(ordered, percent / 100) for percent in percents]


def _by_lightness(lightness: Plane, hue: Plane, coloured: Mask) -> tuple[Plane, Plane]:
    """L of the coloured pixels in ascending order, and their hues, in the order of the picture where L is equal: so the
    drift hangs on no processor's way of sorting.

    NumPy sorts whole numbers of 16 bits by counting, in a tenth of the time of floats, and OpenCV's L loses nothing: it
    comes in steps of 100 / 2^14.
    """
    # as pairs, which are fetched once
    pairs = np.empty(lightness.shape, np.complex64)
    pairs.real, pairs.imag = lightness, hue
    pairs = pairs[coloured]
    steps = (pairs.real * np.float32(2**14 / 100) + np.float32(0.5)).astype(np.uint16)
    pairs = pairs[np.argsort(steps, kind="stable")]
    return np.asarray(pairs.real), np.asarray(pairs.imag)


def _quantile(ordered: Plane, share: float) -> float:
    """NumPy's percentile of values of which those around it are in ascending order."""
    at = share * (len(ordered) - 1)
    low, high = (float(ordered[index]) for index in (math.floor(at), math.ceil(at)))
    return low + (high - low) * (at - math.floor(at))


def _drift(hue: Plane, lightness: Plane) -> float | None:
    """Slope of the hue (degrees), unwrapped, against L, both in the order of L; None where L does not vary."""
    if lightness[-1] - lightness[0] < 1e-6:
        return None
    # in double precision: half a turn too much or too little changes the slope
    mean, turns, before = lightness.mean(dtype=np.float64), 0.0, hue[:1].astype(np.float64)
    products = squares = 0.0
    for first in range(0, len(hue), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        turned, levels = hue[part].astype(np.float64), lightness[part].astype(np.float64) - mean
        steps = np.diff(turned, prepend=before)
        wound = np.cumsum((steps > 180).view(np.int8) - (steps < -180).view(np.int8), dtype=np.float64)
        products += float(levels @ (turned - 360 * (wound + turns)))
        squares += float(levels @ levels)
        turns, before = turns + float(wound[-1]), turned[-1:]
    return products / squares


def _peaks(a: Plane, b: Plane, chroma: Plane, hue: Plane) -> list[tuple[float, float]]:
    """Up to three hues (degrees) where chroma gathers, with their mass over +-2 bins, heaviest first."""
    # a hue of 360 is one of 0
    bins = (hue * np.float32(1 / _BIN_DEGREES)).astype(np.intp).ravel()
    sums = np.array([np.bincount(bins, values.ravel(), _BINS + 1) for values in (chroma, a, b)])
    sums[:, 0] += sums[:, _BINS]
    sums = sums[:, :_BINS]
    histogram = sums[0]
    smooth = (np.roll(histogram, 1) + 2 * histogram + np.roll(histogram, -1)) / 4
    chosen: list[int] = []
    for index in np.argsort(-smooth, kind="stable"):
        apart = all(angle_between(index * _BIN_DEGREES, other * _BIN_DEGREES) >= 20 for other in chosen)
        local = smooth[index] >= smooth[index - 1] and smooth[index] >= smooth[(index + 1) % _BINS]
        if smooth[index] > 0 and apart and local and len(chosen) < 3:
            chosen.append(int(index))
    found = []
    for index in chosen:
        mass, a_sum, b_sum = sums[:, np.arange(index - 2, index + 3) % _BINS].sum(axis=1)
        found.append((_hue(a_sum, b_sum), float(mass)))
    return sorted(found, key=lambda peak: -peak[1])
