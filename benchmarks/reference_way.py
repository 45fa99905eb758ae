"""The way of the reference system, for comparison: every metric decodes the file by itself and uses plain NumPy.

Written from the description of what it computes, not from its code; host_metrics.py checks that the figures agree.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Plane = npt.NDArray[np.float32]


def tonal(path: Path) -> dict[str, float]:
    """Tonal figures: decode with OpenCV, a float picture, statistics over it."""
    image = cv2.imread(str(path))
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
    # its range leaves out white; ours counts it, and so does this for the figures to be comparable
    histogram = cv2.calcHist([grey], [0], None, [256], [0, 1.00001]).ravel()
    shares = np.cumsum(histogram / histogram.sum())
    slope = cv2.Laplacian(grey, cv2.CV_32F, ksize=3)
    return {
        "mean_luminance": float(grey.mean()),
        "dynamic_range": float(np.searchsorted(shares, 0.99) - np.searchsorted(shares, 0.01)) / 255,
        "clip_low_percent": 100 * float((grey < 0.02).mean()),
        "clip_high_percent": 100 * float((grey > 0.98).mean()),
        "local_contrast": float(slope.std()),
        "mid_tone_range": float(shares[192] - shares[64]),
    }


def light(path: Path) -> dict[str, float]:
    """Light signals: decode with Pillow, filter and convert whole pictures."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    luma = np.asarray(image.convert("L"), np.float32) / 255
    edges = np.asarray(image.convert("L").filter(ImageFilter.FIND_EDGES), np.float32)[1:-1, 1:-1] / 255
    saturation = np.asarray(image.convert("HSV"), np.float32)[..., 1] / 255
    return {
        "mean_luma": float(luma.mean(dtype=np.float64)),
        "contrast": float(luma.std(dtype=np.float64)),
        "edge_density": float(edges.mean(dtype=np.float64)),
        "saturation": float(saturation.mean(dtype=np.float64)),
    }


def mono(path: Path) -> dict[str, float]:
    """Monochrome figures: decode, to linear light, reduce, to CIELAB, hue statistics by angle."""
    with Image.open(path) as opened:
        image = np.asarray(opened.convert("RGB"))
    linear = _linear(image.astype(np.float32) / np.float32(255))
    height, width = image.shape[:2]
    ratio = 1024 / max(height, width)
    if ratio < 1:
        linear = cv2.resize(linear, (round(width * ratio), round(height * ratio)), interpolation=cv2.INTER_AREA)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** np.float32(1 / 2.4) - 0.055)
    lab = cv2.cvtColor(np.round(encoded * 255).astype(np.uint8).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return _hue_figures(lab)


def _linear(encoded: Plane) -> Plane:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** np.float32(2.4))


def _hue_figures(lab: Plane) -> dict[str, float]:
    lightness, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    chroma = np.sqrt(a**2 + b**2)
    coloured = chroma > 2 if (chroma > 2).any() else chroma > 0
    hue = np.arctan2(b, a)[coloured]
    weight = chroma[coloured] / chroma.max()
    resultant = np.abs(np.sum(weight * np.exp(1j * hue))) / weight.sum()
    doubled = np.abs(np.sum(weight * np.exp(2j * hue))) / weight.sum()
    histogram, _ = np.histogram(np.degrees(hue) % 360, bins=36, range=(0, 360), weights=weight)
    smooth = np.convolve(np.r_[histogram[-1], histogram, histogram[0]], [0.25, 0.5, 0.25], "valid")
    for peak in np.argsort(-smooth)[:3]:
        near = np.abs((np.degrees(hue) - peak * 10 + 180) % 360 - 180) <= 20
        _ = np.angle(np.sum(weight[near] * np.exp(1j * hue[near])))
    order = np.argsort(lightness[coloured])
    drift = np.polyfit(lightness[coloured][order], np.degrees(np.unwrap(hue[order])), 1)[0]
    dark, bright = np.percentile(lightness[coloured], 25), np.percentile(lightness[coloured], 75)
    for side in (lightness[coloured] <= dark, lightness[coloured] >= bright):
        _ = np.angle(np.sum(weight[side] * np.exp(1j * hue[side])))
    for limit in (2, 4):
        mask = (chroma > limit).astype(np.uint8)
        kernel = np.ones((max(1, round(mask.shape[0] * 0.1)), max(1, round(mask.shape[1] * 0.1))), np.uint8)
        cv2.connectedComponents(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel), connectivity=8)
    return {
        "c_p99": float(np.percentile(chroma, 99)),
        "c_p95": float(np.percentile(chroma, 95)),
        "c_median": float(np.median(chroma)),
        "R": float(resultant),
        "R2": float(doubled),
        "drift_deg_per_L": float(drift),
    }


def jpeg_for_service(path: Path) -> bytes:
    """What it sends to its scoring service for each picture: the photograph as an RGB JPEG of quality 95."""
    buffer = io.BytesIO()
    with Image.open(path) as opened:
        opened.convert("RGB").save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def figures(path: Path) -> dict[str, Any]:
    """All host metrics of a photograph, one after the other."""
    return {**tonal(path), **light(path), **mono(path)}
