"""Rules about words: file name, section, title, and the entrant's name where it must not be."""

from __future__ import annotations

import fnmatch
import re
from typing import Any

from judge_vision.compliance.filename import NAME_CHARS, split_name
from judge_vision.compliance.finding import Status
from judge_vision.compliance.rulebook import Case, Verdict, compare, judged
from judge_vision.compliance.text import clean, folded, joined, length, quoted, words

# Names that cameras and phones give to files: a known prefix and digits, Panasonic's and Olympus's P1010234, Android's
# date and time, and the "photo 12" of programs. Digits alone may be a title ("1984").
_CAMERA_NAME = re.compile(
    r"_?(img|imgp|dsc|dscn|dscf|dcp|dji|gopr|pict|sdc|mvimg|pxl|cimg|hpim|mg)[ _-]?e?\d{3}[\d _-]*(\(\d+\))?"
    r"|p\d{7}|\d{8}[ _-]\d{6}|(image|photo|picture|scan|whatsapp image)[ _-]?\d[\d _.-]*"
)
# A single word of a name says something only from here on: initials and "de" are in many titles.
_TELLING_CHARS = 3
_JOINED_CHARS = 5


@judged("filename_pattern", "The file name follows the pattern {}.")
def _filename_pattern(case: Case, limit: str) -> Verdict:
    name, stem = split_name(case.entry.image)
    example = case.rules.filename_example
    if len(stem) > NAME_CHARS:
        return Verdict(Status.DOES_NOT_COMPLY, clean(name), f"The file name is longer than {NAME_CHARS} characters.")
    if case.entry.name_matches:
        return Verdict(Status.COMPLIES, clean(name), f"The file name {quoted(name)} follows the pattern.")
    sentence = (
        f"The file name {quoted(name)} does not follow the pattern {limit}; an example is {quoted(str(example))}."
    )
    return Verdict(Status.DOES_NOT_COMPLY, clean(name), sentence)


@judged("filename_max_chars", "The file name, with its ending, has at most {} characters.")
def _filename_max_chars(case: Case, limit: int) -> Verdict:
    count = length(split_name(case.entry.image)[0])
    return compare(count <= limit, count, f"The file name has {count} characters; the most allowed is {limit}.")


@judged("no_entrant_name_in_filename", "The file name does not contain the entrant's name.")
def _no_entrant_name_in_filename(case: Case, limit: bool) -> Verdict:
    return _name_hidden(case, split_name(case.entry.image)[1], "file name")


@judged("section", lambda names: f"The entry is in one of the sections {joined(names)}.")
def _section(case: Case, limit: list[str]) -> Verdict:
    given = case.entry.category
    if case.section is not None:
        name = case.competition.all_sections()[case.section].name
        return Verdict(Status.COMPLIES, given, f"The entry is in the section {quoted(name)}.")
    if given is None:
        sentence = "No section is given for this entry, so the rules of its section were not checked."
        return Verdict(Status.REFER, None, sentence)
    return Verdict(
        Status.DOES_NOT_COMPLY, given, f"There is no section {quoted(given)}; there are {joined(limit, 'and')}."
    )


@judged("title_required", "The entry has a title.")
def _title_required(case: Case, limit: bool) -> Verdict:
    title = case.entry.title
    return compare(title is not None, title, f"The title is {quoted(title)}." if title else "The entry has no title.")


@judged("title_max_chars", "The title has at most {} characters, blanks counted.")
def _title_max_chars(case: Case, limit: int) -> Verdict:
    if case.entry.title is None:
        return _no_title()
    count = length(case.entry.title)
    sentence = f"The title {quoted(case.entry.title)} has {count} characters; the most allowed is {limit}."
    return compare(count <= limit, count, sentence)


@judged("title_forbidden", lambda titles: f"The title is not {joined([quoted(title) for title in titles])}.")
def _title_forbidden(case: Case, limit: list[str]) -> Verdict:
    title = case.entry.title
    if title is None:
        return _no_title()
    hit = next((pattern for pattern in limit if _is_forbidden(title, pattern)), None)
    if hit is None:
        return Verdict(Status.COMPLIES, title, f"The title {quoted(title)} is none of those that the rules refuse.")
    like = "" if folded(title) == folded(hit) else f" (as {quoted(hit)})"
    return Verdict(Status.DOES_NOT_COMPLY, title, f"The rules refuse the title {quoted(title)}{like}.")


def _is_forbidden(title: str, pattern: str) -> bool:
    # a bracket is a character of a title here and not a set of characters
    return fnmatch.fnmatchcase(folded(title), folded(pattern).replace("[", "[[]"))


@judged("title_forbidden_chars", lambda chars: f"The title has none of the characters {' '.join(chars)}")
def _title_forbidden_chars(case: Case, limit: str) -> Verdict:
    title = case.entry.title
    if title is None:
        return _no_title()
    # U+FFFD stands for what `clean` took out: a control character is never wanted
    hits = sorted({char for char in title if char in limit or char == "\ufffd"})
    if not hits:
        return Verdict(Status.COMPLIES, [], f"The title {quoted(title)} has no forbidden character.")
    shown = " ".join("(control character)" if char == "\ufffd" else char for char in hits)
    return Verdict(Status.DOES_NOT_COMPLY, hits, f"The title {quoted(title)} contains {shown}, which the rules forbid.")


@judged("no_camera_name_as_title", "The title is not a camera's file name, such as IMG_1234.")
def _no_camera_name_as_title(case: Case, limit: bool) -> Verdict:
    title = case.entry.title
    if title is None:
        return _no_title()
    if _CAMERA_NAME.fullmatch(title.casefold()[:NAME_CHARS]):
        return Verdict(
            Status.DOES_NOT_COMPLY, title, f"The title {quoted(title)} is a camera's file name, not a title."
        )
    return Verdict(Status.COMPLIES, title, f"The title {quoted(title)} is not a camera's file name.")


@judged("no_entrant_name_in_title", "The title does not contain the entrant's name.")
def _no_entrant_name_in_title(case: Case, limit: bool) -> Verdict:
    if case.entry.title is None:
        return _no_title()
    return _name_hidden(case, case.entry.title, "title")


def _no_title() -> Verdict:
    return Verdict(Status.NOT_APPLICABLE, None, "No title is known for this entry.")


def _name_hidden(case: Case, text: str, where: str) -> Verdict:
    """Whether `text` hides the entrant: the whole name does not comply, one word of it is referred ("A Day in May")."""
    author = case.entry.author
    if author is None:
        sentence = f"The entrant's name is not known here; a person has to see that the {where} does not contain it."
        return Verdict(Status.NEEDS_PERSON, None, sentence)
    name, found = words(author), words(text)
    measured: Any = [word for word in name if word in found and len(word) >= _TELLING_CHARS]
    run_together = "".join(name)
    complete = bool(name) and (
        (len(run_together) >= _TELLING_CHARS and all(word in found for word in name))
        or (len(run_together) >= _JOINED_CHARS and run_together in "".join(found))
    )
    if complete:
        sentence = f"The {where} {quoted(text)} contains the entrant's name {quoted(author)}."
        return Verdict(Status.DOES_NOT_COMPLY, author, sentence)
    if measured:
        sentence = f"The {where} {quoted(text)} contains {quoted(measured[0])}, which is part of the entrant's name."
        return Verdict(Status.REFER, measured[0], sentence)
    return Verdict(Status.COMPLIES, None, f"The {where} does not contain the entrant's name.")
