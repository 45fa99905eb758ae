"""Rules about what is in the picture: its mode, its border, and what only a person can see."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.compliance.borders import inside, widths
from judge_vision.compliance.finding import Status
from judge_vision.compliance.rulebook import Case, Rule, Verdict, add_rule, compare, judged, words
from judge_vision.compliance.text import joined

_MODE_WORDS = {"colour": "colour", "neutral": "neutral monochrome", "toned": "toned monochrome"}
# CIELAB chroma below which nobody sees a tone, and hue differences that still look like one tone, or may.
_TONE_CHROMA = 2.5
_SAME_TONE_DEGREES = 20.0
_OTHER_TONE_DEGREES = 35.0
_TONE_SAMPLES = 200_000


def _explain_modes(modes: list[str]) -> str:
    return f"The picture is {joined([_MODE_WORDS[mode] for mode in modes])}."


@judged("allowed_modes", _explain_modes)
def _allowed_modes(case: Case, limit: list[str]) -> Verdict:
    mono = case.mono or {}
    verdict, mode = mono.get("mono_verdict"), mono.get("mono_mode")
    allowed = _explain_modes(limit).removeprefix("The picture is ").rstrip(".")
    if verdict == "pass":
        found = str(mode)
        sentence = f"The picture is {_MODE_WORDS.get(found, found)}; the section takes {allowed}."
        return compare(found in limit, found, sentence)
    if verdict == "fail":
        return compare("colour" in limit, "colour", f"The picture is in colour; the section takes {allowed}.")
    if set(limit) == set(_MODE_WORDS):
        return Verdict(Status.COMPLIES, None, "The section takes colour and monochrome.")
    if verdict == "query":
        sentence = (
            f"It is not certain that the picture is monochrome; the section takes {allowed}; a person has to decide."
        )
        return Verdict(Status.REFER, "query", sentence)
    sentence = f"There is no monochrome verdict on the picture; the section takes {allowed}; a person has to decide."
    return Verdict(Status.REFER, None, sentence)


def _explain_borders(limit: str) -> str:
    return {
        "allowed": "A border is allowed.",
        "required": "The picture has a border.",
        "forbidden": "The picture has no border.",
    }[limit]


@judged("borders", _explain_borders)
def _borders(case: Case, limit: str) -> Verdict | None:
    if limit == "allowed":
        return None
    measured = _evidence(case)
    if not case.borders:
        sentence = f"No border was found; the rules {'ask for one' if limit == 'required' else 'allow none'}."
        return Verdict(Status.DOES_NOT_COMPLY if limit == "required" else Status.COMPLIES, measured, sentence)
    described = _describe(case)
    if limit == "required":
        return Verdict(Status.COMPLIES, measured, f"The picture has {described}.")
    if any(layer.all_round for layer in case.borders):
        return Verdict(Status.DOES_NOT_COMPLY, measured, f"The picture has {described}; the rules allow none.")
    sentence = (
        f"The picture has {described}, which may be part of it; the rules allow no border; a person has to decide."
    )
    return Verdict(Status.REFER, measured, sentence)


@judged("border_max_px", "A border is at most {} pixels wide on any side.")
def _border_max_px(case: Case, limit: int) -> Verdict:
    measured = _evidence(case)
    if not case.borders:
        return Verdict(Status.COMPLIES, measured, f"No border was found; the most allowed is {limit} pixels.")
    widest = max(widths(case.borders).values())
    return compare(widest <= limit, measured, f"The picture has {_describe(case)}; the most allowed is {limit} pixels.")


@judged("border_colours", lambda colours: f"A border is {joined(colours)}.")
def _border_colours(case: Case, limit: list[str]) -> Verdict:
    measured = _evidence(case)
    if not case.borders:
        return Verdict(Status.NOT_APPLICABLE, measured, "No border was found.")
    wrong = [
        layer.hex
        for layer in case.borders
        if not any(layer.is_colour(colour, case.border_settings) for colour in limit)
    ]
    sentence = (
        f"The border has the colour {joined([layer.hex for layer in case.borders], 'and')}; allowed is {joined(limit)}."
    )
    return compare(not wrong, measured, sentence)


@judged("border_tone_matches", "The border of a toned monochrome picture has the same tone.")
def _border_tone_matches(case: Case, limit: bool) -> Verdict:
    if (case.mono or {}).get("mono_mode") != "toned":
        return Verdict(Status.NOT_APPLICABLE, None, "The picture is not toned monochrome.")
    if not case.borders:
        return Verdict(Status.NOT_APPLICABLE, None, "No border was found.")
    chroma, hue = _tone(inside(case.pixels, case.borders))
    if chroma < _TONE_CHROMA:
        return Verdict(Status.REFER, None, "The tone of the picture is too weak to compare with the border's.")
    apart = 0.0
    for layer in case.borders:
        border_chroma, border_hue = _tone(np.array([[layer.colour]], dtype=np.uint8))
        if border_chroma < _TONE_CHROMA:
            sentence = f"The border ({layer.hex}) is neutral while the picture is toned."
            return Verdict(Status.DOES_NOT_COMPLY, {"border": layer.hex, "hue_degrees": round(hue, 1)}, sentence)
        apart = max(apart, abs((border_hue - hue + 180.0) % 360.0 - 180.0))
    measured = {"border": case.borders[0].hex, "hue_degrees": round(hue, 1), "apart_degrees": round(apart, 1)}
    sentence = (
        f"The hue of the border is {apart:.0f} degrees off the picture's; up to {_SAME_TONE_DEGREES:.0f} is alike."
    )
    if apart <= _SAME_TONE_DEGREES:
        return Verdict(Status.COMPLIES, measured, sentence)
    return Verdict(Status.REFER if apart <= _OTHER_TONE_DEGREES else Status.DOES_NOT_COMPLY, measured, sentence)


def _tone(pixels: npt.NDArray[np.uint8]) -> tuple[float, float]:
    """Chroma and hue (degrees) of the mean (a, b) in CIELAB of HxWx3 8-bit sRGB pixels."""
    step = max(1, math.isqrt(pixels.shape[0] * pixels.shape[1] // _TONE_SAMPLES))
    sample = np.ascontiguousarray(pixels[::step, ::step]).astype(np.float32) / 255.0
    import cv2  # here: most who need the rules look at no pixel

    lab = cv2.cvtColor(sample, cv2.COLOR_RGB2LAB)
    a, b = (float(value) for value in lab[..., 1:].reshape(-1, 2).mean(axis=0))
    return math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360.0


def _evidence(case: Case) -> dict[str, Any]:
    return {"width_px": widths(case.borders), "layers": [layer.as_dict() for layer in case.borders]}


def _describe(case: Case) -> str:
    total = widths(case.borders)
    colours = joined([layer.hex for layer in case.borders], "and")
    if len(set(total.values())) == 1:
        return f"a border of {total['top']} pixels ({colours})"
    sides = ", ".join(f"{side} {pixels}" for side, pixels in total.items())
    return f"a border ({sides} pixels; {colours})"


def _needs_person(name: str, sentence: str) -> None:
    def judge(case: Case, limit: Any) -> Verdict:
        return Verdict(Status.NEEDS_PERSON, None, sentence.format(limit))

    add_rule(Rule(name, words(sentence), judge))


_needs_person("manipulation", "Editing: {}")


@judged(
    "watermark_allowed",
    lambda allowed: "A watermark is allowed."
    if allowed
    else "There is no title, watermark or maker's name in the picture.",
)
def _watermark_allowed(case: Case, limit: bool) -> Verdict | None:
    if limit:
        return None
    sentence = "A person has to see that there is no title, watermark or maker's name in the picture."
    return Verdict(Status.NEEDS_PERSON, None, sentence)
