"""Rules about the file: pixel size, bytes, format, colour, and what EXIF says."""

from __future__ import annotations

import datetime
from typing import Any

from judge_vision.compliance.finding import Status
from judge_vision.compliance.rulebook import Case, Verdict, compare, judged, unknown
from judge_vision.compliance.text import file_size, joined, quoted

GENERATED = "trainedAlgorithmicMedia"
PARTLY_GENERATED = "compositeWithTrainedAlgorithmicMedia"


def _listed(template: str) -> Any:
    return lambda limit: template.format(joined([str(item) for item in limit]))


@judged("max_width", "The picture is at most {} pixels wide.", fixable=True)
def _max_width(case: Case, limit: int) -> Verdict:
    return _at_most(case.facts.get("width"), limit, "wide")


@judged("max_height", "The picture is at most {} pixels high, a portrait too.", fixable=True)
def _max_height(case: Case, limit: int) -> Verdict:
    return _at_most(case.facts.get("height"), limit, "high")


@judged("min_width", "The picture is at least {} pixels wide.")
def _min_width(case: Case, limit: int) -> Verdict:
    return _at_least(case.facts.get("width"), limit, "wide")


@judged("min_height", "The picture is at least {} pixels high.")
def _min_height(case: Case, limit: int) -> Verdict:
    return _at_least(case.facts.get("height"), limit, "high")


def _at_most(size: int | None, limit: int, direction: str) -> Verdict:
    if size is None:
        return unknown("The size of the picture")
    return compare(size <= limit, size, f"The picture is {size} pixels {direction}; the most allowed is {limit}.")


def _at_least(size: int | None, limit: int, direction: str) -> Verdict:
    if size is None:
        return unknown("The size of the picture")
    return compare(size >= limit, size, f"The picture is {size} pixels {direction}; the least allowed is {limit}.")


@judged(
    "one_side_exact",
    "One side is exactly as long as the maximum, the other no longer than its own maximum.",
    fixable=True,
)
def _one_side_exact(case: Case, limit: bool) -> Verdict:
    width, height = case.facts.get("width"), case.facts.get("height")
    max_width, max_height = case.rules.max_width, case.rules.max_height
    if width is None or height is None:
        return unknown("The size of the picture")
    holds = width == max_width or height == max_height
    sentence = (
        f"The picture is {width} x {height} pixels; one side must be exactly {max_width} wide or {max_height} high."
    )
    return compare(holds, [width, height], sentence)._replace(limit=[max_width, max_height])


@judged("exact_size", lambda size: f"The picture is exactly {size[0]} x {size[1]} pixels.", fixable=True)
def _exact_size(case: Case, limit: list[int]) -> Verdict:
    width, height = case.facts.get("width"), case.facts.get("height")
    if width is None or height is None:
        return unknown("The size of the picture")
    sentence = f"The picture is {width} x {height} pixels; it must be exactly {limit[0]} x {limit[1]}"
    return compare(
        [width, height] == limit, [width, height], f"{sentence}{', the rest filled' if case.rules.fill else ''}."
    )


@judged("max_bytes", lambda limit: f"The file has at most {file_size(limit)}.", fixable=True)
def _max_bytes(case: Case, limit: int) -> Verdict:
    size = case.facts.get("bytes")
    if size is None:
        return unknown("The size of the file")
    return compare(size <= limit, size, f"The file has {file_size(size)}; the most allowed is {file_size(limit)}.")


@judged("formats", _listed("The file is a {}."), fixable=True)
def _formats(case: Case, limit: list[str]) -> Verdict:
    found = case.facts.get("format")
    if found is None:
        return unknown("The format of the file")
    return compare(
        str(found).upper() in limit,
        found,
        f"The file is a {found}, whatever its name says; allowed is {joined(limit)}.",
    )


