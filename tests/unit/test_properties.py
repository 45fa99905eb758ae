"""What must hold of the metrics for any picture; ranges and exposure are in test_tonal.py."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmarks import mono_versions as made
from judge_vision.metrics import mono, tonal

PHOTOGRAPHS = sorted((Path(__file__).parents[1] / "data" / "photographs").glob("*.jpg"))

noise = st.builds(
    lambda height, width, seed, low, span: np.random.default_rng(seed)
    .integers(low, low + span, (height, width, 3))
    .astype(np.uint8),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(0, 2**32 - 1),
    st.integers(0, 128),
    st.integers(1, 128),
)


@settings(max_examples=60, deadline=None)
@given(noise)
def test_turning_a_picture_changes_no_distribution(rgb):
    turned = np.ascontiguousarray(np.rot90(rgb))
    assert tonal.measure(turned) == pytest.approx(tonal.measure(rgb), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(noise)
def test_grey_has_no_saturation_and_passes_as_neutral(rgb):
    grey = np.repeat(rgb[..., :1], 3, axis=2)
    assert tonal.measure(grey)["saturation"] == 0
    figures, heat_map = mono.judge(grey)
    assert (figures["mono_verdict"], figures["mono_mode"], heat_map) == ("pass", "neutral", None)


@settings(max_examples=40, deadline=None)
@given(noise)
def test_a_verdict_agrees_with_its_mode_and_its_map(rgb):
    figures, heat_map = mono.judge(rgb)
    assert figures["mono_verdict"] in ("pass", "query", "fail")
    assert (figures["mono_verdict"] == "pass") <= (figures["mono_mode"] in ("neutral", "toned"))
    assert (heat_map is None) == (figures["mono_verdict"] == "pass")


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(PHOTOGRAPHS),
    st.sampled_from((*made.MUST_FAIL, *made.MUST_PASS)),
    st.floats(0.45, 1.0),
)
def test_resizing_does_not_turn_a_verdict_round(path, version, scale):
    """Within tolerance: pass and fail never change places; near a threshold a person may be asked."""
    pixels = made.version(version, made.fitted(Image.open(path)))
    height, width = (round(side * scale) for side in pixels.shape[:2])
    assume(min(height, width) >= 64)
    resized = np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))
    verdicts = {mono.judge(picture)[0]["mono_verdict"] for picture in (pixels, resized)}
    assert verdicts != {"pass", "fail"}
