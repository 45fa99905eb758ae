"""What a file says about its origin: EXIF, XMP, IPTC, C2PA. All of it is a stranger's text and is treated so."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from PIL import ExifTags, Image, ImageFile, IptcImagePlugin

from judge_vision.photograph.sniff import boxes, jpeg_segments, tiff_directories

TEXT_MAX_CHARS = 200
_XMP_MAX_BYTES = 4_000_000
_BMFF_C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_IPTC_EXT = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
_DIGITAL_SOURCE = "cv.iptc.org/newscodes/digitalsourcetype/"


@dataclass
class Metadata:
    """Texts are clean (see `clean_text`) or None."""

    exif_present: bool = False
    camera: str | None = None
    taken_at: str | None = None
    """ISO 8601 without a zone, in the camera's own clock."""
    software: str | None = None
    digital_source_type: str | None = None
    """The term of IPTC's vocabulary (trainedAlgorithmicMedia, say), or the text found if it is of no vocabulary."""
    metadata_title: str | None = None
    metadata_author: str | None = None
    exif_srgb: bool = False
    """EXIF says that untagged pixels are sRGB."""
    exif_adobe_rgb: bool = False
    """EXIF says that untagged pixels are Adobe RGB, as cameras do: ColorSpace not sRGB, interoperability R03 (DCF)."""
    notes: list[str] = field(default_factory=list)


def clean_text(value: object, limit: int = TEXT_MAX_CHARS) -> str | None:
    """`value` as one line of at most `limit` characters: no control characters, no marks that turn the direction of
    writing, nothing that UTF-8 cannot hold; None where nothing is left.
    """
    if isinstance(value, bytes):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")
    elif isinstance(value, str):
        text = value
    else:
        return None
    # slack for blanks that fall together below; a megabyte of text is not worth the walk
    shown = "".join(_shown(char) for char in text[: 8 * limit])
    text = " ".join(shown.split())
    return (text if len(text) <= limit else text[: limit - 1] + "…") or None