@judged("colour_space", _listed("The colour space is {}."), fixable=True)
def _colour_space(case: Case, limit: list[str]) -> Verdict:
    found = case.facts.get("colour_space")
    wanted = joined(limit)
    if found is None:
        return unknown("The colour space")
    if found == "untagged":
        status = {"accept": Status.COMPLIES, "refer": Status.REFER, "reject": Status.DOES_NOT_COMPLY}[
            case.rules.untagged
        ]
        return Verdict(
            status, found, f"The file has no colour profile and is read as sRGB; the rules ask for {wanted}."
        )
    name = case.facts.get("icc_description") if found == "other" else found
    described = quoted(str(name)) if name else "a profile without a name"
    return compare(found in limit, found, f"The colour profile of the file is {described}; the rules ask for {wanted}.")


@judged("colour_mode", _listed("The colour mode of the file is {}, of a monochrome picture too."), fixable=True)
def _colour_mode(case: Case, limit: list[str]) -> Verdict:
    found = case.facts.get("mode")
    if found is None:
        return unknown("The colour mode")
    # how many bits the values have is another rule's matter
    plain = {"I;16": "L", "I;16B": "L", "I": "L", "F": "L"}.get(str(found), str(found))
    words = {"L": "greyscale (L)", "LA": "greyscale with transparency (LA)", "RGBA": "RGB with transparency (RGBA)"}
    return compare(
        plain in limit,
        found,
        f"The colour mode of the file is {words.get(plain, plain)}; the rules ask for {joined(limit)}.",
    )


@judged("bit_depth", _listed("The file has {} bits per channel."), fixable=True)
def _bit_depth(case: Case, limit: list[int]) -> Verdict:
    found = case.facts.get("bit_depth")
    if found is None:
        return unknown("The bit depth")
    allowed = joined([str(bits) for bits in limit])
    return compare(found in limit, found, f"The file has {found} bits per channel; the rules ask for {allowed}.")


@judged("exif_required", "The EXIF data of the camera are intact.")
def _exif_required(case: Case, limit: bool) -> Verdict:
    found = case.facts.get("exif_present")
    if found is None:
        return unknown("Whether the file has EXIF data")
    return compare(bool(found), found, f"The file has {'' if found else 'no '}EXIF data; the rules ask for them.")


@judged("taken_after", "The photograph was taken on {} or later, by its EXIF data.")
def _taken_after(case: Case, limit: datetime.date) -> Verdict:
    text, shown = case.facts.get("taken_at"), limit.isoformat()
    if not text:
        sentence = f"The file does not tell when it was taken; it must have been on {shown} or later."
        return Verdict(Status.REFER, None, sentence, shown)
    try:
        taken = datetime.date.fromisoformat(str(text)[:10])
    except ValueError:
        sentence = f"The date in the file, {quoted(str(text))}, is no date; it must be {shown} or later."
        return Verdict(Status.REFER, text, sentence, shown)
    sentence = f"The photograph was taken on {taken}, by its EXIF data; it must have been on {shown} or later."
    return compare(taken >= limit, text, sentence)._replace(limit=shown)


def _explain_ai(limit: str) -> str:
    return "Generative AI is allowed." if limit == "allowed" else "Nothing in the picture comes from generative AI."


@judged("generative_ai", _explain_ai)
def _generative_ai(case: Case, limit: str) -> Verdict | None:
    if limit == "allowed":
        return None
    # the value is a URI of the IPTC's vocabulary, or only its last part
    source = case.facts.get("digital_source_type")
    last = str(source or "").rstrip("/").rpartition("/")[2]
    if last == GENERATED:
        sentence = "The file itself says that it was generated by AI; the rules forbid it."
        return Verdict(Status.DOES_NOT_COMPLY, source, sentence)
    if last == PARTLY_GENERATED:
        sentence = "The file itself says that parts of it were generated by AI; a person has to decide."
        return Verdict(Status.REFER, source, sentence)
    sentence = "The rules forbid generative AI; the file says nothing of it, which proves nothing either way."
    return Verdict(Status.NEEDS_PERSON, source, sentence)
