"""Corrected copies: they comply when checked again, and nothing is enlarged, cropped or lost on the way."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from judge_vision.compliance.check import check_photograph
from judge_vision.compliance.entry import Entry
from judge_vision.compliance.fix import FixedCopy, Target, fix_copy, srgb_profile, target
from judge_vision.compliance.rules import Competition, Rules

FIXABLE = ("max_width", "max_height", "one_side_exact", "exact_size", "max_bytes", "formats", "colour_space")


def smooth(width: int, height: int) -> npt.NDArray[np.uint8]:
    rows, columns = np.mgrid[:height, :width]
    waves = 127 + 100 * np.sin(rows / 19) * np.cos(columns / 29)
    rgb: npt.NDArray[np.uint8] = np.stack([waves, waves * 0.8, 255 - waves], axis=2).clip(0, 255).astype(np.uint8)
    return rgb


def facts_of(rgb: npt.NDArray[np.uint8], **keys: Any) -> dict[str, Any]:
    facts = {"width": rgb.shape[1], "height": rgb.shape[0], "format": "JPEG", "bytes": 5_000_000, "mode": "RGB"}
    return facts | {"bit_depth": 8, "colour_space": "sRGB", "icc_description": "sRGB"} | keys


def competition(**rules: Any) -> Competition:
    severity = {name: "fix" for name in FIXABLE if name in rules}
    return Competition.model_validate({"name": "T", "rules": rules, "severity": severity})


def mend(
    rgb: npt.NDArray[np.uint8], rules: Competition, facts: dict[str, Any], exif: bytes = b""
) -> tuple[FixedCopy | None, list[str]]:
    figures = check_photograph(facts, None, Entry("a.jpg"), lambda: rgb, rules)
    return fix_copy(rgb, facts, figures, rules, exif), figures["fixes"]


def check_again(copy: FixedCopy, rules: Competition) -> dict[str, Any]:
    with Image.open(io.BytesIO(copy.jpeg)) as picture:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
        facts = {
            "width": picture.width,
            "height": picture.height,
            "format": picture.format,
            "bytes": len(copy.jpeg),
            "mode": picture.mode,
            "bit_depth": 8,
            "colour_space": "sRGB" if "sRGB" in ImageCms.getProfileDescription(profile) else "other",
        }
        pixels = np.asarray(picture)
    return check_photograph(facts, None, Entry("a.jpg"), lambda: pixels, rules)


@pytest.mark.parametrize(
    ("size", "rules", "expected"),
    [
        ((3000, 2000), {"max_width": 1600, "max_height": 1200}, Target((1600, 1067), (1600, 1067))),
        ((2000, 3000), {"max_width": 1600, "max_height": 1200}, Target((800, 1200), (800, 1200))),
        ((1000, 700), {"max_width": 1600, "max_height": 1200}, Target((1000, 700), (1000, 700))),
        ((2000, 10), {"max_width": 100}, Target((100, 1), (100, 1))),
        ((3000, 2000), {"exact_size": [1400, 1050], "fill": True}, Target((1400, 933), (1400, 1050))),
        ((700, 500), {"exact_size": [1400, 1050], "fill": True}, Target((700, 500), (1400, 1050))),
        ((2800, 2100), {"exact_size": [1400, 1050]}, Target((1400, 1050), (1400, 1050))),
        ((3000, 2000), {"exact_size": [1400, 1050]}, None),
        (
            (3000, 2000),
            {"max_width": 1920, "max_height": 1080, "one_side_exact": True},
            Target((1620, 1080), (1620, 1080)),
        ),
        ((900, 700), {"max_width": 1920, "max_height": 1080, "one_side_exact": True}, None),
        ((6000, 500), {"max_width": 1600, "max_height": 1200, "min_height": 300}, None),
    ],
)
def test_target_size(size: tuple[int, int], rules: dict[str, Any], expected: Target | None) -> None:
    assert target(*size, Rules.model_validate(rules)) == expected


@pytest.mark.parametrize(
    ("rgb", "rules", "keys"),
    [
        (smooth(900, 600), {"max_width": 400, "max_height": 300}, {}),
        (smooth(600, 900), {"max_width": 400, "max_height": 300, "one_side_exact": True}, {}),
        (smooth(900, 600), {"exact_size": [400, 300], "fill": True}, {}),
        (smooth(900, 600), {"max_bytes": 60_000}, {}),
        (smooth(90, 60), {"formats": "JPEG", "colour_space": "sRGB"}, {"format": "TIFF", "colour_space": "Display P3"}),
    ],
)
def test_copy_complies_when_checked_again(
    rgb: npt.NDArray[np.uint8], rules: dict[str, Any], keys: dict[str, Any]
) -> None:
    wanted = competition(**rules)
    copy, fixes = mend(rgb, wanted, facts_of(rgb, **keys))
    assert copy is not None
    assert fixes
    after = check_again(copy, wanted)
    assert after["compliance_passed"] is True
    assert after["compliance_warnings"] == []


def test_changes_are_said_in_sentences() -> None:
    rgb = smooth(900, 600)
    wanted = competition(exact_size=[400, 300], fill=True, colour_space="sRGB")
    copy, fixes = mend(rgb, wanted, facts_of(rgb, colour_space="Adobe RGB (1998)", bit_depth=16, mode="CMYK"))
    assert copy is not None
    assert copy.changes[:5] == [
        "Scaled down from 900 x 600 to 400 x 267 pixels.",
        "Filled up to 400 x 300 pixels with #000000.",
        'Converted from "Adobe RGB (1998)" to sRGB.',
        "Converted from 16 to 8 bits per channel.",
        "Converted from CMYK to RGB.",
    ]
    assert copy.changes[5].startswith("Saved as a JPEG of quality 95, ")
    assert fixes == [
        "Scale down to 400 x 267 pixels, fill up to 400 x 300 with #000000.",
        "Convert to 8-bit RGB in sRGB.",
    ]


def test_fill_is_even_and_in_its_colour() -> None:
    rgb = smooth(200, 100)
    copy, _ = mend(rgb, competition(exact_size=[200, 140], fill=True, fill_colour="#ffffff"), facts_of(rgb))
    assert copy is not None
    pixels = np.asarray(Image.open(io.BytesIO(copy.jpeg)))
    assert pixels.shape == (140, 200, 3)
    assert pixels[:16].min() > 245
    assert pixels[-16:].min() > 245
    assert np.abs(pixels[24:116].astype(int) - rgb[4:96]).mean() < 3


def test_quality_is_the_best_that_fits() -> None:
    rgb = smooth(900, 600)
    facts = facts_of(rgb)
    sizes = {}
    for limit in (120_000, 80_000, 50_000):
        copy, _ = mend(rgb, competition(max_bytes=limit), facts)
        assert copy is not None
        sizes[limit] = len(copy.jpeg)
        assert len(copy.jpeg) <= limit
    assert sizes[120_000] > sizes[80_000] > sizes[50_000]


def test_what_cannot_be_mended_is_left_to_the_entrant() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 600, 3), dtype=np.uint8)
    assert mend(noise, competition(max_bytes=5_000), facts_of(noise))[0] is None
    small = smooth(300, 200)
    copy, fixes = mend(small, competition(max_width=1600, max_height=1200, one_side_exact=True), facts_of(small))
    assert copy is None
    assert "enlarging and cropping are left to the entrant" in fixes[0]


def test_no_copy_where_nothing_is_to_be_fixed() -> None:
    rgb = smooth(300, 200)
    assert mend(rgb, competition(max_width=400), facts_of(rgb)) == (None, [])
    rejected = Competition.model_validate({"name": "T", "rules": {"max_width": 100}})
    assert mend(rgb, rejected, facts_of(rgb)) == (None, [])


def test_exif_stays_but_for_the_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x0110] = 6, "A Camera"
    rgb = smooth(300, 200)
    copy, _ = mend(rgb, competition(max_width=150), facts_of(rgb), exif.tobytes())
    assert copy is not None
    kept = Image.open(io.BytesIO(copy.jpeg)).getexif()
    assert kept.get(0x0110) == "A Camera"
    assert 0x0112 not in kept


def test_lost_exif_is_said_and_refused_where_it_is_required() -> None:
    rgb = smooth(300, 200)
    copy, _ = mend(rgb, competition(max_width=150), facts_of(rgb, exif_present=True))
    assert copy is not None
    assert "The EXIF data were left out." in copy.changes
    assert mend(rgb, competition(max_width=150, exif_required=True), facts_of(rgb, exif_present=True))[0] is None


def test_section_rules_count_for_the_copy() -> None:
    wanted = Competition.model_validate(
        {
            "name": "T",
            "rules": {"max_width": 400},
            "sections": {"small": {"name": "Small", "max_width": 100}, "large": {"name": "Large"}},
            "severity": {"max_width": "fix"},
        }
    )
    rgb = smooth(300, 200)
    figures = check_photograph(facts_of(rgb), None, Entry("a.jpg", category="Small"), lambda: rgb, wanted)
    copy = fix_copy(rgb, facts_of(rgb), figures, wanted)
    assert copy is not None
    assert Image.open(io.BytesIO(copy.jpeg)).size == (100, 67)


def test_copies_are_the_same_bytes_every_time() -> None:
    rgb = smooth(300, 200)
    first, second = (mend(rgb, competition(max_width=150), facts_of(rgb))[0] for _ in range(2))
    assert first is not None and second is not None
    assert first.jpeg == second.jpeg
    profile = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
    assert "sRGB" in ImageCms.getProfileDescription(profile)
