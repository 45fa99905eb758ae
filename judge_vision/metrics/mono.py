"""The monochrome verdict: neutral, or one tone over the whole picture (the rule of FIAP and PSA).

The verdict asks whether the picture is a curve in CIELAB (see `tone_curve.py`): hue spread over the whole picture, as
the reference uses, cannot tell one tone everywhere from one tone somewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from judge_vision.metrics import mono_figures, tone_curve
from judge_vision.metrics.mono_map import heat_map, where_words
from judge_vision.metrics.mono_words import SENTENCES, percent, tone_name
from judge_vision.photograph.proving import linear_reduced
from judge_vision.ranges import Amount, Degrees, Share, Side

U8 = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]


@dataclass(frozen=True)
class MonoSettings:
    """Thresholds in CIELAB units, degrees, shares of the picture; measurements: docs/explanation/monochrome.md."""

    long_side_px: Side = 1024
    """Longer side at which pictures are judged; larger ones are scaled down in linear light."""
    heat_maps: bool = True
    """Draw where a picture that does not pass is not monochrome: some 150 kB each."""
    smoothing_px: Side = 9
    """Side of the square over which departures are averaged: cancels noise and the halos of JPEG chroma."""
    neutral_p99: Amount = 3.0
    """99th percentile of chroma up to which a picture counts as neutral: a warm or cool cast nobody sees."""
    off_curve: Amount = 3.6
    """Departure from its lightness's median above which a pixel counts as another colour."""
    fail_share: Share = 0.12
    """Share of such pixels from which the picture is colour."""
    fail_part: Share = 0.03
    """Share of the largest connected part of such pixels from which the picture is colour or partly toned."""
    query_part: Share = 0.023
    """The same, from which a person should look."""
    spot_departure: Amount = 6.0
    """Departure from the tone curve of a distinct spot of another colour."""
    spot_part: Share = 0.0025
    """Share of the largest connected spot from which the picture fails."""
    vivid_departure: Amount = 12.0
    """Departure of a vivid spot: no toning was seen to produce one."""
    vivid_part: Share = 0.0003
    """Share of the largest vivid spot from which the picture fails."""
    neutral_spot_part: Share = 0.0002
    """The same in an otherwise neutral picture, where no toning can be mistaken for a spot."""
    unexplained_ratio: Amount = 0.12
    """Root mean square departure over that of chroma: above it, much of the colour there is follows no tone."""
    unexplained_rms: Amount = 0.6
    """Root mean square departure below which that ratio says nothing."""
    unexplained_fail_rms: Amount = 1.8
    """Root mean square departure from which unexplained colour fails rather than asks for a person."""
    neutral_share: Share = 0.2
    """Share of pixels of chroma below `neutral_p99` from which the heat map shows colour as such: where grey is part
    of the picture, the colour is what stands out, even at a lightness where it prevails."""
    grey_chroma: Amount = 2.0
    """Chroma below which a pixel between black and white counts as untoned."""
    grey_share: Share = 0.05
    """Share of untoned pixels from which a picture is partly toned: toning leaves only the ends grey."""
    partly_query_p99: Amount = 12.0
    """99th percentile of chroma from which such a picture asks for a person."""
    partly_fail_p99: Amount = 25.0
    """The same, from which it fails: a colour beside grey, each at lightnesses of its own."""
    split_chroma: Amount = 1.5
    """Chroma of the tone curve from which its hue means something."""
    split_share: Share = 0.01
    """Least share of the picture on either side of the lightness where hues are compared."""
    split_fail_deg: Degrees = 100.0
    """Angle between the hues of shadows and highlights from which toning is split."""
    split_query_deg: Degrees = 85.0
    """The same, from which a person should look."""


def judge(rgb: U8, settings: MonoSettings | None = None) -> tuple[dict[str, Any], U8 | None]:
    """Verdict and figures of a picture, uint8 [height, width, 3] sRGB, and a heat map for query and fail."""
    limits = settings or MonoSettings()
    return judge_reduced(linear_reduced(Image.fromarray(rgb), limits.long_side_px), limits)


def judge_reduced(small: U8, limits: MonoSettings) -> tuple[dict[str, Any], U8 | None]:
    """`judge` for a picture that has the size at which pictures are judged.

    Figures: `mono_verdict` pass | query | fail, `mono_mode` neutral | toned | not_mono, `mono_reason` (a sentence),
    `mono_reason_code`, `dominant_tone`, `off_curve` (what the verdict rests on) and `reference` (the reference's own
    figures). The heat map is uint8 [height, width, 3], longer side at most 512.
    """
    lightness, a, b = mono_figures.lab_of(small)
    curve = tone_curve.fit(lightness, a, b, limits.smoothing_px)
    chroma = mono_figures.length(a, b)
    reference = mono_figures.figures(lightness, a, b, chroma)
    evidence = {"chroma_p99": reference["c_p99"], **_evidence(lightness, chroma, curve, limits)}
    verdict, mode, code = _decide(evidence, limits)
    shown = _shown_departure(chroma, curve, limits)
    tone = tone_name(reference["mean_hue_deg"]) if mode != "neutral" and evidence["chroma_p99"] > 0 else None
    words = {
        "percent": percent(evidence["off_share"]),
        "where": where_words(shown, limits.off_curve),
        "tone": tone,
        "shadows": tone_name(evidence["shadow_hue_deg"]),
        "highlights": tone_name(evidence["highlight_hue_deg"]),
    }
    figures = {
        "mono_verdict": verdict,
        "mono_mode": mode,
        "mono_reason": SENTENCES[code].format(**words),
        "mono_reason_code": code,
        "dominant_tone": tone if mode == "toned" else None,
        "off_curve": evidence,
        "reference": reference,
    }
    return figures, heat_map(small, shown) if limits.heat_maps and verdict != "pass" else None


