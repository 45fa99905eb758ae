"""TIFFs that decoders take for others: what is read comes out right, and what would not is refused."""

import numpy as np
import pytest

from judge_vision.failure import ErrorType
from tests.unit import pictures
from tests.unit.test_photograph_bad_input import failure
from tests.unit.test_photograph_formats import GREY, PIXELS, float_rgb, grey_rgb, prepare, rgba, sixteen

CMYK = np.dstack([255 - PIXELS, np.zeros_like(GREY)])
FLOATS = float_rgb()
COMPRESSIONS = [None, "zlib"]


def planes(pixels, **options):
    """A TIFF whose channels are stored each by itself."""
    return pictures.tiff(np.moveaxis(pixels, -1, 0).copy(), planarconfig="separate", **options)


@pytest.mark.parametrize("byteorder", "<>")
@pytest.mark.parametrize("layout", [{"rowsperstrip": 10}, {"tile": (16, 16)}])
@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("make", [lambda pixels: pixels, sixteen])
def test_channels_stored_each_by_itself_come_out_as_they_went_in(tmp_path, make, compression, layout, byteorder):
    options = {"photometric": "rgb", "compression": compression, "byteorder": byteorder, **layout}
    for data in (planes(make(PIXELS), **options), planes(make(rgba()), extrasamples=["unassalpha"], **options)):
        assert np.array_equal(prepare(tmp_path, data)[1], PIXELS)


@pytest.mark.parametrize("byteorder", "<>")
def test_sixteen_bits_of_channels_stored_each_by_itself_are_rounded(tmp_path, byteorder):
    """255 v / 65535 for 127.49, 127.51 and 128; libtiff's planes have the high byte only, which a note says."""
    values = np.array([[round(127.49 * 257), round(127.51 * 257), 32896]], np.uint16)
    colour = np.repeat(values[..., None], 3, axis=-1)
    facts, pixels = prepare(tmp_path, planes(colour, photometric="rgb", byteorder=byteorder))
    assert pixels[0, :, 0].tolist() == [127, 128, 128] and not facts["notes"]
    facts, pixels = prepare(tmp_path, planes(colour, photometric="rgb", byteorder=byteorder, compression="zlib"))
    assert np.abs(pixels[0, :, 0].astype(int) - [127, 128, 128]).max() <= 1
    assert any("read at 8 bits" in note for note in facts["notes"])


GREY_WITH_ALPHA = {"photometric": "minisblack", "extrasamples": ["unassalpha"]}
GARBLED = {
    "CMYK 16": lambda: planes(sixteen(CMYK), photometric="separated"),
    "RGB premultiplied": lambda: planes(rgba(), photometric="rgb", extrasamples=["assocalpha"]),
    "Lab": lambda: planes(PIXELS, photometric="cielab"),
    "YCbCr": lambda: planes(PIXELS, photometric="ycbcr"),
    "float": lambda: planes(FLOATS, photometric="rgb"),
    "float deflate": lambda: planes(FLOATS, photometric="rgb", compression="zlib"),
    "float grey and more": lambda: planes(FLOATS[..., :2], photometric="minisblack", extrasamples=["unspecified"]),
    "grey alpha": lambda: planes(rgba()[..., 2:], **GREY_WITH_ALPHA),
    "grey alpha deflate": lambda: planes(rgba()[..., 2:], compression="zlib", **GREY_WITH_ALPHA),
}


@pytest.mark.parametrize("case", GARBLED)
def test_channels_stored_each_by_itself_that_would_be_garbled_are_refused(tmp_path, case):
    found = failure(tmp_path, GARBLED[case]())
    assert found.error_type is ErrorType.UNSUPPORTED
    assert "each channel by itself" in found.message and "Interleaved" in found.message


@pytest.mark.parametrize("byteorder", "<>")
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_grey_floats_of_either_byte_order(tmp_path, compression, byteorder):
    data = pictures.tiff(FLOATS[..., 0], compression=compression, byteorder=byteorder)
    assert np.array_equal(prepare(tmp_path, data)[1], grey_rgb(GREY))


def test_grey_floats_whose_white_is_zero(tmp_path):
    data = pictures.tiff(1 - FLOATS[..., 0], photometric="miniswhite")
    assert np.array_equal(prepare(tmp_path, data)[1], grey_rgb(GREY))
