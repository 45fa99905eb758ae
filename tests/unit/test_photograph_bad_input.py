"""Whatever a file holds, it is either prepared or refused with a reason, and nothing else happens."""

import io
import os
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judge_vision.failure import ErrorType, PhotographError, UserError
from judge_vision.photograph.prepare import prepare_photograph, show
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.photograph.sniff import jxl_size, looks_like_text, sniff
from judge_vision.records import store
from tests.unit import pictures
from tests.unit.test_photograph_formats import CASES, PIXELS, SIZES, jxl, prepare, sixteen


def failure(tmp_path, data, limits=PrepareSettings()):  # noqa: B008 - immutable
    path = tmp_path / "entry.jpg"
    path.write_bytes(data)
    with pytest.raises(PhotographError) as caught:
        prepare_photograph(path, limits, SIZES, tmp_path / "work" / "proof.npz")
    assert not (tmp_path / "work").exists()
    return caught.value


def one_bit_png(width, height):
    """The smallest honest header of a huge picture; its data is not even there."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    data = struct.pack(">I", 99) + b"IDAT"
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data


@pytest.mark.parametrize(
    "data, error_type, says",
    [
        (b"", ErrorType.EMPTY, "empty"),
        (b"Dear judges,\nplease find attached", ErrorType.NOT_AN_IMAGE, "text"),
        ("Grüße".encode(), ErrorType.NOT_AN_IMAGE, "text"),
        (bytes(range(256)) * 4, ErrorType.NOT_AN_IMAGE, "no picture format"),
        (b"%PDF-1.7\n", ErrorType.UNSUPPORTED, "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (w) file", ErrorType.UNSUPPORTED, "PostScript"),
        (b"8BPS\0\1", ErrorType.UNSUPPORTED, "Photoshop"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", ErrorType.UNSUPPORTED, "video"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", ErrorType.UNSUPPORTED, "SVG"),
        (b"\xff\xd8\xff\xe0", ErrorType.TRUNCATED, "copy or export it again"),
        (b"\x89PNG\r\n\x1a\n", ErrorType.TRUNCATED, "ends before"),
        (b"GIF89a\0\0\0\0", ErrorType.CORRUPT, "GIF"),
        (one_bit_png(30000, 30000), ErrorType.TOO_LARGE, "900,000,000"),
        (one_bit_png(0, 10), ErrorType.CORRUPT, ""),
        (pictures.tiff(np.zeros((4, 4), np.int32)), ErrorType.UNSUPPORTED, "TIFF"),
        (pictures.tiff(np.zeros((4, 4, 3), np.float64), photometric="rgb"), ErrorType.UNSUPPORTED, "TIFF"),
    ],
)
def test_reason(tmp_path, data, error_type, says):
    found = failure(tmp_path, data)
    assert found.error_type is error_type, found.message
    assert says in found.message
    assert "entry.jpg" not in found.message
    if data:
        (tmp_path / "again").write_bytes(data)
        assert found.sha256 == store.file_sha256(tmp_path / "again")


@pytest.mark.parametrize("case", CASES)
def test_limit_on_pixels_holds_for_every_format(tmp_path, case, monkeypatch):
    """48 x 32 are 1536; and nothing is decoded to find that out."""
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    found = failure(tmp_path, CASES[case][0](), PrepareSettings(max_pixels=1535))
    assert found.error_type is ErrorType.TOO_LARGE
    assert "48 x 32" in found.message and "1,535" in found.message


def test_limit_on_pixels_of_a_raw(tmp_path):
    data = pictures.dng(np.full((64, 96), 1500, np.uint16))
    assert failure(tmp_path, data, PrepareSettings(max_pixels=6000)).error_type is ErrorType.TOO_LARGE


def test_limit_on_bytes(tmp_path):
    data = pictures.saved(PIXELS, "PNG")
    found = failure(tmp_path, data, PrepareSettings(max_file_bytes=len(data) - 1))
    assert found.error_type is ErrorType.TOO_LARGE
    assert "prepare.max_file_bytes" in found.message


@pytest.mark.parametrize("size", [(1, 1), (255, 8), (256, 256), (4000, 6000), (513, 77), (600, 400), (20000, 1)])
def test_size_of_jpeg_xl_by_its_header(size):
    width, height = size
    for data in (
        jxl(np.zeros((height, width), np.uint8), effort=1),
        jxl(np.zeros((height, width), np.uint8), exif=b"", effort=1),
    ):
        assert jxl_size(data) == size
        assert all(jxl_size(data[:cut]) in (None, size) for cut in range(40))


def test_missing(tmp_path):
    with pytest.raises(PhotographError) as caught:
        prepare_photograph(tmp_path / "gone.jpg", PrepareSettings(), SIZES, tmp_path / "proof.npz")
    assert (caught.value.error_type, caught.value.sha256) == (ErrorType.MISSING, None)


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: os.mkfifo(path)])
def test_not_a_file(tmp_path, make):
    make(tmp_path / "entry.jpg")
    with pytest.raises(PhotographError) as caught:
        prepare_photograph(tmp_path / "entry.jpg", PrepareSettings(), SIZES, tmp_path / "proof.npz")
    assert caught.value.error_type is ErrorType.UNREADABLE


def test_a_link_is_followed_inside_the_folder_only(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for path in (tmp_path / "outside.jpg", photos / "entry.jpg"):
        path.write_bytes(pictures.saved(PIXELS, "JPEG"))
    (photos / "in.jpg").symlink_to("entry.jpg")
    (photos / "out.jpg").symlink_to("../outside.jpg")
    (photos / "away").symlink_to("..")
    assert show(photos / "in.jpg", PrepareSettings(), photos) and show(photos / "out.jpg", PrepareSettings())
    for name in ("out.jpg", "away/outside.jpg"):
        with pytest.raises(PhotographError, match="a link out of the folder") as caught:
            show(photos / name, PrepareSettings(), photos)
        assert (caught.value.error_type, caught.value.sha256) == (ErrorType.CHANGED, None)


def test_unreadable(tmp_path, monkeypatch):
    """Simulated: tests may run as root, who may read everything."""

    def refuse(path, flags):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "entry.jpg").write_bytes(pictures.saved(PIXELS, "JPEG"))
    monkeypatch.setattr("judge_vision.photograph.source.os.open", refuse)
    with pytest.raises(PhotographError) as caught:
        prepare_photograph(tmp_path / "entry.jpg", PrepareSettings(), SIZES, tmp_path / "proof.npz")
    assert caught.value.error_type is ErrorType.UNREADABLE
    assert "Permission denied" in caught.value.message


@pytest.mark.parametrize("change", [b"and more", b""])
def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch, change):
    path = tmp_path / "entry.jpg"
    path.write_bytes(pictures.saved(PIXELS, "JPEG"))
    before = os.fstat
    seen = []

    def fstat(descriptor):
        facts = before(descriptor)
        if not seen:
            seen.append(facts)
            if change:
                with path.open("ab") as handle:
                    handle.write(change)
            else:
                os.utime(path, ns=(1, 1))
        return facts

    monkeypatch.setattr("judge_vision.photograph.source.os.fstat", fstat)
    with pytest.raises(PhotographError) as caught:
        prepare_photograph(path, PrepareSettings(), SIZES, tmp_path / "proof.npz")
    assert caught.value.error_type is ErrorType.CHANGED


def test_a_full_disk_is_no_photographs_fault(tmp_path, monkeypatch):
    def full(self, target):
        raise OSError(28, "No space left on device")

    (tmp_path / "entry.png").write_bytes(pictures.saved(PIXELS[..., 0], "PNG"))
    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(UserError, match="No space left"):
        prepare_photograph(tmp_path / "entry.png", PrepareSettings(), SIZES, tmp_path / "proof.npz")


TRUNCATED = (ErrorType.TRUNCATED, ErrorType.CORRUPT)


@pytest.mark.parametrize("case", [*CASES, "raw"])
def test_cut_short_at_every_twentieth(tmp_path, case):
    if case == "raw":
        data = pictures.dng(np.random.default_rng(1).integers(0, 4095, (64, 96)).astype(np.uint16))
    else:
        data = CASES[case][0]()
    outcomes = {}
    for part in range(1, 20):
        try:
            prepare(tmp_path, data[: len(data) * part // 20])
            outcomes[part] = "ok"
        except PhotographError as error:
            outcomes[part] = error.error_type
    # the first page, the one that is used, is whole in the first 7/20 of the file with three
    early = [outcomes[part] for part in range(1, 7 if case == "tiff pages" else 11)]
    # a TIFF keeps its directory, or its second page, at the end; an uncompressed start may be read to its own end
    assert all(outcome in (*TRUNCATED, ErrorType.NOT_AN_IMAGE, ErrorType.UNSUPPORTED) for outcome in early), outcomes
    assert ErrorType.INTERNAL not in outcomes.values()


def outcome_of(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp() / "fuzz"
    folder.mkdir(exist_ok=True)
    path = folder / "entry"
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            facts = prepare_photograph(path, PrepareSettings(max_pixels=100_000), SIZES, folder / "proof.npz")
        except PhotographError as error:
            assert error.error_type is not ErrorType.INTERNAL
            assert error.message and error.message.isprintable()
            return error.error_type
    assert facts["width"] * facts["height"] <= 100_000
    store.canonical_json(facts).encode()
    return "ok"


STARTS = [
    b"",
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"II*\0\x08\0\0\0",
    b"MM\0*\0\0\0\x08",
    b"GIF89a",
    b"BM",
    b"\xff\x0a",
]
STARTS += [
    b"RIFF\0\0\1\0WEBP",
    b"\0\0\0\x18ftypavif",
    b"\0\0\0\x18ftypheic",
    b"P6 ",
    b"Pf\n",
    b"IIRO",
    b"FUJIFILMCCD-RAW",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(STARTS), st.binary(max_size=300))
def test_any_bytes(tmp_path_factory, start, rest):
    outcome_of(tmp_path_factory, start + rest)


SAMPLES = [
    "jpeg",
    "jpeg cmyk",
    "png palette",
    "png 16",
    "tiff",
    "tiff 16 deflate",
    "tiff float",
    "webp",
    "avif",
    "heic",
]
SAMPLES += ["jxl", "gif", "bmp", "ppm"]


@pytest.mark.slow
@pytest.mark.parametrize("case", SAMPLES)
def test_valid_files_with_wrong_bytes(tmp_path_factory, case):
    """Seeded rather than found by hypothesis: what matters is many hits in one file, not a smallest example."""
    original = CASES[case][0]()
    random = np.random.default_rng(zlib.crc32(case.encode()))
    for _ in range(60):
        data = bytearray(original)
        for at in random.integers(0, len(data), random.integers(1, 6)):
            data[at] = random.choice([0, 1, 0x7F, 0x80, 0xFF, int(random.integers(0, 256))])
        outcome_of(tmp_path_factory, bytes(data))


@given(st.binary(max_size=200))
def test_sniffing_never_fails(data):
    for start in STARTS:
        assert sniff(start + data) is None or isinstance(sniff(start + data), str)
    looks_like_text(data)
    jxl_size(b"\xff\x0a" + data)


def test_plugins_that_run_programs_are_out_of_reach(tmp_path):
    """Ghostscript renders EPS in Pillow; here the plugin is never asked, not even for a file that it would take."""
    from judge_vision.photograph import opening

    assert not {"EPS", "PSD", "FPX", "MIC", "WMF"} & opening._PLUGINS.keys()
    buffer = io.BytesIO()
    from PIL import Image

    Image.fromarray(PIXELS).save(buffer, "EPS")
    assert failure(tmp_path, buffer.getvalue()).error_type is ErrorType.UNSUPPORTED


@pytest.mark.parametrize("data", [b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II*\0\x08\0\0\0" + bytes(6)])
def test_a_tiff_without_tags_is_told_in_words_and_not_in_names_of_the_code(tmp_path, data):
    found = failure(tmp_path, data)
    assert found.error_type in TRUNCATED
    assert "Base." not in found.message and "<" not in found.message


def test_a_raw_that_its_decoder_refuses_is_told_as_text(tmp_path):
    found = failure(tmp_path, b"IIRO" + bytes(60))
    assert "Unsupported file format" in found.message and "b'" not in found.message


@pytest.mark.parametrize("packing", [1, 50000])
def test_floats_that_no_decoder_here_reads_are_unsupported_and_not_damaged(tmp_path, packing):
    """CMYK; and RGB said to be packed by Zstandard, which OpenCV lacks."""
    channels, colours = (4, "separated") if packing == 1 else (3, "rgb")
    data = pictures.tiff(np.ones((8, 8, channels), np.float32), photometric=colours)
    entry = struct.Struct("<HHII")
    data = data.replace(entry.pack(259, 3, 1, 1), entry.pack(259, 3, 1, packing))
    assert failure(tmp_path, data).error_type is ErrorType.UNSUPPORTED


def test_sixteen_bits_cut_short_is_no_picture_with_wrong_low_bytes(tmp_path):
    data = pictures.tiff(sixteen(PIXELS), photometric="rgb")
    assert failure(tmp_path, data[:-100]).error_type in TRUNCATED
