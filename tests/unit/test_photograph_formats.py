"""Every format that we read comes out as the picture that was put in, with its facts."""

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from PIL import Image, ImageOps

import judge_vision
from judge_vision.photograph.prepare import prepare_photograph, show
from judge_vision.photograph.proof import ProofSizes, load_proof
from judge_vision.photograph.settings import PrepareSettings
from tests.unit import pictures

PIXELS = pictures.gradient()
SIZES = ProofSizes(224, 1024, 1024)
GREY = PIXELS[..., 0]
SCHEMA = json.loads(
    (Path(judge_vision.__file__).parent / "records/schemas/prepare.schema.json").read_text(encoding="utf-8")
)


def prepare(tmp_path, data, name="entry.jpg", settings=PrepareSettings()):  # noqa: B008 - immutable
    """Facts, and the pixels that every figure rests on."""
    (tmp_path / name).write_bytes(data)
    facts = prepare_photograph(tmp_path / name, settings, SIZES, tmp_path / "work" / "proof.npz")
    envelope = {"schema": "judge-vision/prepare/1", "image": name, "status": "ok", "error_type": None, "error": None}
    Draft202012Validator(SCHEMA).validate({**envelope, **facts})
    return facts, np.asarray(show(tmp_path / name, settings).image)


def grey_rgb(grey):
    return np.repeat(grey[..., None], 3, axis=-1)


def float_rgb():
    return (PIXELS / 255).astype(np.float32)


def sixteen(pixels):
    return pixels.astype(np.uint16) * 257


def rgba():
    return np.dstack([PIXELS, np.full(GREY.shape, 255, np.uint8)])


def palette():
    return Image.fromarray(PIXELS).quantize(16)


def pages():
    return pictures.tiff(np.stack([PIXELS, 255 - PIXELS, PIXELS]), photometric="rgb")


def heic(**options):
    import pillow_heif

    pillow_heif.register_heif_opener()
    return pictures.saved(PIXELS, "HEIF", **options)


def jxl(pixels=PIXELS, **options):
    import pillow_jxl

    assert pillow_jxl
    return pictures.saved(pixels, "JXL", **options)


def png16(pixels):
    import cv2

    written, data = cv2.imencode(".png", pixels[..., ::-1] if pixels.ndim == 3 else pixels)
    assert written
    return data.tobytes()


