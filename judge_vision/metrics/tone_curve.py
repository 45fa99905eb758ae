"""Is a picture a curve in CIELAB? A neutral or toned one is: its colour follows from its lightness alone.

For each lightness the tone curve has the median (a, b); what a pixel departs from it is averaged over its
neighbourhood, so that noise and the halos of JPEG's coarse chroma cancel while a patch of another colour stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from judge_vision.metrics.mono_figures import length

Plane = npt.NDArray[np.float32]

_BINS = 50
_BIN_WIDTH = 100 / _BINS
_NEIGHBOURS = 7
_FINE = 4000  # steps of L between which the curve is interpolated beforehand


@dataclass(frozen=True)
class ToneCurve:
    """(a, b) by lightness, float64 [50, 2], how many pixels each lightness has, and how far each pixel departs.

    `departure` is float32 [height, width], in CIELAB units, smoothed over a ninth-pixel square of the 1024 px picture.
    """

    ab: npt.NDArray[np.float64]
    pixels: npt.NDArray[np.int64]
    departure: Plane

    @property
    def chroma(self) -> npt.NDArray[np.float64]:
        """Chroma of the curve by lightness, float64 [50]."""
        return np.asarray(np.hypot(self.ab[:, 0], self.ab[:, 1]))

    @property
    def hue_deg(self) -> npt.NDArray[np.float64]:
        """Hue of the curve by lightness, float64 [50], 0 to 360 degrees; meaningless where the chroma is near 0."""
        return np.asarray(np.degrees(np.arctan2(self.ab[:, 1], self.ab[:, 0])) % 360)


def fit(lab: Plane, smoothing_px: int) -> ToneCurve:
    """The tone curve of a picture in CIELAB, float32 [height, width, 3]."""
    lightness, *colour = (np.asarray(plane, np.float32) for plane in cv2.split(lab))
    # whole numbers from here: counting is several times as fast as sorting, and a median to 1/16 is exact enough
    fine = np.clip(lightness * np.float32(_FINE / 100), 0, _FINE - 1).astype(np.intp)
    bins = fine // (_FINE // _BINS)
    pixels = np.bincount(bins.ravel(), minlength=_BINS)
    filled = pixels > 0
    ab = np.stack([_medians(bins, plane, pixels) for plane in colour], axis=1)
    ab[filled] = _running_median(ab[filled])
    centres = (np.arange(_BINS) + 0.5) * _BIN_WIDTH
    parts = []
    for channel, plane in enumerate(colour):
        curve = np.interp((np.arange(_FINE) + 0.5) * (100 / _FINE), centres[filled], ab[filled, channel])
        away = plane - np.take(curve.astype(np.float32), fine)
        parts.append(cv2.blur(away, (smoothing_px, smoothing_px)))
    return ToneCurve(ab, pixels, length(*(np.asarray(part, np.float32) for part in parts)))


def _medians(bins: npt.NDArray[np.intp], plane: Plane, pixels: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The median of `plane` in each bin, to 1/16; 0 where a bin is empty."""
    values = np.rint(plane * np.float32(16))
    np.clip(values, -2048, 2047, out=values)
    # columns for the values that there are: a picture has a few hundred of four thousand
    least = int(values.min())
    columns = int(values.max()) - least + 1
    keys = bins * columns - least
    keys += values.astype(np.intp)
    reached = np.cumsum(np.bincount(keys.ravel(), minlength=_BINS * columns))
    before = np.cumsum(pixels) - pixels
    # the one or two pixels in the middle of each bin, counted over all bins
    low, high = (np.searchsorted(reached, before + middle) for middle in ((pixels + 1) // 2, pixels // 2 + 1))
    firsts = 2 * columns * np.arange(_BINS)
    return np.where(pixels > 0, (low + high - firsts + 2 * least) / 32, 0.0)


def _running_median(ab: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each (a, b) replaced by the median of its neighbours: a spot that fills a lightness by itself is no tone."""
    reach = _NEIGHBOURS // 2
    padded = np.pad(ab, [(reach, reach), (0, 0)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _NEIGHBOURS, axis=0)
    return np.asarray(np.median(windows, axis=-1))


def largest_part(mask: npt.NDArray[np.bool_]) -> float:
    """Share of the picture in the largest 8-connected part of `mask`."""
    if not mask.any():
        return 0.0
    _, _, statistics, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    return float(statistics[1:, cv2.CC_STAT_AREA].max()) / mask.size
