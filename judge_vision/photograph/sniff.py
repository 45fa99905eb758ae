"""What a file is by its first bytes, and what its header says before any decoder is asked.

A file's name decides nothing. Each signature is that of the format's specification.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

RAW = "RAW"

_BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
_RAW_STARTS = (b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILMCCD-RAW", b"FOVb", b"\0MRM")
_JXL_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

# Formats that we know and do not read, with the name that people use.
_UNSUPPORTED = (
    (b"8BPS", "a Photoshop document"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript document"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"gimp xcf", "a GIMP document"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"DDS ", "a DDS texture"),
    (b"\0\0\x01\0", "an icon"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x1a\x45\xdf\xa3", "a video"),
)
_FORMAT_STARTS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\xff\x0a", "JXL"),
    (_JXL_CONTAINER, "JXL"),
)


def sniff(data: bytes) -> str | None:
    """The format by content: JPEG, PNG, TIFF, WEBP, AVIF, HEIC, JXL, GIF, BMP, PPM or RAW; None for anything else."""
    for start, name in _FORMAT_STARTS:
        if data.startswith(start):
            return name
    if data[4:8] == b"ftyp":
        return _sniff_bmff(data)
    if data.startswith(_TIFF_STARTS):
        return RAW if data[8:10] == b"CR" or is_raw_tiff(data) else "TIFF"
    # signatures that need a second look: their first letters alone occur in text too
    looser = {
        "WEBP": data[:4] == b"RIFF" and data[8:12] == b"WEBP",
        RAW: data.startswith(_RAW_STARTS),
        "BMP": data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADER_SIZES,
        "PPM": re.match(rb"P[1-6f]\s", data) is not None,
    }
    return next((name for name, matches in looser.items() if matches), None)


def unsupported_name(data: bytes) -> str | None:
    """What a file is that we know and do not read, in words; None for an unknown one."""
    if data[4:8] == b"ftyp":
        return "a video"
    for start, name in _UNSUPPORTED:
        if data.startswith(start):
            return name
    return "an SVG drawing" if b"<svg" in data[:1024] else None


def looks_like_text(data: bytes) -> bool:
    """The file begins with text rather than with pixels."""
    start = data[:512]
    if any(byte < 9 or 13 < byte < 32 for byte in start):
        return False
    # a character cut in two at the end is no objection
    return bool(re.fullmatch(r"[^\ufffd]*\ufffd?", start.decode("utf-8", "replace")))


def _sniff_bmff(data: bytes) -> str | None:
    brand = data[8:12]
    if brand in (b"avif", b"avis"):
        return "AVIF"
    if brand == b"crx ":
        return RAW
    if brand in _HEIC_BRANDS:
        length = min(struct.unpack_from(">I", data)[0], 256)
        return "AVIF" if b"avif" in data[16:length] else "HEIC"
    return None


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Type, content offset and end of each ISO BMFF box between `start` and `end`; stops at the first broken one."""
    end = len(data) if end is None else min(end, len(data))
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1 and start + 16 <= end:
            size, header = struct.unpack_from(">Q", data, start + 8)[0], 16
        elif size == 0:
            size = end - start
        if size < header:
            return
        yield kind, start + header, min(start + size, end)
        start += size


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, content offset and end of each JPEG segment before the picture's data; stops at the first broken one."""
    offset = 2
    while offset + 4 <= len(data) and data[offset] == 0xFF:
        marker = data[offset + 1]
        if marker == 0xFF:
            offset += 1
            continue
        if marker in (0xD9, 0xDA):
            return
        length = struct.unpack_from(">H", data, offset + 2)[0]
        if length < 2:
            return
        yield marker, offset + 4, min(offset + 2 + length, len(data))
        offset += 2 + length


def is_raw_tiff(data: bytes) -> bool:
    """A camera RAW in TIFF's clothes: a DNG, or any directory that holds a colour filter array.

    Pillow would show such a file's thumbnail as if it were the photograph.
    """
    # tags: DNGVersion; PhotometricInterpretation of a colour filter array or of linear RAW
    return any(50706 in tags or tags.get(262) in (32803, 34892) for tags in tiff_directories(data))


def tiff_directories(data: bytes) -> Iterator[dict[int, int]]:
    """The first value of each tag, for the first directories of a classic TIFF and their sub-directories."""
    if len(data) < 8 or data[2:4] not in (b"*\0", b"\0*"):
        return
    order = "<" if data[:2] == b"II" else ">"
    pending = [struct.unpack_from(order + "I", data, 4)[0]]
    for _ in range(16):
        if not pending:
            return
        offset = pending.pop(0)
        if not 8 <= offset <= len(data) - 2:
            continue
        tags: dict[int, int] = {}
        count = struct.unpack_from(order + "H", data, offset)[0]
        for position in range(offset + 2, min(offset + 2 + 12 * count, len(data) - 12), 12):
            tag, kind, number = struct.unpack_from(order + "HHI", data, position)
            tags[tag] = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, position + 8)[0]
            if tag == 330 and number > 1:  # SubIFDs: a list of offsets elsewhere
                last = min(tags[tag] + 4 * min(number, 8), len(data) - 3)
                pending.extend(struct.unpack_from(order + "I", data, at)[0] for at in range(tags[tag], last, 4))
            elif tag == 330:
                pending.append(tags[tag])
        yield tags
        following = offset + 2 + 12 * count
        if following + 4 <= len(data):
            pending.append(struct.unpack_from(order + "I", data, following)[0])


class _Bits:
    """Reads numbers from a JPEG XL codestream, least significant bit first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def read(self, count: int) -> int:
        if count > self._left:
            raise ValueError("the JPEG XL header is cut short")
        self._left -= count
        value = self._value & ((1 << count) - 1)
        self._value >>= count
        return value


def jxl_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a JPEG XL file, stored orientation (ISO 18181-1, SizeHeader); None where it is damaged.

    The decoder that we use decodes a file as soon as it is opened, too late to refuse a picture that is too large.
    """
    if data.startswith(_JXL_CONTAINER):
        start = next((at + 4 * (kind == b"jxlp") for kind, at, _ in boxes(data) if kind in (b"jxlc", b"jxlp")), None)
        if start is None:
            return None
        data = data[start : start + 32]
    if data[:2] != b"\xff\x0a":
        return None
    bits = _Bits(data[2:32])
    ratios = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
    try:
        small = bits.read(1)

        def side() -> int:
            return 8 * (1 + bits.read(5)) if small else 1 + bits.read((9, 13, 18, 30)[bits.read(2)])

        height = side()
        ratio = bits.read(3)
        if ratio:
            numerator, denominator = ratios[ratio - 1]
            return height * numerator // denominator, height
        return side(), height
    except ValueError:
        return None