def png_of_few_bits(bits):
    """A grey PNG of 2 or 4 bits, which Pillow reads and does not write."""
    levels = GREY >> (8 - bits)
    rows = levels.reshape(len(GREY), -1, 8 // bits).astype(np.uint8)
    packed = sum(rows[..., place] << (8 - bits * (place + 1)) for place in range(8 // bits)).astype(np.uint8)
    header = struct.pack(">IIBBBBB", GREY.shape[1], GREY.shape[0], bits, 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in packed))
    chunks = [(b"IHDR", header), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def few_levels(bits):
    return grey_rgb((GREY >> (8 - bits)) * np.uint8(255 // (2**bits - 1)))


# name: (bytes, the picture expected, levels that a lossy format may be off, format, mode, bit depth)
CASES = {
    "jpeg": (lambda: pictures.saved(PIXELS, "JPEG", quality=95, subsampling=0), PIXELS, 6, "JPEG", "RGB", 8),
    "jpeg progressive": (
        lambda: pictures.saved(PIXELS, "JPEG", quality=95, subsampling=0, progressive=True),
        PIXELS,
        6,
        "JPEG",
        "RGB",
        8,
    ),
    "jpeg grey": (lambda: pictures.saved(GREY, "JPEG", quality=95), grey_rgb(GREY), 6, "JPEG", "L", 8),
    "jpeg cmyk": (
        lambda: pictures.saved(Image.fromarray(PIXELS).convert("CMYK"), "JPEG", quality=95),
        PIXELS,
        6,
        "JPEG",
        "CMYK",
        8,
    ),
    "png": (lambda: pictures.saved(PIXELS, "PNG"), PIXELS, 0, "PNG", "RGB", 8),
    "png grey": (lambda: pictures.saved(GREY, "PNG"), grey_rgb(GREY), 0, "PNG", "L", 8),
    "png 1 bit": (
        lambda: pictures.saved(Image.fromarray(GREY > 100), "PNG"),
        grey_rgb(np.uint8(255) * (GREY > 100)),
        0,
        "PNG",
        "1",
        1,
    ),
    "png 2 bits": (lambda: png_of_few_bits(2), few_levels(2), 0, "PNG", "L", 2),
    "png 4 bits": (lambda: png_of_few_bits(4), few_levels(4), 0, "PNG", "L", 4),
    "png palette": (lambda: pictures.saved(palette(), "PNG"), np.asarray(palette().convert("RGB")), 0, "PNG", "P", 4),
    "png alpha": (lambda: pictures.saved(rgba(), "PNG"), PIXELS, 0, "PNG", "RGBA", 8),
    "png 16 grey": (lambda: png16(sixteen(GREY)), grey_rgb(GREY), 0, "PNG", "I;16", 16),
    "png 16": (lambda: png16(sixteen(PIXELS)), PIXELS, 0, "PNG", "RGB", 16),
    "tiff": (lambda: pictures.tiff(PIXELS, photometric="rgb"), PIXELS, 0, "TIFF", "RGB", 8),
    "tiff 16": (lambda: pictures.tiff(sixteen(PIXELS), photometric="rgb"), PIXELS, 0, "TIFF", "RGB", 16),
    "tiff 16 big-endian": (
        lambda: pictures.tiff(sixteen(PIXELS), photometric="rgb", byteorder=">"),
        PIXELS,
        0,
        "TIFF",
        "RGB",
        16,
    ),
    "tiff 16 deflate": (
        lambda: pictures.tiff(sixteen(PIXELS), photometric="rgb", compression="zlib", predictor=True),
        PIXELS,
        0,
        "TIFF",
        "RGB",
        16,
    ),
    "tiff 16 grey": (lambda: pictures.tiff(sixteen(GREY)), grey_rgb(GREY), 0, "TIFF", "I;16", 16),
    "tiff 16 grey, white is zero": (
        lambda: pictures.tiff(65535 - sixteen(GREY), photometric="miniswhite"),
        grey_rgb(GREY),
        0,
        "TIFF",
        "I;16",
        16,
    ),
    "tiff float": (lambda: pictures.tiff(float_rgb(), photometric="rgb"), PIXELS, 0, "TIFF", "RGB", 32),
    "tiff float grey": (lambda: pictures.tiff(float_rgb()[..., 0]), grey_rgb(GREY), 0, "TIFF", "F", 32),
    "tiff pages": (pages, PIXELS, 0, "TIFF", "RGB", 8),
    "webp": (lambda: pictures.saved(PIXELS, "WEBP", lossless=True), PIXELS, 0, "WEBP", "RGB", 8),
    "avif": (lambda: pictures.saved(PIXELS, "AVIF", quality=95, subsampling="4:4:4"), PIXELS, 8, "AVIF", "RGB", 8),
    "heic": (lambda: heic(quality=95, chroma=444), PIXELS, 8, "HEIC", "RGB", 8),
    "jxl": (lambda: jxl(lossless=True), PIXELS, 0, "JXL", "RGB", None),
    "jxl grey": (lambda: jxl(GREY, lossless=True), grey_rgb(GREY), 0, "JXL", "L", None),
    "gif": (lambda: pictures.saved(palette(), "GIF"), np.asarray(palette().convert("RGB")), 0, "GIF", "P", 8),
    "bmp": (lambda: pictures.saved(PIXELS, "BMP"), PIXELS, 0, "BMP", "RGB", 8),
    "ppm": (lambda: pictures.saved(PIXELS, "PPM"), PIXELS, 0, "PPM", "RGB", 8),
}


@pytest.mark.parametrize("case", CASES)
def test_format_comes_out_as_it_went_in(tmp_path, case):
    make, expected, off, file_format, mode, bit_depth = CASES[case]
    # the name is wrong for nearly all of them: content decides
    facts, pixels = prepare(tmp_path, make())
    assert pixels.shape == expected.shape and pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - expected).max() <= off
    assert (facts["format"], facts["mode"], facts["bit_depth"]) == (file_format, mode, bit_depth)
    assert (facts["width"], facts["height"]) == (facts["stored_width"], facts["stored_height"]) == (48, 32)


def test_camera_raw_is_developed_where_it_has_no_preview(tmp_path):
    data = pictures.dng(np.full((64, 96), 1500, np.uint16))
    facts, pixels = prepare(tmp_path, data)
    assert facts["format"] == "RAW" and facts["bit_depth"] == 12
    assert pixels.shape == (64, 96, 3)
    assert facts["camera"] == "Maker One"
    assert any("developed" in note for note in facts["notes"])


def test_a_camera_raw_is_decoded_once_however_many_measure_it(tmp_path, monkeypatch):
    import rawpy

    calls = []
    read = rawpy.imread
    monkeypatch.setattr(rawpy, "imread", lambda *arguments: calls.append(1) or read(*arguments))
    (tmp_path / "entry.dng").write_bytes(pictures.dng(np.full((64, 96), 1500, np.uint16)))
    prepare_photograph(tmp_path / "entry.dng", PrepareSettings(), SIZES, tmp_path / "proof.npz")
    proof = load_proof(tmp_path / "proof.npz")
    assert proof.linear.shape == proof.scaled.shape == (64, 96, 3) and proof.counts["grey"].sum() == 64 * 96
    assert len(calls) == 1


@pytest.mark.parametrize("share, used", [(0.5, True), (0.9, False)])
def test_preview_of_a_camera_raw_is_used_if_it_is_large_enough(tmp_path, monkeypatch, share, used):
    import rawpy

    class Preview:
        format = rawpy.ThumbFormat.JPEG
        data = pictures.saved(PIXELS, "JPEG", quality=95)

    monkeypatch.setattr("judge_vision.photograph.raw._preview", lambda raw, module: Preview.data)
    settings = PrepareSettings(raw_preview_min_share=share)
    facts, pixels = prepare(tmp_path, pictures.dng(np.full((60, 80), 1500, np.uint16)), settings=settings)
    assert (pixels.shape[:2] == PIXELS.shape[:2]) == used
    assert (facts["stored_width"], facts["stored_height"]) == (80, 60)
    assert any("preview" in note for note in facts["notes"]) == used


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_orientation(tmp_path, file_format, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}.get(file_format, {})
    data = pictures.saved(PIXELS, file_format, exif=exif, **options)
    facts, pixels = prepare(tmp_path, data)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(pixels, expected)
    assert pixels.shape[0] > pixels.shape[1] or orientation < 5
    assert facts["orientation"] == orientation
    assert (facts["height"], facts["width"]) == pixels.shape[:2]
    assert (facts["stored_width"], facts["stored_height"]) == (48, 32)


@pytest.mark.parametrize("make", [lambda exif: jxl(lossless=True, exif=exif), lambda exif: heic(quality=95, exif=exif)])
def test_decoders_that_turn_the_picture_themselves_are_not_helped(tmp_path, make):
    exif = Image.Exif()
    exif[274] = 6
    data = make(exif.tobytes())
    facts, pixels = prepare(tmp_path, data)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(pixels, np.asarray(image))
    assert facts["orientation"] == 1


def test_sixteen_bits_are_rounded_not_cut_off(tmp_path):
    # 255 v / 65535 for 127.49, 127.51 and 128: cutting off the low byte would give 127 for 32768
    values = np.array([[round(127.49 * 257), round(127.51 * 257), 32896]], np.uint16)
    colour = np.repeat(values[..., None], 3, axis=-1)
    for data in (png16(values), pictures.tiff(values), png16(colour), pictures.tiff(colour, photometric="rgb")):
        _, pixels = prepare(tmp_path, data)
        assert pixels[0, :, 0].tolist() == [127, 128, 128]


def test_first_page_is_used_and_noted(tmp_path):
    facts, _ = prepare(tmp_path, pages())
    assert "first of 3 pages used" in facts["notes"]
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    facts, pixels = prepare(tmp_path, pictures.saved(frames[0], "PNG", save_all=True, append_images=frames[1:]))
    assert "first of 2 frames used" in facts["notes"]
    assert np.array_equal(pixels, PIXELS)


@pytest.mark.parametrize("level, shown", [(255, 255), (0, 0)])
def test_transparent_pixels_show_the_background(tmp_path, level, shown):
    see_through = np.dstack([PIXELS, np.full(GREY.shape, 255, np.uint8)])
    see_through[:8, :, 3] = 0
    see_through[8:16, :, 3] = 128
    data = pictures.saved(see_through, "PNG")
    facts, pixels = prepare(tmp_path, data, settings=PrepareSettings(alpha_background=level))
    assert np.all(pixels[:8] == shown)
    half = PIXELS[8:16] * (128 / 255) + shown * (127 / 255)
    assert np.abs(pixels[8:16] - half).max() <= 1
    assert np.array_equal(pixels[16:], PIXELS[16:])
    assert any("transparent" in note for note in facts["notes"])


@pytest.mark.parametrize("pixels", [sixteen(PIXELS), sixteen(GREY)])
def test_a_colour_that_a_png_of_16_bits_does_not_show_is_the_background(tmp_path, pixels):
    """And its neighbour by one level of 65,535 is shown."""
    pixels = pixels.copy()
    pixels[:8] = 30000
    pixels[8:16] = 30001
    data = png16(pixels)
    key = struct.pack(">H", 30000) * (3 if pixels.ndim == 3 else 1)
    chunk = struct.pack(">I", len(key)) + b"tRNS" + key + struct.pack(">I", zlib.crc32(b"tRNS" + key))
    at = data.index(b"IDAT") - 4
    facts, shown = prepare(tmp_path, data[:at] + chunk + data[at:])
    assert np.all(shown[:8] == 255) and np.all(shown[8:16] == 117)
    assert np.array_equal(shown[16:], PIXELS[16:] if pixels.ndim == 3 else grey_rgb(GREY)[16:])
    assert any("transparent" in note for note in facts["notes"])


@pytest.mark.parametrize("size", [(1, 1), (20000, 1), (1, 20000)])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "AVIF"])
def test_extreme_shapes(tmp_path, size, file_format):
    facts, pixels = prepare(tmp_path, pictures.saved(Image.new("L", size, 99), file_format))
    assert (facts["width"], facts["height"]) == size == pixels.shape[1::-1]
    assert np.all(np.abs(pixels.astype(int) - 99) <= 2)


def test_a_preview_shows_detail_that_the_thumbnail_cannot(tmp_path):
    """Stripes three pixels wide of 4800 are one pixel wide at 1600, and grey at 480."""
    stripes = np.repeat(np.arange(1600) % 2 * 255, 3).astype(np.uint8)
    made = Image.fromarray(np.tile(stripes, (300, 1))).convert("RGB")
    made.save(tmp_path / "large.png")
    prepare_photograph(tmp_path / "large.png", PrepareSettings(), SIZES, tmp_path / "work" / "proof.npz")
    with (
        Image.open(tmp_path / "work" / "proof.jpg") as thumbnail,
        Image.open(tmp_path / "work" / "proof.preview.jpg") as preview,
    ):
        assert (thumbnail.size, preview.size) == ((480, 30), (1600, 100))
        # away from the ends, where the filter meets the edge
        assert np.ptp(np.asarray(thumbnail.convert("L"))[5:-5, 20:-20].astype(int)) < 20
        assert np.ptp(np.asarray(preview.convert("L"))[5:-5, 20:-20].astype(int)) > 200


def test_a_preview_of_a_small_photograph_is_all_of_it_and_none_is_made_where_none_is_wanted(tmp_path):
    prepare(tmp_path, pictures.saved(Image.new("RGB", (1200, 900), "teal"), "JPEG"))
    with Image.open(tmp_path / "work" / "proof.preview.jpg") as preview:
        assert preview.size == (1200, 900)
    settings = PrepareSettings(preview_side_px=0, thumbnail_side_px=0)
    prepare_photograph(next(tmp_path.glob("*.*")), settings, SIZES, tmp_path / "none" / "proof.npz")
    assert [path.name for path in (tmp_path / "none").iterdir()] == ["proof.npz"]


def test_same_bytes_give_the_same_proof_and_pictures(tmp_path):
    data = pictures.tiff(sixteen(PIXELS), photometric="rgb")
    made = []
    for name in ("a.tif", "b.tif"):
        prepare(tmp_path, data, name)
        made.append(
            [(tmp_path / "work" / file).read_bytes() for file in ("proof.npz", "proof.jpg", "proof.preview.jpg")]
        )
    assert made[0] == made[1]
    with Image.open(io.BytesIO(made[0][1])) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (48, 32))


def test_every_example_photograph_can_be_prepared(tmp_path):
    folder = Path(__file__).parents[2] / "examples" / "photos"
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md"]
    assert 12 <= len(files) <= 24
    assert sum(path.stat().st_size for path in files) <= 6_000_000
    table = (folder / "README.md").read_text(encoding="utf-8")
    found = {}
    for path in files:
        assert f"| {path.relative_to(folder).as_posix()} |" in table
        found[path.name] = prepare_photograph(path, PrepareSettings(), SIZES, tmp_path / "proof.npz")
    assert found["Drum and wine.jpg"]["orientation"] == 6
    assert found["Sun over the hills.tif"]["bit_depth"] == 16
    assert found["Autumn below the ridge.jpg"]["colour_space"] == "Adobe RGB (1998)"
