"""Colours mean the same after preparation as before, whatever space the file is in."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from judge_vision.photograph.colour import linear_to_srgb, read_profile, srgb_to_linear
from tests.unit import pictures
from tests.unit.test_photograph_formats import PIXELS, prepare

SPACES = {
    "Adobe RGB (1998)": (pictures.D65_TO_D50 @ pictures.ADOBE_D65, 563 / 256),
    "ProPhoto RGB": (pictures.PROPHOTO_D50, 1.8),
    # Apple writes Display P3 with sRGB's curve; here only its colorants matter
    "Display P3": (pictures.D65_TO_D50 @ pictures.P3_D65, 2.2),
}


@pytest.mark.parametrize("space", SPACES)
def test_tagged_picture_comes_back_as_the_srgb_it_was_made_of(tmp_path, space):
    matrix, gamma = SPACES[space]
    profile = pictures.icc_profile("A name that proves nothing", matrix, gamma)
    stored = pictures.encode_in(PIXELS, matrix, gamma, 255).astype(np.uint8)
    facts, pixels = prepare(tmp_path, pictures.saved(stored, "PNG", icc_profile=profile))
    # 8 bits of a wider space are coarser than 8 bits of sRGB
    assert np.abs(pixels.astype(int) - PIXELS).max() <= (5 if space == "ProPhoto RGB" else 3)
    assert np.abs(stored.astype(int) - PIXELS).max() > 10
    assert facts["colour_space"] == space
    assert facts["icc_description"] == "A name that proves nothing"


def test_sixteen_bits_are_converted_before_they_are_rounded(tmp_path):
    stored = pictures.encode_in(PIXELS, pictures.PROPHOTO_D50, 1.8, 65535).astype(np.uint16)
    data = pictures.tiff(stored, photometric="rgb", iccprofile=pictures.PROPHOTO)
    facts, pixels = prepare(tmp_path, data)
    assert np.abs(pixels.astype(int) - PIXELS).max() <= 1
    assert facts["colour_space"] == "ProPhoto RGB"


def test_our_matrix_and_littlecms_agree():
    profile = read_profile(pictures.ADOBE_RGB)
    ours = profile.matrix.to_srgb8(PIXELS.astype(np.uint16) * 257)
    theirs = np.asarray(profile.to_srgb(Image.fromarray(PIXELS)))
    assert np.abs(ours.astype(int) - theirs).max() <= 1


@pytest.mark.parametrize("kind", ["created by LittleCMS", "a table of the curve"])
def test_srgb_by_any_name_is_left_as_it_is(tmp_path, kind):
    if kind == "created by LittleCMS":
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    else:
        table = np.rint(srgb_to_linear(np.linspace(0, 1, 1024)) * 65535).astype(">u2").tobytes()
        one_gamma = pictures.icc_profile("x", pictures.D65_TO_D50 @ pictures.SRGB_D65, 2.2)
        curve = b"curv\0\0\0\0" + (1024).to_bytes(4, "big") + table
        offset = len(one_gamma)
        profile = bytearray(one_gamma + curve)
        for entry in range(int.from_bytes(profile[128:132], "big")):
            at = 132 + 12 * entry
            if profile[at + 1 : at + 4] == b"TRC":
                profile[at + 4 : at + 12] = offset.to_bytes(4, "big") + len(curve).to_bytes(4, "big")
        profile[:4] = len(profile).to_bytes(4, "big")
        profile = bytes(profile)
    facts, pixels = prepare(tmp_path, pictures.saved(PIXELS, "PNG", icc_profile=profile))
    assert facts["colour_space"] == "sRGB"
    assert np.array_equal(pixels, PIXELS)


def test_srgb_primaries_with_another_curve_are_not_srgb(tmp_path):
    profile = pictures.icc_profile("sRGB", pictures.D65_TO_D50 @ pictures.SRGB_D65, 1.0)
    facts, pixels = prepare(tmp_path, pictures.saved(np.full((4, 4, 3), 55, np.uint8), "PNG", icc_profile=profile))
    assert facts["colour_space"] == "other"
    # 55/255 in linear light is .2157, which sRGB encodes as .5018
    assert np.all(np.abs(pixels.astype(int) - 128) <= 1)


@pytest.mark.parametrize("profile", [b"not a profile", pictures.ADOBE_RGB[:200], b"\0" * 4000])
def test_broken_profile_is_noted_and_srgb_assumed(tmp_path, profile):
    facts, pixels = prepare(tmp_path, pictures.saved(PIXELS, "PNG", icc_profile=profile))
    assert facts["colour_space"] == "untagged" and facts["icc_description"] is None
    assert facts["notes"] == ["the embedded colour profile is broken; sRGB assumed"]
    assert np.array_equal(pixels, PIXELS)


def test_profile_for_other_channels_is_noted(tmp_path):
    cmyk = Image.fromarray(PIXELS).convert("CMYK")
    facts, _ = prepare(tmp_path, pictures.saved(cmyk, "JPEG", icc_profile=pictures.ADOBE_RGB))
    assert any("is for RGB, the picture is not" in note for note in facts["notes"])


def test_grey_picture_with_a_colour_profile(tmp_path):
    linear = pictures.icc_profile("linear", pictures.D65_TO_D50 @ pictures.SRGB_D65, 1.0)
    grey = np.full((4, 4), 55, np.uint8)
    for data in (
        pictures.saved(grey, "PNG", icc_profile=linear),
        pictures.tiff(grey.astype(np.uint16) * 257, iccprofile=linear),
        pictures.saved(Image.fromarray(grey).convert("LA"), "PNG", icc_profile=linear),
    ):
        _, pixels = prepare(tmp_path, data)
        assert np.all(np.abs(pixels.astype(int) - 128) <= 1)


def test_neutral_stays_neutral(tmp_path):
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=-1)
    _, pixels = prepare(tmp_path, pictures.saved(ramp, "PNG", icc_profile=pictures.ADOBE_RGB))
    assert np.ptp(pixels.astype(int), axis=-1).max() <= 1


def camera_exif(colour_space, interoperability):
    exif = Image.Exif()
    exif[271] = "Maker"
    details = exif.get_ifd(0x8769)
    details[0xA001] = colour_space
    details[0xA005] = {1: interoperability}
    return exif


def test_camera_that_says_adobe_rgb_without_embedding_a_profile(tmp_path):
    stored = pictures.encode_in(PIXELS, pictures.D65_TO_D50 @ pictures.ADOBE_D65, 563 / 256, 255).astype(np.uint8)
    exif = camera_exif(0xFFFF, "R03").tobytes()
    facts, pixels = prepare(tmp_path, pictures.saved(stored, "PNG", exif=exif))
    assert facts["colour_space"] == "Adobe RGB (1998)" and facts["icc_description"] is None
    assert np.abs(pixels.astype(int) - PIXELS).max() <= 3
    assert any("EXIF says Adobe RGB" in note for note in facts["notes"])


def test_camera_that_says_srgb(tmp_path):
    exif = camera_exif(1, "R98").tobytes()
    facts, _ = prepare(tmp_path, pictures.saved(PIXELS, "JPEG", exif=exif))
    assert facts["colour_space"] == "sRGB"


def test_display_p3_named_by_code(tmp_path):
    """ISO 23001-8 codes instead of a profile: 12 is Display P3's primaries, 13 sRGB's curve."""
    muted = PIXELS // 3 + 80  # inside of both gamuts, where the losses of the format stay small
    data = bytearray(pictures.saved(muted, "AVIF", quality=100, subsampling="4:4:4"))
    at = data.find(b"colrnclx")
    assert at > 0
    data[at + 8 : at + 12] = (12).to_bytes(2, "big") + (13).to_bytes(2, "big")
    facts, pixels = prepare(tmp_path, bytes(data))
    linear_p3 = pictures.linear(muted / 255)
    to_srgb = np.linalg.inv(pictures.SRGB_D65) @ pictures.P3_D65
    expected = linear_to_srgb(np.clip(linear_p3 @ to_srgb.T, 0, 1)) * 255
    assert facts["colour_space"] == "Display P3"
    assert np.abs(pixels - expected).max() <= 5  # AVIF loses up to 4.4 of 255 here at its best quality
    assert np.abs(expected - muted).max() > 8
    data[at + 8 : at + 12] = (9).to_bytes(2, "big") + (16).to_bytes(2, "big")
    facts, _ = prepare(tmp_path, bytes(data))
    assert any("high dynamic range" in note for note in facts["notes"])


def test_cmyk_goes_through_its_profile():
    """No CMYK profile is free of rights here; Lab takes the same road through LittleCMS."""
    lab = Image.new("LAB", (2, 2), (255, 128, 128))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    read = read_profile(profile)
    assert read is not None and read.channels == "LAB"
    assert np.asarray(read.to_srgb(lab)).min() >= 254


@pytest.mark.parametrize(
    "kind, numbers, at, expected",
    [
        (0, [2.0], 0.5, 0.25),
        (1, [2.0, 2.0, -0.5], 0.5, 0.25),
        (1, [2.0, 2.0, -0.5], 0.2, 0.0),
        (2, [2.0, 1.0, 0.0, 0.125], 0.5, 0.375),
        (3, [2.0, 1.0, 0.0, 0.5, 0.25], 0.5, 0.25),
        (3, [2.0, 1.0, 0.0, 0.5, 0.25], 0.2, 0.1),
        (4, [2.0, 1.0, 0.0, 0.5, 0.25, 0.125, 0.0625], 0.5, 0.375),
        (4, [2.0, 1.0, 0.0, 0.5, 0.25, 0.125, 0.0625], 0.125, 0.125),
    ],
)
def test_parametric_curves(kind, numbers, at, expected):
    """By hand from ICC.1:2022, table 68."""
    from judge_vision.photograph import colour

    fixed = b"".join(round(number * 65536).to_bytes(4, "big", signed=True) for number in numbers)
    tag = b"para\0\0\0\0" + kind.to_bytes(2, "big") + b"\0\0" + fixed
    assert colour._curve(tag)(np.array([at]))[0] == pytest.approx(expected, abs=1e-4)


def test_png_gamma_is_noted(tmp_path):
    data = pictures.saved(PIXELS, "PNG")
    chunk = b"gAMA" + (100000).to_bytes(4, "big")
    import zlib

    block = (4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    facts, _ = prepare(tmp_path, data[:33] + block + data[33:])
    assert any("gamma" in note for note in facts["notes"])
    with Image.open(io.BytesIO(data)) as image:
        assert "gamma" not in image.info
