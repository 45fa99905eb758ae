"""Text of unknown origin, made fit for files that other programs open."""

from __future__ import annotations

from typing import Any

from judge_vision.compliance.text import clean

# What makes a spreadsheet read text as a formula, with the full-width forms that some read alike.
_FORMULA_STARTS = tuple("=+-@＝＋－＠")
# Characters that clean text may hold and XML 1.0 may not.
_NO_XML = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})


def plain(text: str) -> str:
    """`text` as `compliance.text.clean` leaves it, but with its line breaks; fit for XML 1.0."""
    lines = [clean(line) for line in text.strip().splitlines()]
    return "\n".join(lines).translate(_NO_XML)


def one_line(text: str) -> str:
    """`plain`, with every run of blanks and line breaks as one blank."""
    return " ".join(plain(text).split())


def no_formula(text: str) -> str:
    """`text` so that a spreadsheet that opens a CSV file shows it: an apostrophe in front of what it would compute."""
    return f"'{text}" if text.lstrip().startswith(_FORMULA_STARTS) else text


def without_guard(text: str) -> str:
    """`text` as it was before `no_formula`; an apostrophe that guards nothing is the text's own."""
    bare = text.removeprefix("'")
    return bare if no_formula(bare) == text else text


def in_words(value: Any) -> str:
    """A table's value for people: lists joined, yes and no, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "\n".join(in_words(one) for one in value)
    return plain(str(value))
