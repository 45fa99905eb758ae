"""A record of a good entry, made-up pictures and one call that checks an entry, for the tests of the rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import numpy.typing as npt

from judge_vision.compliance.check import check_photograph
from judge_vision.compliance.entry import Entry
from judge_vision.compliance.rules import Competition
from judge_vision.records.store import canonical_json

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "judge_vision/records/schemas/compliance.schema.json").read_text(encoding="utf-8"))
FACTS: dict[str, Any] = {
    "width": 1600,
    "height": 1067,
    "format": "JPEG",
    "bytes": 900_000,
    "mode": "RGB",
    "bit_depth": 8,
    "icc_description": "sRGB IEC61966-2.1",
    "colour_space": "sRGB",
    "exif_present": True,
    "taken_at": "2024-05-01T10:00:00",
    "digital_source_type": None,
}
PASS_NEUTRAL = {"mono_verdict": "pass", "mono_mode": "neutral"}
PASS_TONED = {"mono_verdict": "pass", "mono_mode": "toned"}
QUERY = {"mono_verdict": "query", "mono_mode": "toned"}
COLOUR = {"mono_verdict": "fail", "mono_mode": "not_mono"}


def noise(height: int = 60, width: int = 80) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def bordered(pixels: int, colour: tuple[int, int, int], picture: npt.NDArray[np.uint8] | None = None) -> Any:
    inner = noise() if picture is None else picture
    canvas = np.full((inner.shape[0] + 2 * pixels, inner.shape[1] + 2 * pixels, 3), colour, dtype=np.uint8)
    canvas[pixels:-pixels, pixels:-pixels] = inner
    return canvas


def sepia() -> npt.NDArray[np.uint8]:
    grey = noise()[..., :1] / 255.0
    toned = 255 * np.concatenate([grey**0.8, grey**0.95, grey**1.25], axis=2)
    return np.asarray(toned.round(), dtype=np.uint8)


def check(
    rules: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
    mono: dict[str, Any] | None = None,
    entry: Entry | None = None,
    pixels: npt.NDArray[np.uint8] | None = None,
    **keys: Any,
) -> dict[str, Any]:
    competition = Competition.model_validate({"name": "Test", "rules": rules or {}} | keys)

    def load() -> npt.NDArray[np.uint8]:
        if pixels is None:
            raise AssertionError("this rule needs no pixels")
        return pixels

    figures = check_photograph(FACTS | (facts or {}), mono, entry or Entry("a.jpg"), load, competition)
    record: dict[str, Any] = {
        "schema": "judge-vision/compliance/1",
        "image": "a.jpg",
        "sha256": "0" * 64,
        "status": "ok",
        "error_type": None,
        "error": None,
        "corrected_copy": None,
        "corrected_changes": [],
    }
    jsonschema.validate(json.loads(canonical_json(record | figures)), SCHEMA)
    return figures


def one(figures: dict[str, Any], rule: str) -> dict[str, Any]:
    (found,) = [finding for finding in figures["findings"] if finding["rule"] == rule]
    return dict(found)
