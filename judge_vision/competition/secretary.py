"""The secretary's page: every entry with what was measured and what was ruled, open cases first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from judge_vision.competition.entry import COMPLIES, DOES_NOT_COMPLY, REFER, UNREADABLE, Entry
from judge_vision.competition.messages import needs_message
from judge_vision.competition.pages import render
from judge_vision.compliance.finding import Severity, Status
from judge_vision.compliance.rulings import COLUMNS, Ruling, Rulings, effective
from judge_vision.exports.sheet import SheetColumn, Value

Picture = Callable[[str | None], str | None]
"""A data URI of the thumbnail of the file with this SHA-256, or None."""

STATUS_WORDS = {
    Status.DOES_NOT_COMPLY.value: ("Does not comply", "bad"),
    Status.REFER.value: ("Refer", "ask"),
    Status.NEEDS_PERSON.value: ("Needs a person", "ask"),
    Status.COMPLIES.value: ("Complies", "good"),
    Status.NOT_APPLICABLE.value: ("Does not apply", "plain"),
}
_FOLLOWS = {
    Severity.REJECT.value: "not eligible if broken",
    Severity.WARN.value: "remark if broken",
    Severity.FIX.value: "corrected copy if broken",
}
_COUNTED = {COMPLIES: "comply", REFER: "referred", DOES_NOT_COMPLY: "do not comply", UNREADABLE: UNREADABLE}
_TEMPLATE_COLUMNS = (*COLUMNS, "entry", "title", "what was found")


def rulings_template(entries: Sequence[Entry], rulings: Rulings) -> tuple[list[SheetColumn], list[list[Value]]]:
    """The next `rulings.csv`: every ruling there is, then a row for each open case, to be filled in."""
    by_sha256 = {entry.sha256: entry for entry in entries}
    made = sorted((one for by_rule in rulings.values() for one in by_rule.values()), key=lambda one: one.line)
    rows: list[list[Value]] = [_ruling_row(one, by_sha256.get(one.sha256)) for one in made]
    seen = set()
    for entry in entries:
        for finding in entry.open_cases:
            # the same file entered twice is one case: a ruling is on the file
            if (entry.sha256, finding["rule"]) not in seen:
                seen.add((entry.sha256, finding["rule"]))
                about = [entry.image, entry.shown_title, finding["sentence"]]
                rows.append([entry.sha256, finding["rule"], "", "", "", "", *about])
    return [SheetColumn(name) for name in _TEMPLATE_COLUMNS], rows


def _ruling_row(ruling: Ruling, entry: Entry | None) -> list[Value]:
    sentence = ""
    if entry:
        sentence = next((one["sentence"] for one in entry.findings if one["rule"] == ruling.rule), "")
    about = [entry.image, entry.shown_title, sentence] if entry else ["(gone)", "", ""]
    return [*(getattr(ruling, key) for key in COLUMNS), *about]


def secretary_page(
    name: str,
    entries: Sequence[Entry],
    picture: Picture,
    message_files: Mapping[str, str],
    notes: Sequence[str],
) -> str:
    """The page. `message_files`: by image, the message's file relative to the page; `notes` concern the whole."""
    by_image = {entry.image: entry for entry in entries}
    groups = []
    for key, title, lead, chosen in _groups(entries):
        cases = [_case(entry, key, picture, by_image, message_files) for entry in chosen]
        groups.append({"key": key, "title": title, "lead": lead, "cases": cases})
    counts = Counter(entry.status for entry in entries)
    return render(
        "secretary.html.j2",
        title=f"{name}: entries",
        name=name,
        entries=entries,
        entrants=len({entry.entrant for entry in entries if entry.entrant}),
        counts=[(words, counts[status]) for status, words in _COUNTED.items()],
        groups=groups,
        notes=notes,
        open_count=len({(entry.sha256, one["rule"]) for entry in entries for one in entry.open_cases}),
        messages=message_files,
    )


def _groups(entries: Sequence[Entry]) -> list[tuple[str, str, str, list[Entry]]]:
    opened = [entry for entry in entries if entry.open_cases]
    refused = [entry for entry in entries if entry.status in (DOES_NOT_COMPLY, UNREADABLE)]
    noted = [entry for entry in entries if needs_message(entry) and entry not in refused]
    ruled = [entry for entry in entries if entry.rulings]
    return [
        ("open", "Open cases", "Measured, and for a person to decide: fill in a row of rulings.csv for each.", opened),
        ("refused", "Does not comply", "Not judged unless it is mended or a ruling lets it in.", refused),
        ("noted", "Accepted with remarks", "Eligible; the entrant is told, or a corrected copy was made.", noted),
        ("ruled", "Ruled on", "What a person decided, beside what was measured.", ruled),
    ]


def _case(
    entry: Entry, key: str, picture: Picture, by_image: Mapping[str, Entry], message_files: Mapping[str, str]
) -> dict[str, Any]:
    chosen = {"open": entry.open_cases, "ruled": entry.rulings}.get(key, entry.broken)
    return {
        "entry": entry,
        "picture": picture(entry.sha256),
        "findings": [_finding(finding, picture, by_image) for finding in chosen],
        "message": message_files.get(entry.image) if key in ("refused", "noted") else None,
    }


def _finding(finding: dict[str, Any], picture: Picture, by_image: Mapping[str, Entry]) -> dict[str, Any]:
    words, kind = STATUS_WORDS[finding["status"]]
    return {
        "rule": finding["rule"],
        "called": _called(finding["rule"]),
        "sentence": finding["sentence"],
        "words": words,
        "kind": kind,
        "follows": _FOLLOWS[finding["severity"]],
        "ruling": finding.get("ruling"),
        "ruled_kind": STATUS_WORDS[effective(finding)][1],
        "beside": _beside(finding, picture, by_image),
    }


def _called(rule: str) -> str:
    """A rule's name for people, of its key in the registry."""
    return rule.removeprefix("text_rules.").replace("_", " ").capitalize()


def _beside(finding: dict[str, Any], picture: Picture, by_image: Mapping[str, Entry]) -> list[dict[str, Any]]:
    """The pictures to look at beside the entry's own: of an earlier season, or another entry."""
    if finding["rule"] == "archive":
        return [{"picture": picture(one["sha256"]), "caption": _earlier(one)} for one in finding["measured"][:3]]
    if finding["rule"] == "no_near_duplicates":
        others = [by_image[one["image"]] for one in finding["measured"]["alike"] if one["image"] in by_image]
    elif finding["rule"] == "no_exact_duplicates":
        others = [by_image[finding["measured"]]] if finding["measured"] in by_image else []
    else:
        others = []
    return [
        {"picture": picture(one.sha256), "caption": f"Entry “{one.shown_title}” by {one.entrant_name}, {one.image}"}
        for one in others
    ]


def _earlier(one: Mapping[str, Any]) -> str:
    changed = [word for word in ("mirrored", "monochrome") if one[word]]
    how = f"; the entry is {' and '.join(changed)}" if changed else ""
    when = f", {one['date']}" if one["date"] else ""
    return f"Earlier: “{one['title']}”{when} ({one['image']}; {one['bits']} of 256 bits differ{how})"
