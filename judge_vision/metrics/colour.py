"""Colourfulness: how vivid the colours of a photograph look, in one figure."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt


def colourfulness(rgb: npt.NDArray[np.uint8]) -> float:
    """The metric M3 of Hasler and Suesstrunk, "Measuring colourfulness in natural images" (2003): 0 for grey.

    `rgb` is sRGB, uint8 [height, width, 3]. In the opponent space rg = R - G, yb = (R + G) / 2 - B the figure is
    sigma_rgyb + 0.3 mu_rgyb, where sigma_rgyb^2 = sigma_rg^2 + sigma_yb^2 and mu_rgyb^2 = mu_rg^2 + mu_yb^2. The
    authors' viewers called 15 slightly, 33 moderately, 59 quite and 109 extremely colourful.
    """
    red, green, blue = (plane.astype(np.int16) for plane in cv2.split(rgb))
    # yb is doubled, so that both are exact integers
    (rg, rg_std), (yb, yb_std) = (
        (float(mean[0, 0]), float(std[0, 0]))
        for mean, std in map(cv2.meanStdDev, (red - green, red + green - 2 * blue))
    )
    return float(np.hypot(rg_std, yb_std / 2) + 0.3 * np.hypot(rg, yb / 2))