def _shown(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    # Cs: half a character; Cf: among others the marks that make evil.exe read exe.live; the joiners make emoji
    return "" if category == "Cs" or (category == "Cf" and char not in "\u200c\u200d") else char


def read_metadata(image: Image.Image, tiff_bytes: bytes | None = None) -> Metadata:
    """The metadata of an opened picture; of a camera RAW if `tiff_bytes`, a file that begins like a TIFF, is given.

    Never raises for what a file holds: a block that cannot be read is noted and passed over.
    """
    found = Metadata()
    for read, name in ((_read_exif, "EXIF"), (_read_xmp, "XMP"), (_read_iptc, "IPTC")):
        try:
            read(found, image, tiff_bytes)
        # Pillow raises whatever a hostile block makes it stumble over
        except Exception:
            found.notes.append(f"the {name} block is damaged and was not read")
    return found


def exif_of(image: Image.Image, tiff_bytes: bytes | None = None) -> Image.Exif:
    """The EXIF data of `image`. Raises what Pillow raises on damaged data."""
    block = tiff_bytes if tiff_bytes is not None else image.info.get("exif")
    if isinstance(block, bytes):
        # not getexif(): it fills in XMP's orientation, which viewers of JPEG disregard
        exif = Image.Exif()
        exif.load(block)
        return exif
    return image.getexif()


def _read_exif(found: Metadata, image: Image.Image, tiff_bytes: bytes | None) -> None:
    exif = exif_of(image, tiff_bytes)
    details = exif.get_ifd(ExifTags.IFD.Exif)
    # a TIFF has tags of its own, whether or not a camera was involved
    camera_tags = {ExifTags.Base.Make, ExifTags.Base.Model, ExifTags.Base.DateTime}
    found.exif_present = bool(image.info.get("exif")) or bool(details) or bool(camera_tags & exif.keys())
    found.camera = _camera(clean_text(exif.get(ExifTags.Base.Make)), clean_text(exif.get(ExifTags.Base.Model)))
    found.software = clean_text(exif.get(ExifTags.Base.Software))
    taken = details.get(ExifTags.Base.DateTimeOriginal) or details.get(ExifTags.Base.DateTimeDigitized)
    found.taken_at = _iso_time(clean_text(taken))
    found.metadata_title = _windows_text(exif.get(ExifTags.Base.XPTitle))
    found.metadata_author = clean_text(exif.get(ExifTags.Base.Artist)) or _windows_text(
        exif.get(ExifTags.Base.XPAuthor)
    )
    found.exif_srgb = details.get(ExifTags.Base.ColorSpace) == 1
    if ExifTags.IFD.Interop in details:
        index = clean_text(exif.get_ifd(ExifTags.IFD.Interop).get(ExifTags.Interop.InteropIndex))
        found.exif_adobe_rgb = details.get(ExifTags.Base.ColorSpace) in (2, 0xFFFF) and index == "R03"


def _camera(maker: str | None, model: str | None) -> str | None:
    """Maker and model without saying the maker twice: "NIKON CORPORATION", "NIKON D750" is NIKON D750."""
    if maker and model and not model.lower().startswith(maker.split()[0].lower()):
        return f"{maker} {model}"
    return model or maker


def _iso_time(text: str | None) -> str | None:
    try:
        return datetime.strptime((text or "")[:19], "%Y:%m:%d %H:%M:%S").isoformat()
    except ValueError:
        return None


def _windows_text(value: object) -> str | None:
    """Windows writes these tags as UTF-16."""
    if isinstance(value, tuple):
        value = bytes(value)
    return clean_text(value.decode("utf-16-le", "replace")) if isinstance(value, bytes) else None


def _read_xmp(found: Metadata, image: Image.Image, tiff_bytes: bytes | None) -> None:
    block = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if block is None:
        return
    block = block.encode() if isinstance(block, str) else bytes(block)
    if len(block) > _XMP_MAX_BYTES:
        raise ValueError("no honest XMP block is that large")
    # Imported here because the scoring container, which imports from this package, has no such library.
    from defusedxml import ElementTree

    root = ElementTree.fromstring(block.strip(b"\0 \t\r\n"))
    found.metadata_title = _xmp_value(root, _DC + "title") or found.metadata_title
    found.metadata_author = _xmp_value(root, _DC + "creator") or found.metadata_author
    source = _xmp_value(root, _IPTC_EXT + "DigitalSourceType")
    if source and _DIGITAL_SOURCE in source:
        source = source.rpartition(_DIGITAL_SOURCE)[2].strip("/") or None
    found.digital_source_type = source


def _xmp_value(root: Any, name: str) -> str | None:
    """The first value of an XMP property: as an attribute, as text, as a resource, or the first item of a list."""
    for element in root.iter():
        if name in element.attrib:
            return clean_text(element.attrib[name])
        if element.tag == name:
            item = next(element.iter(_RDF + "li"), element)
            return clean_text(item.text) or clean_text(element.attrib.get(_RDF + "resource"))
    return None


def _read_iptc(found: Metadata, image: Image.Image, tiff_bytes: bytes | None) -> None:
    if not isinstance(image, ImageFile.ImageFile) or not image.info.get("photoshop"):
        return
    blocks = IptcImagePlugin.getiptcinfo(image) or {}

    def first(key: tuple[int, int]) -> str | None:
        value = blocks.get(key)
        return clean_text(value[0] if isinstance(value, list) else value)

    found.metadata_title = found.metadata_title or first((2, 5))
    found.metadata_author = found.metadata_author or first((2, 80))


def has_c2pa(data: bytes, file_format: str) -> bool:
    """Whether the file carries a C2PA manifest store (C2PA specification 2.1, section "Embedding manifests").

    JPEG: JUMBF in APP11; PNG: chunk caBX; TIFF and DNG: tag 52545; WebP: chunk C2PA; AVIF, HEIC and others: a uuid box.
    The manifest is not verified: it is a hint, and its absence means nothing.
    """
    if file_format == "JPEG":
        return any(
            marker == 0xEB and b"jumb" in data[start : start + 64] and b"c2pa" in data[start:end]
            for marker, start, end in jpeg_segments(data)
        )
    if file_format == "PNG":
        # a chunk's name stands right after its length; the letters inside compressed data are one in four billion
        return b"caBX" in data and any(kind == b"caBX" for kind in _png_chunks(data))
    if file_format == "WEBP":
        return any(kind == b"C2PA" for kind in _riff_chunks(data))
    if data[4:8] == b"ftyp" or file_format == "JXL":
        return any(
            (kind == b"uuid" and data[start : start + 16] == _BMFF_C2PA)
            or (kind == b"jumb" and b"c2pa" in data[start:end])
            for kind, start, end in boxes(data)
        )
    return file_format in ("TIFF", "RAW") and any(52545 in tags for tags in tiff_directories(data))


def _png_chunks(data: bytes) -> list[bytes]:
    kinds = []
    offset = 8
    while offset + 8 <= len(data):
        kinds.append(data[offset + 4 : offset + 8])
        offset += 12 + int.from_bytes(data[offset : offset + 4], "big")
    return kinds


def _riff_chunks(data: bytes) -> list[bytes]:
    kinds = []
    offset = 12
    while offset + 8 <= len(data):
        kinds.append(data[offset : offset + 4])
        size = int.from_bytes(data[offset + 4 : offset + 8], "little")
        offset += 8 + size + size % 2
    return kinds
