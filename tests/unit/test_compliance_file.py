"""Rules on a file: a case for each answer that a rule can give."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from tests.unit.compliance_checks import (
    check,
    one,
)

SIZE = {"max_width": 1600, "max_height": 1200}


@pytest.mark.parametrize(
    ("rule", "rules", "facts", "status", "measured", "words"),
    [
        ("max_width", SIZE, {}, "complies", 1600, "1600 pixels wide; the most allowed is 1600"),
        ("max_width", SIZE, {"width": 1601}, "does_not_comply", 1601, "1601 pixels wide; the most allowed is 1600"),
        ("max_width", SIZE, {"width": None}, "refer", None, "could not be measured"),
        ("max_height", SIZE, {"width": 800, "height": 1200}, "complies", 1200, "1200 pixels high"),
        ("max_height", SIZE, {"width": 1200, "height": 1600}, "does_not_comply", 1600, "the most allowed is 1200"),
        ("min_width", {"min_width": 200}, {"width": 200}, "complies", 200, "the least allowed is 200"),
        ("min_width", {"min_width": 200}, {"width": 199}, "does_not_comply", 199, "199 pixels wide"),
        ("min_height", {"min_height": 300}, {"height": 300}, "complies", 300, "300 pixels high"),
        ("min_height", {"min_height": 300}, {"height": 299}, "does_not_comply", 299, "the least allowed is 300"),
        ("one_side_exact", SIZE | {"one_side_exact": True}, {}, "complies", [1600, 1067], "1600 x 1067"),
        (
            "one_side_exact",
            SIZE | {"one_side_exact": True},
            {"width": 900, "height": 1200},
            "complies",
            [900, 1200],
            "900 x 1200",
        ),
        (
            "one_side_exact",
            SIZE | {"one_side_exact": True},
            {"width": 1599},
            "does_not_comply",
            [1599, 1067],
            "exactly 1600 wide or 1200 high",
        ),
        ("exact_size", {"exact_size": [1600, 1067]}, {}, "complies", [1600, 1067], "exactly 1600 x 1067"),
        (
            "exact_size",
            {"exact_size": [1400, 1050], "fill": True},
            {},
            "does_not_comply",
            [1600, 1067],
            "exactly 1400 x 1050, the rest filled",
        ),
        ("max_bytes", {"max_bytes": 900_000}, {}, "complies", 900_000, "900.00 kB (900,000 bytes)"),
        (
            "max_bytes",
            {"max_bytes": 899_999},
            {},
            "does_not_comply",
            900_000,
            "the most allowed is 900.00 kB (899,999 bytes)",
        ),
        ("formats", {"formats": "JPEG"}, {}, "complies", "JPEG", "The file is a JPEG"),
        (
            "formats",
            {"formats": ["JPEG", "PNG"]},
            {"format": "TIFF"},
            "does_not_comply",
            "TIFF",
            "allowed is JPEG or PNG",
        ),
        ("colour_space", {"colour_space": "sRGB"}, {}, "complies", "sRGB", "the rules ask for sRGB"),
        (
            "colour_space",
            {"colour_space": "sRGB"},
            {"colour_space": "Adobe RGB (1998)"},
            "does_not_comply",
            "Adobe RGB (1998)",
            '"Adobe RGB (1998)"',
        ),
        (
            "colour_space",
            {"colour_space": "sRGB"},
            {"colour_space": "other", "icc_description": "My Scanner"},
            "does_not_comply",
            "other",
            '"My Scanner"',
        ),
        (
            "colour_space",
            {"colour_space": "sRGB"},
            {"colour_space": "untagged"},
            "refer",
            "untagged",
            "no colour profile",
        ),
        (
            "colour_space",
            {"colour_space": "sRGB", "untagged": "accept"},
            {"colour_space": "untagged"},
            "complies",
            "untagged",
            "read as sRGB",
        ),
        (
            "colour_space",
            {"colour_space": "sRGB", "untagged": "reject"},
            {"colour_space": "untagged"},
            "does_not_comply",
            "untagged",
            "read as sRGB",
        ),
        ("colour_mode", {"colour_mode": "RGB"}, {}, "complies", "RGB", "is RGB"),
        ("colour_mode", {"colour_mode": "RGB"}, {"mode": "L"}, "does_not_comply", "L", "greyscale (L)"),
        ("colour_mode", {"colour_mode": "RGB"}, {"mode": "I;16"}, "does_not_comply", "I;16", "greyscale (L)"),
        ("bit_depth", {"bit_depth": 8}, {}, "complies", 8, "8 bits per channel"),
        ("bit_depth", {"bit_depth": 8}, {"bit_depth": 16}, "does_not_comply", 16, "16 bits per channel"),
        ("exif_required", {"exif_required": True}, {}, "complies", True, "has EXIF data"),
        (
            "exif_required",
            {"exif_required": True},
            {"exif_present": False},
            "does_not_comply",
            False,
            "has no EXIF data",
        ),
        (
            "taken_after",
            {"taken_after": datetime.date(2024, 5, 1)},
            {},
            "complies",
            "2024-05-01T10:00:00",
            "taken on 2024-05-01",
        ),
        (
            "taken_after",
            {"taken_after": "2024-05-02"},
            {},
            "does_not_comply",
            "2024-05-01T10:00:00",
            "2024-05-02 or later",
        ),
        ("taken_after", {"taken_after": "2024-05-02"}, {"taken_at": None}, "refer", None, "does not tell when"),
        (
            "taken_after",
            {"taken_after": "2024-05-02"},
            {"taken_at": "0000:00:00"},
            "refer",
            "0000:00:00",
            "is no date",
        ),
        (
            "generative_ai",
            {"generative_ai": "forbidden"},
            {"digital_source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"},
            "does_not_comply",
            "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
            "says that it was generated",
        ),
        (
            "generative_ai",
            {"generative_ai": "forbidden"},
            {"digital_source_type": "compositeWithTrainedAlgorithmicMedia"},
            "refer",
            "compositeWithTrainedAlgorithmicMedia",
            "parts of it",
        ),
        ("generative_ai", {"generative_ai": "forbidden"}, {}, "needs_person", None, "proves nothing either way"),
    ],
)
def test_file_rules(
    rule: str, rules: dict[str, Any], facts: dict[str, Any], status: str, measured: Any, words: str
) -> None:
    found = one(check(rules, facts), rule)
    assert (found["status"], found["measured"]) == (status, measured)
    assert words in found["sentence"]
