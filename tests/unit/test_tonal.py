"""Tonal and light figures: hand-computed cases, the reference's figures, the plain definitions, and properties."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from judge_vision.metrics import light, tonal
from judge_vision.metrics.light import LightSettings
from judge_vision.metrics.tonal import TonalSettings
from judge_vision.photograph import counting as counts
from judge_vision.photograph.counts import mean_and_variance

U8 = npt.NDArray[np.uint8]
GOLDEN = Path(__file__).parents[1] / "data" / "host-golden"
CASES = json.loads((GOLDEN / "host-golden.json").read_text())["cases"]


def grey(values: object) -> U8:
    """A neutral RGB picture of a two-dimensional list of grey values."""
    return np.repeat(np.asarray(values, np.uint8)[..., None], 3, axis=2)


def checkerboard(side: int) -> U8:
    return grey(np.indices((side, side)).sum(0) % 2 * 255)


def plain_definitions(rgb: U8) -> dict[str, float]:
    """The eleven figures in float, whole picture at once, as the definitions read (white counted, no ring)."""
    grey_float = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float64) / 255
    histogram = np.histogram(np.minimum(grey_float, 1 - 1e-9), bins=256, range=(0, 1))[0] / grey_float.size
    reached = np.cumsum(histogram)
    ends = [int(np.argmax(reached >= share - 1e-12)) / 255 for share in (0.01, 0.99)]
    picture = Image.fromarray(rgb)
    luma_picture = picture.convert("L")
    luma = np.asarray(luma_picture) / 255
    edges = np.asarray(luma_picture.filter(ImageFilter.FIND_EDGES))[1:-1, 1:-1] / 255
    return {
        "mean_luminance": float(grey_float.mean()),
        "dynamic_range": max(0.0, ends[1] - ends[0]),
        "histogram_centre": float(histogram @ np.linspace(0, 1, 256)),
        "clip_low_percent": 100 * float((grey_float < 0.02).mean()),
        "clip_high_percent": 100 * float((grey_float > 0.98).mean()),
        "local_contrast": float(cv2.Laplacian(grey_float, cv2.CV_64F, ksize=3).std()),
        "mid_tone_range": float(reached[192] - reached[64]),
        "mean_luma": float(luma.mean()),
        "contrast": float(luma.std()),
        "edge_density": float(edges.mean()) if edges.size else 0.0,
        "saturation": float((np.asarray(picture.convert("HSV"))[..., 1] / 255).mean()),
    }


FLAT = {
    "dynamic_range": 0.0,
    "clip_low_percent": 0.0,
    "clip_high_percent": 0.0,
    "local_contrast": 0.0,
    "mid_tone_range": 0.0,
    "contrast": 0.0,
    "edge_density": 0.0,
    "saturation": 0.0,
}


def means(value: float) -> dict[str, float]:
    return dict.fromkeys(["mean_luma", "mean_luminance", "histogram_centre"], value)


HALVES = grey([[0] * 50 + [255] * 50] * 100)
RAMP = grey([list(range(256))] * 4)

HAND_COMPUTED = {
    # A constant: the middle tone holds every pixel, bins 65 to 192 being the mid-tones.
    "constant mid-grey": (grey(np.full((20, 30), 102)), {**FLAT, **means(0.4), "mid_tone_range": 1.0}),
    "constant black": (grey(np.zeros((5, 7))), {**FLAT, **means(0.0), "clip_low_percent": 100.0}),
    # White counts: the reference's histogram loses it, and its edge filter sees a ring.
    "constant white": (grey(np.full((200, 200), 255)), {**FLAT, **means(1.0), "clip_high_percent": 100.0}),
    # Laplacian 2 0 2 / 0 -8 0 / 2 0 2 at the step: +4 on the black side, -4 on the white side, in 2 of 100 columns:
    # standard deviation sqrt(16 * .02). Edges: 3 black neighbours of white give 3 * 255, cut at 255: 1 column of 98.
    "half black, half white": (
        HALVES,
        {
            **means(0.5),
            "dynamic_range": 1.0,
            "clip_low_percent": 50.0,
            "clip_high_percent": 50.0,
            "local_contrast": (16 * 0.02) ** 0.5,
            "mid_tone_range": 0.0,
            "contrast": 0.5,
            "edge_density": 1 / 98,
            "saturation": 0.0,
        },
    ),
    # A ramp of every value once a row: p1 is value 2 (3 of 256 reached), p99 value 253. Linear inside, so the Laplacian
    # is 0 but at the two ends, where the mirror puts the neighbour's value at all four corners: +-8 of one step.
    "gradient": (
        RAMP,
        {
            **means(0.5),
            "dynamic_range": 251 / 255,
            "clip_low_percent": 100 * 6 / 256,
            "clip_high_percent": 100 * 6 / 256,
            "local_contrast": 8 / 255 * (2 / 256) ** 0.5,
            "mid_tone_range": 128 / 256,
            "contrast": ((256**2 - 1) / 12) ** 0.5 / 255,
            "edge_density": 0.0,
            "saturation": 0.0,
        },
    ),
    # Diagonal neighbours share the colour, so 8 v - 8 v = 0; four opposite sides give white 4 * 255, cut off at 255:
    # of the 6x6 inner pixels, half are white.
    "checkerboard": (
        checkerboard(8),
        {
            **means(0.5),
            "dynamic_range": 1.0,
            "clip_low_percent": 50.0,
            "clip_high_percent": 50.0,
            "local_contrast": 0.0,
            "mid_tone_range": 0.0,
            "contrast": 0.5,
            "edge_density": 0.5,
            "saturation": 0.0,
        },
    ),
    "one pixel": (grey([[51]]), {**FLAT, **means(0.2)}),
    # Black, white in one row: each pixel mirrors the other on both sides and itself above and below; the corners of the
    # kernel meet the other one: 4 * 2 * 1 and -8 * 1.
    "1x2": (
        grey([[0, 255]]),
        {
            **means(0.5),
            "dynamic_range": 1.0,
            "clip_low_percent": 50.0,
            "clip_high_percent": 50.0,
            "local_contrast": 8.0,
            "mid_tone_range": 0.0,
            "contrast": 0.5,
            "edge_density": 0.0,
            "saturation": 0.0,
        },
    ),
    # Pure red: saturation 1; OpenCV and Pillow both round luma .299 * 255 = 76.2 to 76, a mid-tone.
    "pure red": (
        np.full((9, 9, 3), (255, 0, 0), np.uint8),
        {**FLAT, **means(76 / 255), "mid_tone_range": 1.0, "saturation": 1.0},
    ),
    # Saturation (200 - 100) / 200 = .5: Pillow keeps floor(127.5) of 255.
    "half saturated": (
        np.full((3, 3, 3), (200, 100, 100), np.uint8),
        {**FLAT, **means(130 / 255), "mid_tone_range": 1.0, "saturation": 127 / 255},
    ),
}


@pytest.mark.parametrize("name", HAND_COMPUTED)
def test_hand_computed(name: str) -> None:
    picture, expected = HAND_COMPUTED[name]
    assert tonal.measure(picture) == pytest.approx(expected, abs=1e-9)


def test_one_column_is_one_row_turned() -> None:
    row = grey([[3, 90, 255, 17, 201]])
    assert tonal.measure(np.swapaxes(row, 0, 1)) == pytest.approx(tonal.measure(row), abs=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_equals_the_reference(name: str) -> None:
    """To 1e-6 wherever the reference is right; with its two defects put back, everywhere."""
    rgb = np.asarray(Image.open(GOLDEN / f"{name}.png").convert("RGB"))
    ours = tonal.measure(rgb)
    theirs = CASES[name]["tonal"] | CASES[name]["light"]
    sound = [
        "mean_luminance",
        "clip_low_percent",
        "clip_high_percent",
        "local_contrast",
        "mean_luma",
        "contrast",
        "saturation",
    ]
    assert {key: ours[key] for key in sound} == pytest.approx({key: theirs[key] for key in sound}, abs=1e-6)

    grey_values = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    without_white = tonal.measure(grey(grey_values[grey_values < 255][None]))
    for key in ("dynamic_range", "mid_tone_range"):
        # The reference adds its histogram up in float32: 256 roundings.
        assert without_white[key] == pytest.approx(theirs[key], abs=2e-6)
    assert without_white["histogram_centre"] == pytest.approx(theirs["histogram_centre"], abs=1e-6)

    luma = Image.fromarray(rgb).convert("L")
    ring = np.asarray(luma).astype(np.int64)
    ring[1:-1, 1:-1] = 0
    height, width = ring.shape
    with_ring = (ours["edge_density"] * (height - 2) * (width - 2) + ring.sum() / 255) / (height * width)
    assert with_ring == pytest.approx(theirs["edge_density_with_ring"], abs=1e-6)


@pytest.mark.parametrize(("height", "width"), [(3, 3), (700, 2000), (1, 600_000), (600_001, 1), (2, 5)])
def test_strips_change_nothing(height: int, width: int) -> None:
    """Pictures of several strips equal the whole-picture definitions."""
    rgb = np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert tonal.measure(rgb) == pytest.approx(plain_definitions(rgb), abs=1e-9)


def test_every_saturation_equals_pillow() -> None:
    largest, smallest = np.mgrid[0:256, 0:256].astype(np.uint8)
    smallest = np.minimum(largest, smallest)
    pillow = np.asarray(Image.fromarray(np.stack([largest, smallest, smallest], axis=2)).convert("HSV"))[..., 1]
    assert np.array_equal(counts._SATURATION[largest, smallest], pillow)


def test_refuses_other_arrays() -> None:
    for wrong in (np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(ValueError, match="uint8"):
            tonal.measure(wrong)  # type: ignore[arg-type]


pictures = st.builds(
    lambda height, width, seed, low, span: np.random.default_rng(seed)
    .integers(low, low + span, (height, width, 3))
    .astype(np.uint8),
    st.integers(1, 24),
    st.integers(1, 24),
    st.integers(0, 2**32 - 1),
    st.integers(0, 128),
    st.integers(1, 128),
)


@settings(max_examples=60, deadline=None)
@given(pictures)
def test_equals_the_plain_definitions(rgb: U8) -> None:
    assert tonal.measure(rgb) == pytest.approx(plain_definitions(rgb), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(pictures)
def test_ranges(rgb: U8) -> None:
    figures = tonal.measure(rgb)
    assert all(type(value) is float for value in figures.values())
    assert 0 <= figures["clip_low_percent"] <= 100
    assert 0 <= figures["clip_high_percent"] <= 100
    assert 0 <= figures["local_contrast"] <= 8
    rest = set(figures) - {"clip_low_percent", "clip_high_percent", "local_contrast"}
    assert all(0 <= figures[key] <= 1 for key in rest)


@settings(max_examples=30, deadline=None)
@given(pictures)
def test_histogram_counts_every_pixel_once_and_its_ends_are_what_is_clipped(rgb: U8) -> None:
    bins = tonal.histogram(counts.count(Image.fromarray(rgb)))
    figures = tonal.measure(rgb)
    pixels = rgb.shape[0] * rgb.shape[1]
    assert len(bins) == 128 and sum(bins) == pixels
    assert 100 * sum(bins[:3]) / pixels == pytest.approx(figures["clip_low_percent"])
    assert 100 * sum(bins[-3:]) / pixels == pytest.approx(figures["clip_high_percent"])


def test_histogram_of_three_greys() -> None:
    rgb = np.array([[[0] * 3, [128] * 3, [129] * 3, [255] * 3]], np.uint8)
    bins = tonal.histogram(counts.count(Image.fromarray(rgb)))
    assert [(bin_, count) for bin_, count in enumerate(bins) if count] == [(0, 1), (64, 2), (127, 1)]


@settings(max_examples=40, deadline=None)
@given(pictures)
def test_mirror_changes_nothing(rgb: U8) -> None:
    figures = tonal.measure(rgb)
    assert tonal.measure(rgb[:, ::-1]) == pytest.approx(figures, abs=1e-12)
    assert tonal.measure(rgb[::-1]) == pytest.approx(figures, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(pictures, st.floats(1, 4))
def test_exposure_moves_clipping(rgb: U8, gain: float) -> None:
    brighter = np.minimum(rgb * gain, 255).astype(np.uint8)
    before, after = tonal.measure(rgb), tonal.measure(brighter)
    assert after["clip_high_percent"] >= before["clip_high_percent"]
    assert after["clip_low_percent"] <= before["clip_low_percent"]
    assert after["mean_luminance"] >= before["mean_luminance"]


BALANCED = {
    "dynamic_range": 0.7,
    "mean_luminance": 0.5,
    "clip_high_percent": 0.0,
    "clip_low_percent": 0.0,
    "local_contrast": 0.05,
}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Balanced contrast, even exposure, no clipping."),
        ({"dynamic_range": 0.49}, "Subdued contrast, even exposure, no clipping."),
        ({"dynamic_range": 0.81, "mean_luminance": 0.39}, "Punchy contrast, dark exposure, no clipping."),
        (
            {"mean_luminance": 0.61, "local_contrast": 0.02},
            "Balanced contrast, bright exposure, no clipping, flat detail.",
        ),
        ({"local_contrast": 0.09}, "Balanced contrast, even exposure, no clipping, aggressive local contrast."),
        (
            {"clip_high_percent": 50.0, "clip_low_percent": 2.0},
            "Balanced contrast, even exposure, highlights heavily clipped (50 % of the picture), "
            "shadows slightly clipped (2 % of the picture).",
        ),
        (
            {"clip_low_percent": 6.0},
            "Balanced contrast, even exposure, shadows markedly clipped (6 % of the picture).",
        ),
        ({"clip_high_percent": 1.0}, "Balanced contrast, even exposure, no clipping."),
    ],
)
def test_sentence(changes: dict[str, float], sentence: str) -> None:
    assert tonal.summarise(BALANCED | changes, TonalSettings()) == sentence


def test_light_notes_at_their_limits() -> None:
    at_limit = {"contrast": 0.08, "edge_density": 0.05, "saturation": 0.15}
    assert light.notes(at_limit, LightSettings()) == []
    words = {"contrast": "flat", "edge_density": "soft", "saturation": "muted"}
    for key, word in words.items():
        (note,) = light.notes(at_limit | {key: at_limit[key] - 1e-6}, LightSettings())
        assert word in note


def test_the_mean_does_not_hang_on_the_processor() -> None:
    """Sums of floating-point numbers do: two kernels of one library ended these in other last digits."""
    counts = np.arange(256, dtype=np.int64) ** 2 % 997
    mean, variance = mean_and_variance(counts)
    values = [Fraction(level, 255) for level in range(256) for _ in range(int(counts[level]))]
    exact = sum(values) / len(values)
    assert mean == float(exact)
    assert variance == float(sum((value - exact) ** 2 for value in values) / len(values))
