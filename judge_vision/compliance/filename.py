"""File names that carry title, author, category and order, each club in its own way."""

from __future__ import annotations

import difflib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePosixPath

from judge_vision.compliance.text import clean_or_none
from judge_vision.failure import UserError

GROUPS = ("author", "member", "category", "number", "title")
# File systems allow no more; it also bounds the work of a pattern whose cost grows with a power of the length.
NAME_CHARS = 255
_GUARD_SECONDS = 5.0
_ENDINGS = re.compile(
    r"(jpe?g|jpe|jfif|png|tiff?|webp|hei[cf]|hif|avif|jxl|gif|bmp|psd|dng|cr[23]|nef|arw|orf|raf|rw2)", re.IGNORECASE
)
# Runs in a process of its own because a regular expression cannot be interrupted.
_PROBE = "import json, re, sys\np, *names = json.load(sys.stdin)\nfor n in names: re.fullmatch(p, n)"


def split_name(image: str) -> tuple[str, str]:
    """The file name in the path `image`, and the name without its ending; an unknown ending is part of the name."""
    name = PurePosixPath(image).name
    stem, dot, ending = name.rpartition(".")
    return name, stem if dot and stem and _ENDINGS.fullmatch(ending) else name


@lru_cache(maxsize=64)
def compile_pattern(pattern: str, example: str) -> re.Pattern[str]:
    """The pattern, ready to match; `example` is a file name that it must match.

    Raises UserError, naming the fault, for a pattern that is not a regular expression, lacks or misnames its groups,
    does not match the example, or takes exponential time on names made of the example's characters.
    """
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise UserError(
            f"filename_pattern is not a regular expression ({error}); docs/how-to/competition-rules.md has examples"
        ) from None
    if not compiled.groupindex:
        raise UserError(
            f"filename_pattern has no named group; name what it yields, (?P<title>.+), out of {', '.join(GROUPS)}"
        )
    for group in compiled.groupindex:
        if group not in GROUPS:
            nearest = difflib.get_close_matches(group, GROUPS, n=1, cutoff=0.0)[0]
            raise UserError(
                f"filename_pattern has the group {group!r}, which means nothing here; did you mean {nearest!r}?"
            )
    # before the example is matched here, where nothing could stop it
    _refuse_slow(pattern, split_name(example)[1])
    if compiled.fullmatch(split_name(example)[1]) is None:
        raise UserError(
            f"filename_example {example!r} does not match filename_pattern {pattern!r}; change one of the two"
        )
    return compiled


def match_name(image: str, pattern: str, example: str) -> dict[str, str | None] | None:
    """What `pattern` finds in the file name of `image`, by group, cleaned; None where it does not match."""
    stem = split_name(image)[1]
    found = compile_pattern(pattern, example).fullmatch(stem) if len(stem) <= NAME_CHARS else None
    return {group: clean_or_none(text) for group, text in found.groupdict().items()} if found else None


def _refuse_slow(pattern: str, example: str) -> None:
    try:
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", _PROBE],
            input=json.dumps([pattern, *_probes(example)]).encode(),
            timeout=_GUARD_SECONDS,
            check=True,
            capture_output=True,
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"filename_pattern {pattern!r} takes too long on long names; "
            "avoid a repeat inside a repeat, as in (\\w+ ?)+, and write [\\w ]+"
        ) from None


def _probes(example: str) -> Iterator[str]:
    """Long names that end badly: what makes a pattern with nested repeats try every way to divide them."""
    for unit in [*sorted(set(example)), example, f"{example} ", "a", "a ", "aB", "0", " ", "a-", "a_"]:
        body = (unit * NAME_CHARS)[: NAME_CHARS - 1]
        yield body
        # a dot does not match the one, \s not the other; short names too: a bound on the length must not hide the cost
        for end in "\n\x01":
            yield from (f"{body}{end}", f"{body[:40]}{end}")