def _evidence(lightness: Plane, chroma: Plane, curve: tone_curve.ToneCurve, limits: MonoSettings) -> dict[str, Any]:
    """The figures that the verdict rests on, beside the chroma's 99th percentile."""
    away = curve.departure
    # a spot may fill a lightness by itself, so spots are measured from the curve
    off = curve.unexplained > limits.off_curve
    # toning fades towards black and white, so the ends say nothing
    between = (lightness > 5) & (lightness < 93)
    rms, chroma_rms = (
        float(np.sqrt(cv2.norm(plane, cv2.NORM_L2SQR) / plane.size)) for plane in (curve.unexplained, chroma)
    )
    return {
        "off_share": mono_figures.share(off),
        "off_part": tone_curve.largest_part(off),
        "spot_part": tone_curve.largest_part(away > limits.spot_departure),
        "vivid_part": tone_curve.largest_part(away > limits.vivid_departure),
        "grey_share": mono_figures.share((chroma < limits.grey_chroma) & between),
        "departure_rms": rms,
        "unexplained_ratio": rms / chroma_rms if chroma_rms > 0 else 0.0,
        **_ends(curve, limits),
    }


def _ends(curve: tone_curve.ToneCurve, limits: MonoSettings) -> dict[str, float | None]:
    """Hues of the tone curve below and above the lightness where they differ most, and the angle between them.

    The darkest and lightest tenth of L do not count: clipped channels turn their hue.
    """
    share = (np.arange(len(curve.pixels)) + 0.5) / len(curve.pixels)
    meaningful = (curve.chroma >= limits.split_chroma) & (share > 0.1) & (share < 0.9)
    counted = curve.pixels * meaningful
    # up to each lightness, and beyond it
    below = np.cumsum([counted, *(counted * curve.ab.T)], axis=1)
    sides = below[:, :-1], below[:, -1:] - below[:, :-1]
    enough = np.minimum(sides[0][0], sides[1][0]) >= limits.split_share * curve.pixels.sum()
    hues = [mono_figures.hue_deg(a[enough], b[enough]).tolist() for _, a, b in sides]
    splits = [(mono_figures.angle_between(low, high), low, high) for low, high in zip(*hues, strict=True)]
    split, low, high = max(splits, default=(None, None, None))
    return {"shadow_hue_deg": low, "highlight_hue_deg": high, "split_deg": split}


def _shown_departure(chroma: Plane, curve: tone_curve.ToneCurve, limits: MonoSettings) -> Plane:
    """What the heat map and the sentence show: chroma where a good part of the picture is grey, else the departure."""
    if mono_figures.share(chroma < limits.neutral_p99) < limits.neutral_share:
        return curve.departure
    return np.asarray(cv2.blur(chroma, (limits.smoothing_px, limits.smoothing_px)), np.float32)


def _decide(evidence: dict[str, Any], limits: MonoSettings) -> tuple[str, str, str]:  # noqa: PLR0911 - one line a rule
    """Verdict, mode and reason code; the first rule that applies."""
    split = evidence["split_deg"] or 0.0
    neutral = evidence["chroma_p99"] <= limits.neutral_p99
    unexplained = (
        evidence["departure_rms"] >= limits.unexplained_rms
        and evidence["unexplained_ratio"] >= limits.unexplained_ratio
    )
    if evidence["off_share"] >= limits.fail_share or evidence["off_part"] >= limits.fail_part:
        return "fail", "not_mono", "colour"
    least_spot = limits.neutral_spot_part if neutral else limits.spot_part
    if evidence["spot_part"] >= least_spot or evidence["vivid_part"] >= limits.vivid_part:
        return "fail", "not_mono", "spot_colour"
    partly = evidence["grey_share"] >= limits.grey_share
    if partly and evidence["chroma_p99"] >= limits.partly_fail_p99:
        return "fail", "not_mono", "partly_coloured"
    if not neutral and split >= limits.split_fail_deg:
        return "fail", "not_mono", "split_toning"
    if unexplained and evidence["departure_rms"] >= limits.unexplained_fail_rms:
        return "fail", "not_mono", "unexplained_colour"
    if unexplained:
        return "query", "not_mono", "faint_colour"
    if partly and evidence["chroma_p99"] >= limits.partly_query_p99:
        return "query", "not_mono", "partly_coloured"
    if evidence["off_part"] >= limits.query_part:
        return "query", "not_mono", "uneven_tone"
    if neutral:
        return "pass", "neutral", "neutral"
    if split >= limits.split_query_deg:
        return "query", "toned", "turning_tone"
    return "pass", "toned", "one_tone"
