"""Borders: measured exactly where they are, and not seen where they are not."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from judge_vision.compliance.borders import SIDES, BorderSettings, find_borders, inside, widths

Pixels = npt.NDArray[np.uint8]
colours = st.tuples(*[st.integers(0, 255)] * 3)


def photograph(height: int, width: int, seed: int = 0) -> Pixels:
    """Independent noise in every channel: no line of it is of one colour."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def framed(picture: Pixels, sides: tuple[int, int, int, int], colour: tuple[int, int, int]) -> Pixels:
    """`picture` with bands of `colour`; `sides` are top, right, bottom, left."""
    top, right, bottom, left = sides
    height, width = picture.shape[:2]
    canvas = np.full((height + top + bottom, width + left + right, 3), colour, dtype=np.uint8)
    canvas[top : top + height, left : left + width] = picture
    return canvas


def sky(height: int, width: int) -> Pixels:
    """A plain sky: every line of one colour, from white at the top to blue at the bottom."""
    shade = np.linspace(0, 1, height)[:, None]
    lines = (1 - shade) * np.array([250, 250, 255]) + shade * np.array([60, 110, 200])
    return np.repeat(lines.round().astype(np.uint8)[:, None], width, axis=1)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(40, 120),
    st.integers(40, 120),
    st.tuples(*[st.integers(1, 20)] * 4),
    colours,
    st.integers(0, 2**32 - 1),
)
def test_border_of_known_width_and_colour_is_measured_exactly(
    height: int, width: int, sides: tuple[int, int, int, int], colour: tuple[int, int, int], seed: int
) -> None:
    pixels = framed(photograph(height, width, seed), sides, colour)
    (layer,) = find_borders(pixels)
    assert widths([layer]) == dict(zip(SIDES, sides, strict=True))
    assert layer.colour == colour
    assert layer.all_round
    assert inside(pixels, [layer]).shape == (height, width, 3)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 150), st.integers(1, 150), st.integers(0, 2**32 - 1))
def test_photograph_without_border_has_none(height: int, width: int, seed: int) -> None:
    assert find_borders(photograph(height, width, seed)) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (2, 2), (15, 400), (16, 16), (17, 3000)])
def test_degenerate_sizes_have_no_border(shape: tuple[int, int]) -> None:
    assert find_borders(np.full((*shape, 3), 255, dtype=np.uint8)) == []
    assert find_borders(photograph(*shape)) == []


def test_border_with_keyline_is_two_layers() -> None:
    inner = framed(photograph(80, 100), (2, 2, 2, 2), (255, 255, 255))
    layers = find_borders(framed(inner, (12, 10, 14, 10), (20, 20, 20)))
    assert [layer.hex for layer in layers] == ["#141414", "#ffffff"]
    assert widths(layers) == {"top": 14, "right": 12, "bottom": 16, "left": 12}


def test_keyline_at_the_very_edge() -> None:
    (layer,) = find_borders(framed(photograph(80, 100), (1, 1, 1, 1), (255, 255, 255)))
    assert widths([layer]) == dict.fromkeys(SIDES, 1)


def test_fill_beside_a_portrait_is_on_two_sides() -> None:
    (layer,) = find_borders(framed(photograph(100, 60), (0, 40, 0, 40), (0, 0, 0)))
    assert layer.as_dict() == {"top": 0, "right": 40, "bottom": 0, "left": 40, "colour": "#000000"}
    assert not layer.all_round


def test_plain_sky_is_no_border() -> None:
    assert find_borders(sky(300, 400)) == []
    assert find_borders(np.concatenate([sky(200, 400), photograph(100, 400)])) == []


def test_blown_out_sky_above_a_straight_horizon_is_no_border() -> None:
    white = np.full((100, 400, 3), 255, dtype=np.uint8)
    assert find_borders(np.concatenate([white, photograph(200, 400)])) == []


def test_subject_on_a_plain_background_is_no_border() -> None:
    rows, columns = np.mgrid[:300, :400]
    disc = (rows - 150) ** 2 + (columns - 200) ** 2 < 80**2
    pixels = np.zeros((300, 400, 3), dtype=np.uint8)
    pixels[disc] = photograph(300, 400)[disc]
    assert find_borders(pixels) == []


def test_bands_of_different_colours_are_no_border() -> None:
    picture = photograph(100, 100)
    picture[:10], picture[-10:] = 0, 255
    assert find_borders(picture) == []


def test_picture_that_begins_in_the_border_colour_gets_the_width_of_the_other_sides() -> None:
    picture = photograph(200, 200)
    rows = np.arange(200)[:, None]
    # a white sky that ends in a slope: no line of it ends sharply
    picture[(rows < 40 + np.arange(200)[None] // 5)] = 255
    (layer,) = find_borders(framed(picture, (10, 10, 10, 10), (255, 255, 255)))
    assert widths([layer]) == dict.fromkeys(SIDES, 10)


@pytest.mark.parametrize("quality", [75, 85, 95])
@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (128, 128, 128), (112, 66, 20)])
def test_jpeg_moves_the_measure_by_a_pixel_at_most(quality: int, colour: tuple[int, int, int]) -> None:
    rows, columns = np.mgrid[:240, :320]
    waves = 127 + 80 * np.sin(rows / 17) * np.cos(columns / 23) + 40 * np.sin((rows + columns) / 5)
    picture = np.stack([waves, waves * 0.8, 255 - waves], axis=2).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(framed(picture, (10, 10, 10, 10), colour)).save(buffer, "JPEG", quality=quality)
    total = widths(find_borders(np.asarray(Image.open(buffer))))
    assert all(9 <= pixels <= 11 for pixels in total.values()), total


@pytest.mark.parametrize(
    ("colour", "names"),
    [
        ((255, 255, 255), {"white", "#fefefe"}),
        ((235, 240, 250), {"white"}),
        ((128, 130, 126), {"grey"}),
        ((0, 0, 0), {"black"}),
        ((20, 20, 20), {"black"}),
        ((128, 100, 126), set()),
        ((200, 150, 100), {"#c89664"}),
    ],
)
def test_colours_have_names(colour: tuple[int, int, int], names: set[str]) -> None:
    (layer,) = find_borders(framed(photograph(60, 60), (5, 5, 5, 5), colour))
    known = ("white", "grey", "black", "#fefefe", "#c89664")
    assert {name for name in known if layer.is_colour(name, BorderSettings())} == names
