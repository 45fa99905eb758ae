"""What an entrant is told about an entry that does not comply: what was measured, the rule, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from judge_vision.competition.entry import DOES_NOT_COMPLY, NO_SECTION, UNREADABLE, Entry
from judge_vision.competition.language import Language
from judge_vision.competition.pages import render
from judge_vision.compliance.finding import Severity
from judge_vision.compliance.rules import Competition
from judge_vision.compliance.text import file_size, joined, quoted

_NOT_FOR_ENTRANTS = frozenset({"archive", "no_exact_duplicates", "no_near_duplicates"})
"""Rules whose evidence names other people's files: the language file's words have to do."""


@dataclass(frozen=True)
class Problem:
    """One rule that is broken, in the entrant's language; `measured` and `limit` are None where they say nothing."""

    problem: str
    measured: str | None
    limit: str | None
    mend: str | None
    ruling: str | None


@dataclass(frozen=True)
class Message:
    """A message about one entry, as text and as a page."""

    entry: Entry
    subject: str
    text: str
    html: str


def needs_message(entry: Entry) -> bool:
    """Whether the entrant has to be told something: it could not be read, or a rule is broken."""
    return entry.status == UNREADABLE or bool(entry.broken)


def make_message(entry: Entry, competition: Competition, language: Language) -> Message:
    """The message about `entry`."""
    values = {
        "entrant": entry.author or entry.member or language.message["unknown"],
        "title": entry.shown_title,
        "file": entry.image.rsplit("/", 1)[-1],
        "section": language.message["no_section"] if entry.section_name == NO_SECTION else entry.section_name,
        "competition": competition.name,
        # what a decoder said in its own words helps whoever mends the program
        "sentence": _sentence(re.sub(r" \(the decoder: .*\)$", "", entry.error or "", flags=re.DOTALL)),
    }
    parts: list[tuple[str, list[Problem]]] = []
    if entry.status == UNREADABLE:
        parts.append((language.say("unreadable", values), []))
    for key, findings in _groups(entry):
        problems = [_problem(finding, entry, competition, language, values) for finding in findings]
        parts.append((language.say(key, values), problems))
    said = {
        name: language.say(name, values)
        for name in ("subject", "greeting", "about", "closing", "signature", "measured", "limit", "mend", "ruling")
    }
    return Message(
        entry,
        said["subject"],
        _text(said, parts),
        render("message.html.j2", title=said["subject"], said=said, parts=parts, language=language.tag),
    )


def _groups(entry: Entry) -> list[tuple[str, list[dict[str, Any]]]]:
    """The broken rules under the words that introduce them: refused, mended by us, or noted."""
    rejected = [one for one in entry.broken if one["severity"] == Severity.REJECT.value]
    mended = [one for one in entry.broken if one["severity"] == Severity.FIX.value and entry.corrected_copy]
    rest = [one for one in entry.broken if one not in rejected and one not in mended]
    refused = entry.status == DOES_NOT_COMPLY
    found = [("refused", rejected), ("mended", mended if not refused else []), ("remarks", rest if not refused else [])]
    if refused:
        # whoever sends it again mends everything at once
        found[0] = ("refused", [*rejected, *mended, *rest])
    return [(key, findings) for key, findings in found if findings]


def _problem(
    finding: dict[str, Any], entry: Entry, competition: Competition, language: Language, values: dict[str, str]
) -> Problem:
    rule = finding["rule"]
    values = values | {
        "sentence": finding["sentence"],
        "measured": _in_words(rule, finding["measured"]),
        "limit": _in_words(rule, finding["limit"]),
        "example": quoted(competition.rules.filename_example or ""),
    }
    plain = rule not in _NOT_FOR_ENTRANTS and rule != "filename_pattern" and not rule.startswith("text_rules.")
    mend = language.mend(rule, values)
    if mend is None and entry.fixes:
        mend = " ".join(entry.fixes)
    return Problem(
        language.problem(rule, values),
        values["measured"] or None if plain else None,
        values["limit"] or None if plain else None,
        mend,
        finding.get("ruling"),
    )


def _in_words(rule: str, value: Any) -> str:
    """A measured value or a limit for people."""
    if rule == "archive":
        # the earlier title and its season; not who entered it
        first = value[0] if isinstance(value, list) and value else None
        return f"{quoted(first['title'])}{', ' + first['date'] if first['date'] else ''}." if first else ""
    if value is None or isinstance(value, bool):
        return ""
    if rule == "max_bytes":
        return file_size(int(value))
    if isinstance(value, list):
        pair = rule in ("exact_size", "one_side_exact")
        return " x ".join(map(str, value)) if pair else joined([str(one) for one in value]) if value else ""
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')} {_in_words('', one)}" for key, one in value.items() if one)
    return str(value)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith(".") else f"{text}."


def _text(said: dict[str, str], parts: Sequence[tuple[str, list[Problem]]]) -> str:
    blocks = [said["greeting"], said["about"]]
    for head, problems in parts:
        blocks.append(head)
        for problem in problems:
            lines = [f"- {problem.problem}"]
            for key in ("measured", "limit", "mend", "ruling"):
                words = getattr(problem, key)
                if words:
                    lines.append(f"  {said[key]}: {words}")
            blocks.append("\n".join(lines))
    blocks += [said["closing"], said["signature"]]
    return "\n\n".join(blocks) + "\n"
