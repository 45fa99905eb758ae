"""What files say about themselves, and that nobody is hurt by it."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from judge_vision.photograph.metadata import clean_text, has_c2pa
from tests.unit import pictures
from tests.unit.test_photograph_formats import PIXELS, heic, jxl, prepare

XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Dawn &amp; dusk</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>Åse Ørsted</rdf:li><rdf:li>Somebody else</rdf:li></rdf:Seq></dc:creator>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def exif_block(**tags):
    exif = Image.Exif()
    exif[271] = tags.get("make", "NIKON CORPORATION")
    exif[272] = tags.get("model", "NIKON D750")
    exif[305] = tags.get("software", "Editor 1.2")
    if "artist" in tags:
        exif[315] = tags["artist"]
    if tags.get("xmp"):
        exif[700] = XMP.encode()
    exif.get_ifd(0x8769)[36867] = tags.get("taken", "2024:05:17 18:03:59")
    return exif.tobytes()


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_exif_and_xmp(tmp_path, file_format):
    options = {"xmp": XMP.encode()}
    if file_format == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP)
        options = {"pnginfo": info}
    if file_format == "TIFF":
        options = {}
    data = pictures.saved(PIXELS, file_format, exif=exif_block(xmp=file_format == "TIFF"), **options)
    facts, _ = prepare(tmp_path, data)
    assert facts["exif_present"] is True
    assert facts["camera"] == "NIKON D750"
    assert facts["taken_at"] == "2024-05-17T18:03:59"
    assert facts["software"] == "Editor 1.2"
    assert facts["digital_source_type"] == "trainedAlgorithmicMedia"
    assert facts["metadata_title"] == "Dawn & dusk"
    assert facts["metadata_author"] == "Åse Ørsted"


@pytest.mark.parametrize("make", [lambda exif: heic(exif=exif), lambda exif: jxl(exif=exif)])
def test_exif_of_newer_formats(tmp_path, make):
    facts, _ = prepare(tmp_path, make(exif_block()))
    assert (facts["camera"], facts["taken_at"]) == ("NIKON D750", "2024-05-17T18:03:59")


def test_no_metadata_is_nothing_not_empty_text(tmp_path):
    facts, _ = prepare(tmp_path, pictures.saved(PIXELS, "JPEG"))
    assert facts["exif_present"] is False
    names = ("camera", "taken_at", "software", "digital_source_type", "metadata_title", "metadata_author")
    assert [facts[name] for name in names] == [None] * 6
    assert facts["notes"] == []


@pytest.mark.parametrize(
    "make, model, camera",
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("SONY", "ILCE-7M3", "SONY ILCE-7M3"),
        ("", "Pinhole", "Pinhole"),
        ("Zorki", "", "Zorki"),
    ],
)
def test_camera_name(tmp_path, make, model, camera):
    facts, _ = prepare(tmp_path, pictures.saved(PIXELS, "JPEG", exif=exif_block(make=make, model=model)))
    assert facts["camera"] == camera


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "2024:02:30 10:00:00", "yesterday", "    :  :     :  :  "])
def test_a_time_that_is_none(tmp_path, taken):
    facts, _ = prepare(tmp_path, pictures.saved(PIXELS, "JPEG", exif=exif_block(taken=taken)))
    assert facts["taken_at"] is None


def test_hostile_text_becomes_one_short_line(tmp_path):
    hostile = "Me\r\n\x1b[31m,\x00" + "A" * 700
    facts, _ = prepare(tmp_path, pictures.saved(PIXELS, "JPEG", exif=exif_block(software=hostile, artist="\u202eeM")))
    assert len(facts["software"]) <= 200
    assert facts["software"].startswith("Me [31m,") or facts["software"] == "Me [31m,"
    assert facts["software"].isprintable()


def test_xmp_with_an_entity_bomb_is_not_read(tmp_path):
    bomb = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]>' + XMP.replace("Dawn", "&c;")
    facts, _ = prepare(tmp_path, pictures.saved(PIXELS, "JPEG", xmp=bomb.encode()))
    assert facts["metadata_title"] is None
    assert facts["notes"] == ["the XMP block is damaged and was not read"]


def test_damaged_exif_is_noted(tmp_path):
    facts, _ = prepare(tmp_path, pictures.saved(PIXELS, "JPEG", exif=b"Exif\0\0this is no directory"))
    assert facts["notes"] == ["the EXIF block is damaged and was not read"]
    assert facts["orientation"] == 1


def jpeg_with_segment(content):
    data = pictures.saved(PIXELS, "JPEG")
    return data[:2] + b"\xff\xeb" + (len(content) + 2).to_bytes(2, "big") + content + data[2:]


def png_with_chunk(kind, content):
    data = pictures.saved(PIXELS, "PNG")
    chunk = kind + content
    block = len(content).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    return data[:33] + block + data[33:]


def with_uuid_box(data, uuid):
    box = (24).to_bytes(4, "big") + b"uuid" + bytes.fromhex(uuid)
    return data + box


def riff_with_chunk(kind):
    data = pictures.saved(PIXELS, "WEBP", lossless=True) + kind + (2).to_bytes(4, "little") + b"xx"
    return data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]


JUMBF = b"JP\0\x01\0\0\0\x01\0\0\0\x30jumb\0\0\0\x1ejumdc2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71\x03c2pa\0"
C2PA_UUID = "d8fec3d61b0e483c92975828877ec481"


@pytest.mark.parametrize(
    "make, present",
    [
        (lambda: jpeg_with_segment(JUMBF), True),
        (lambda: jpeg_with_segment(b"JP another use of APP11, c2pa only named"), False),
        (lambda: pictures.saved(PIXELS, "JPEG", comment=b"jumb c2pa"), False),
        (lambda: png_with_chunk(b"caBX", JUMBF), True),
        (lambda: png_with_chunk(b"tEXt", b"Comment\0caBX"), False),
        (lambda: with_uuid_box(heic(), C2PA_UUID), True),
        (lambda: with_uuid_box(heic(), "00" * 16), False),
        (lambda: with_uuid_box(pictures.saved(PIXELS, "AVIF"), C2PA_UUID), True),
        (lambda: riff_with_chunk(b"C2PA"), True),
        (lambda: riff_with_chunk(b"XXXX"), False),
        (lambda: pictures.tiff(PIXELS, photometric="rgb", extratags=[(52545, "B", 8, bytes(8), True)]), True),
        (lambda: pictures.tiff(PIXELS, photometric="rgb"), False),
    ],
)
def test_c2pa(tmp_path, make, present):
    facts, _ = prepare(tmp_path, make())
    assert facts["c2pa_present"] is present


@given(st.binary(max_size=400), st.sampled_from(["JPEG", "PNG", "WEBP", "AVIF", "HEIC", "JXL", "TIFF", "RAW", "GIF"]))
def test_looking_for_c2pa_comes_to_an_end(data, file_format):
    assert has_c2pa(data, file_format) in (True, False)


@given(st.one_of(st.text(), st.binary(), st.integers(), st.none(), st.tuples(st.integers())))
def test_clean_text_is_clean(value):
    text = clean_text(value)
    if text is not None:
        assert 0 < len(text) <= 200
        assert text.strip() == text and "\n" not in text
        assert all(ord(char) >= 32 and not 0x202A <= ord(char) <= 0x202E for char in text)
        text.encode()


def test_clean_text_keeps_what_people_write():
    assert clean_text("  Zoë's 猫 👩‍👧  at\tnoon ") == "Zoë's 猫 👩‍👧 at noon"
    assert clean_text("Müller".encode("latin-1")) == "Müller"
    assert clean_text("x" * 300) == "x" * 199 + "…"
    assert clean_text(" \0 ") is None
