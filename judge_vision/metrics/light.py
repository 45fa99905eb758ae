"""Light signals: four figures of the 8-bit luma and the HSV saturation, as Pillow computes both."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

U8 = npt.NDArray[np.uint8]

# Pillow's FIND_EDGES: eight times the pixel less its eight neighbours, cut off at 0 and 255.
_FIND_EDGES = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], np.float32)


@dataclass(frozen=True)
class LightSettings:
    """Below which value a light signal earns a note."""

    low_contrast: float = 0.08
    """Standard deviation of luma, 0 to 0.5: the value below which the light is called flat."""
    low_edge_density: float = 0.05
    """Mean edge strength, 0 to 1: the value below which the picture is called soft."""
    low_saturation: float = 0.15
    """Mean HSV saturation, 0 to 1: the value below which colour is called muted."""


def _saturation_table() -> npt.NDArray[np.float64]:
    """HSV saturation, 0 to 255, by [largest, smallest] channel value: Pillow divides in float32 and truncates."""
    largest, smallest = np.mgrid[0:256, 0:256].astype(np.float32)
    share = np.where(largest > smallest, (largest - smallest) / np.maximum(largest, 1), np.float32(0))
    table: npt.NDArray[np.float64] = np.floor(share.astype(np.float64) * 255.0)
    return table


_SATURATION = _saturation_table()


@dataclass
class LightSums:
    """What the strips of one picture add up to: everything that the four figures need."""

    luma_counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    edge_sum: int = 0
    edge_pixels: int = 0
    saturation_sum: float = 0.0

    def add(self, rgb: U8, above: int, below: int) -> None:
        """Count one strip of rows.

        `rgb` is uint8 [rows, width, 3]; its first `above` and last `below` rows (0 or 1) belong to the neighbouring
        strips and only serve the 3x3 filter. Where there is no neighbour, the outermost ring of the picture is left out
        of the edge density: Pillow copies it instead of filtering it, so a flat white picture would show edges.
        """
        luma = np.asarray(Image.fromarray(rgb).convert("L"))
        own = slice(above, luma.shape[0] - below)
        self.luma_counts += counts(luma[own])
        edges = cv2.filter2D(luma, -1, _FIND_EDGES)[1:-1, 1:-1]
        self.edge_pixels += edges.size
        self.edge_sum += int(np.sum(edges, dtype=np.int64))
        red, green, blue = cv2.split(rgb[own])
        largest = cv2.max(cv2.max(red, green), blue)
        smallest = cv2.min(cv2.min(red, green), blue)
        joint = cv2.calcHist([largest, smallest], [0, 1], None, [256, 256], [0, 256, 0, 256])
        self.saturation_sum += float(np.sum(joint * _SATURATION))

    def figures(self) -> dict[str, float]:
        """`mean_luma`, `contrast` (population standard deviation), `edge_density`, `saturation`: all 0 to 1."""
        pixels = int(self.luma_counts.sum())
        levels = np.arange(256) / 255.0
        mean = float(self.luma_counts @ levels) / pixels
        variance = float(self.luma_counts @ (levels - mean) ** 2) / pixels
        return {
            "mean_luma": mean,
            "contrast": float(np.sqrt(variance)),
            # Fewer than three rows or columns leave no pixel with eight neighbours: no edges.
            "edge_density": self.edge_sum / self.edge_pixels / 255.0 if self.edge_pixels else 0.0,
            "saturation": self.saturation_sum / pixels / 255.0,
        }


def counts(plane: U8) -> npt.NDArray[np.int64]:
    """How often each of the 256 values occurs in a uint8 plane of fewer than 2^24 pixels (OpenCV counts in float32)."""
    histogram = cv2.calcHist([plane], [0], None, [256], [0, 256])
    return histogram.ravel().astype(np.int64)


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
