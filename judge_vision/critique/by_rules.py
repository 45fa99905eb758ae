"""Remarks out of the Stage 1 figures, by the rules below: no model and no judge looks at the picture, and no score.

Each sentence follows from one figure and its limit in `tonal`, `light` or `mono`; docs/how-to/stage2.md lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from judge_vision.metrics.light import LightSettings
from judge_vision.metrics.tonal import TonalSettings

NOTICE = "Written by rules from measured figures; no model and no judge looked at this picture."


class Remark(NamedTuple):
    """What a rule says; `weight` is how much it matters (0: nothing to mend), `short` fits into one sentence."""

    weight: float
    sentence: str
    short: str = ""
    advice: str = ""


def remarks(row: Mapping[str, Any], tonal: TonalSettings, light: LightSettings) -> list[Remark]:
    """One remark per rule for a row of the Stage 1 table whose status is ok."""
    return [
        _exposure(row["mean_luminance"], tonal),
        _range(row["dynamic_range"], tonal),
        _clipping("highlights", row["clip_high_percent"], tonal, "expose for the brightest part that needs detail"),
        _clipping("shadows", row["clip_low_percent"], tonal, "lift the shadows where the raw file still has detail"),
        _detail(row["local_contrast"], tonal),
        _edges(row["edge_density"], light),
        _colour(row, light),
        _mid_tones(row["mid_tone_range"]),
        _rules_kept(row),
    ]  # fmt: skip


def write(row: Mapping[str, Any], tonal: TonalSettings, light: LightSettings, short: bool) -> str:
    """The critique of a row: 110 to 150 words, or one sentence; it begins with who did not look at the picture."""
    found = remarks(row, tonal, light)
    worst = max(found, key=lambda remark: remark.weight)
    if short:
        what = worst.short if worst.weight else "no figure is out of its usual range"
        return f"By rules from measured figures, unseen by any model or judge: {what}."
    advice = worst.advice if worst.weight else "keep doing what you did; nothing measured here asks for a change"
    parts = [
        NOTICE,
        *(remark.sentence for remark in found),
        f"First to try: {advice}.",
        "Impact, composition and story are not measured; ask a person about them.",
    ]
    return " ".join(part for part in parts if part)


def _exposure(mean: float, tonal: TonalSettings) -> Remark:
    figure = f"{mean:.2f} of 1"
    if mean < tonal.dark_below:
        advice = "compare a lighter version, unless the mood wants it dark"
        return Remark(0.3, f"The exposure is dark: mean luminance is {figure}.", "the exposure is dark", advice)
    if mean > tonal.bright_above:
        advice = "compare a darker version, unless the mood wants it light"
        return Remark(0.3, f"The exposure is bright: mean luminance is {figure}.", "the exposure is bright", advice)
    return Remark(0, f"The exposure is even: mean luminance is {figure}.")


def _range(dynamic_range: float, tonal: TonalSettings) -> Remark:
    figure = f"{dynamic_range:.0%} of the scale"
    if dynamic_range < tonal.subdued_below:
        advice = "set black and white points nearer to the ends of the histogram"
        return Remark(
            0.5, f"Contrast is subdued: the tones span only {figure}.", f"the tones span only {figure}", advice
        )
    word = "punchy" if dynamic_range > tonal.punchy_above else "balanced"
    return Remark(0, f"Contrast is {word}: the tones span {figure}.")


def _clipping(where: str, percent: float, tonal: TonalSettings, advice: str) -> Remark:
    share = f"{percent:.1f} % of the picture"
    if percent > tonal.clip_severe_percent:
        sentence = f"In {share} the {where} are heavily clipped: no detail is left."
        return Remark(1.0, sentence, f"the {where} are heavily clipped ({share})", advice)
    if percent > tonal.clip_marked_percent:
        sentence = f"In {share} the {where} are clipped, more than glints or deep corners."
        return Remark(0.8, sentence, f"the {where} are markedly clipped ({share})", advice)
    if percent > tonal.clip_slight_percent:
        return Remark(
            0.2, f"In {share} the {where} are clipped, a slight loss.", f"the {where} are slightly clipped", advice
        )
    return Remark(0, f"The {where} keep their detail: {share} is clipped.")


def _detail(local_contrast: float, tonal: TonalSettings) -> Remark:
    figure = f"{local_contrast:.3f}"
    if local_contrast < tonal.flat_below:
        advice = "check the focus at full size, then add a little local contrast"
        return Remark(0.6, f"Fine detail is flat, with a local contrast of {figure}.", "fine detail is flat", advice)
    if local_contrast > tonal.aggressive_above:
        advice = "sharpen less, or check for noise at full size"
        return Remark(
            0.6,
            f"Fine detail is aggressive, with a local contrast of {figure}.",
            "fine detail is aggressive: over-sharpened, noisy or very busy",
            advice,
        )
    return Remark(0, f"Fine detail is natural, with a local contrast of {figure}.")


def _edges(edge_density: float, light: LightSettings) -> Remark:
    if edge_density < light.low_edge_density:
        advice = "make sure that what matters most is sharp"
        return Remark(
            0.4, "Few transitions are sharp: it is soft or largely plain.", "few transitions are sharp", advice
        )
    return Remark(0, f"Sharp transitions are frequent enough, at a density of {edge_density:.3f}.")


def _colour(row: Mapping[str, Any], light: LightSettings) -> Remark:
    if row["mono_verdict"] == "pass":
        tone = "toned in a single colour" if row["mono_mode"] == "toned" else "neutral"
        return Remark(0, f"It passes as monochrome, {tone}, by the figures of its colours.")
    if row["mono_verdict"] == "query":
        advice = "look at the heat map to see which colours are left"
        short = "a person has to say whether it is monochrome"
        return Remark(0.45, "Whether it is monochrome is close; a person has to look at it.", short, advice)
    saturation = row["saturation"]
    if saturation < light.low_saturation:
        advice = "decide whether the colour carries the picture, or monochrome would"
        return Remark(
            0.25,
            f"It is a colour picture, muted, with a saturation of {saturation:.2f}.",
            "colours are muted",
            advice,
        )
    return Remark(0, f"It is a colour picture with a mean saturation of {saturation:.2f}.")


def _mid_tones(share: float) -> Remark:
    return Remark(0, f"Middle tones fill {share:.0%} of it.")


def _rules_kept(row: Mapping[str, Any]) -> Remark:
    if row["compliance_passed"] is None:
        return Remark(0, "It was held against no competition's rules.")
    broken = len(row["compliance_issues"] or ())
    if broken:
        rules = "one rule" if broken == 1 else f"{broken} rules"
        advice = "mend what the rules ask for, or the entry is not eligible"
        return Remark(2.0, f"It breaks {rules} of the competition.", f"it breaks {rules} of the competition", advice)
    return Remark(0, "It keeps every rule of the competition that a program can check.")
