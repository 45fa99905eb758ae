"""Where a picture departs from its tone curve: as a picture, and in words."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]

_LONG_SIDE_PX = 512
# A departure of 3 begins to show, one of 15 is plain: the ends of the colour scale.
_FROM, _TO = 1.5, 15.0
# The picture beneath, by its grey value: a step from black, and far from white.
_DIM = np.rint(np.arange(256) * 0.6 + 20).astype(np.uint8)


def heat_map(rgb: U8, departure: Plane) -> U8:
    """The picture in dim grey with departures in colour, uint8 [height, width, 3], longer side at most 512.

    Scale: transparent at 1.5 CIELAB units, through orange, to yellow at 15 and above.
    """
    height, width = departure.shape
    ratio = min(1.0, _LONG_SIDE_PX / max(height, width))
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    grey = cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    away = cv2.resize(departure, size, interpolation=cv2.INTER_AREA)
    strength = np.clip((away - _FROM) / (_TO - _FROM), 0, 1)
    scale = cv2.applyColorMap((90 + 165 * strength).astype(np.uint8), cv2.COLORMAP_INFERNO)
    cover = np.sqrt(strength)
    dim = cv2.cvtColor(cv2.LUT(grey, _DIM), cv2.COLOR_GRAY2BGR)
    blended = cv2.blendLinear(scale, dim, cover, 1 - cover)
    return np.asarray(cv2.cvtColor(blended, cv2.COLOR_BGR2RGB), np.uint8)


def where_words(departure: Plane, threshold: float) -> str:
    """Where departures above `threshold` lie, by their centre of mass; "all over" where they are spread.

    `departure` is float32 [height, width].
    """
    _, strong = cv2.threshold(departure, threshold, 0, cv2.THRESH_TOZERO)
    if not strong.any():
        strong = departure
    rows, columns = (cv2.reduce(strong, axis, cv2.REDUCE_SUM, dtype=cv2.CV_64F).ravel() for axis in (1, 0))
    total = float(rows.sum())
    if total == 0:
        return "all over"
    y, x = ((np.arange(len(sums)) + 0.5) / len(sums) for sums in (rows, columns))
    centre_y, centre_x = float(rows @ y) / total, float(columns @ x) / total
    spread = max(
        float(np.sqrt(rows @ (y - centre_y) ** 2 / total)), float(np.sqrt(columns @ (x - centre_x) ** 2 / total))
    )
    vertical = "upper" if centre_y < 0.4 else "lower" if centre_y > 0.6 else ""
    side = "left" if centre_x < 0.4 else "right" if centre_x > 0.6 else ""
    if not vertical and not side:
        return "all over" if spread > 0.2 else "in the centre"
    return f"mostly in the {' '.join(filter(None, [vertical, side]))} part"
