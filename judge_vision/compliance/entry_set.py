"""Rules that only the whole set of entries shows: how many, how numbered, and whether one is there twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from judge_vision.compliance.duplicates import look_alikes
from judge_vision.compliance.finding import Finding, Severity, Status
from judge_vision.compliance.rulebook import Rule, Verdict, add_rule, finding, limit_of, words
from judge_vision.compliance.rules import Competition
from judge_vision.compliance.text import folded, quoted

Record = Mapping[str, Any]
Add = Callable[[Record, str, Any, Verdict], None]


add_rule(Rule("entries_per_author", words("An entrant has at most {} entries in the competition.")))
add_rule(Rule("entries_per_section", words("An entrant has at most {} entries in a section.")))
add_rule(
    Rule(
        "numbers",
        lambda limit: "The numbers of an entrant's entries are unique"
        + (" and run from 1 without a gap." if limit == "contiguous" else "."),
    )
)
add_rule(Rule("no_exact_duplicates", words("No two entries are the same file.")))
add_rule(Rule("no_near_duplicates", words("Entries that look alike are referred to a person."), None, Severity.WARN))
add_rule(Rule("archive", words("The picture is none of earlier seasons ({}).")))
# these two matter only when the results are made up
add_rule(Rule("max_awards_per_author", words("Awards of one entrant: at most {} (used for results).")))
add_rule(Rule("acceptance_rate", lambda limit: f"At most {limit:.0%} of the entries are accepted (used for results)."))


def check_set(
    records: Iterable[Record],
    competition: Competition | None,
    earlier: Mapping[str, list[dict[str, Any]]] | None = None,
) -> dict[str, list[Finding]]:
    """What is wrong with the set of entries, by image. An entry with nothing wrong is absent.

    `records` are compliance records (`image`, `sha256`, and the figures of `check_photograph`). Those of photographs
    that could not be read count too, as their list and their name say: their entrant sent them, and sends them again.
    `earlier`: what of earlier seasons looks like a file, by SHA-256, the most alike first (`re_entry.matches`).
    """
    if competition is None:
        return {}
    entries = sorted(records, key=lambda record: str(record["image"]))
    found: dict[str, list[Finding]] = defaultdict(list)

    def add(record: Record, rule: str, limit: Any, verdict: Verdict) -> None:
        found[str(record["image"])].append(finding(rule, competition, limit, verdict))

    _count_per_author(entries, competition, add)
    _count_per_section(entries, competition, add)
    _numbers(entries, competition, add)
    _exact_duplicates(entries, competition, add)
    _near_duplicates(entries, competition, add)
    _re_entries(entries, competition, earlier or {}, add)
    return dict(found)


def entrant(record: Record) -> str | None:
    """Who entered: the member number, else the name without case and accents; None where neither is known."""
    known = record.get("member") or record.get("author")
    return folded(str(known)) if known else None


def _groups(entries: list[Record], key: Callable[[Record], Any]) -> dict[Any, list[Record]]:
    groups: dict[Any, list[Record]] = defaultdict(list)
    for entry in entries:
        groups[key(entry)].append(entry)
    return groups


def _number(record: Record) -> int | None:
    text = str(record.get("number") or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _in_order(entries: list[Record]) -> list[Record]:
    """By the entrant's own number where there is one, then by file name."""
    return sorted(entries, key=lambda entry: (_number(entry) is None, _number(entry) or 0, str(entry["image"])))


def _too_many(entries: list[Record], rule: str, limit: int, where: str, add: Add) -> None:
    count = len(entries)
    for place, entry in enumerate(_in_order(entries)[limit:], limit + 1):
        who = quoted(str(entry.get("author") or entry.get("member")))
        sentence = f"{who} has {count} entries{where}; the most allowed is {limit}, and this is number {place}."
        add(entry, rule, limit, Verdict(Status.DOES_NOT_COMPLY, count, sentence))


def _count_per_author(entries: list[Record], competition: Competition, add: Add) -> None:
    limit = limit_of("entries_per_author", competition.rules)
    if limit is not None:
        for who, group in _groups(entries, entrant).items():
            if who is not None:
                _too_many(group, "entries_per_author", limit, "", add)


def _count_per_section(entries: list[Record], competition: Competition, add: Add) -> None:
    sections = competition.all_sections()
    for (who, section), group in _groups(entries, lambda entry: (entrant(entry), entry.get("section"))).items():
        limit = limit_of("entries_per_section", competition.rules_for(section))
        if limit is not None and who is not None and (section is not None or not sections):
            where = f" in {quoted(sections[section].name)}" if section in sections else ""
            _too_many(group, "entries_per_section", limit, where, add)


def _numbers(entries: list[Record], competition: Competition, add: Add) -> None:
    rule = competition.rules.numbers
    if rule is None:
        return
    by_section = "(?P<category>" in (competition.rules.filename_pattern or "")

    def key(entry: Record) -> tuple[str | None, str | None]:
        return entrant(entry), entry.get("section") if by_section else None

    for (who, _), group in _groups(entries, key).items():
        if who is None:
            continue
        for number, same in _groups(group, _number).items():
            if number is None:
                for entry in same:
                    add(entry, "numbers", rule, Verdict(Status.REFER, None, "The entry has no number."))
                continue
            for entry in same[1:]:
                sentence = f"The number {number} is used twice; the other is {quoted(str(same[0]['image']))}."
                add(entry, "numbers", rule, Verdict(Status.DOES_NOT_COMPLY, number, sentence))
        if rule == "contiguous":
            _gaps(group, add)


def _gaps(group: list[Record], add: Add) -> None:
    """One finding, on the first entry after the first gap: to blame every entry would hide what is missing."""
    present = sorted({number for number in map(_number, group) if number is not None})
    for expected, number in enumerate(present, 1):
        if number != expected:
            entry = next(entry for entry in group if _number(entry) == number)
            sentence = f"The numbers of the entrant's entries run from 1 without a gap; number {expected} is missing."
            add(entry, "numbers", "contiguous", Verdict(Status.DOES_NOT_COMPLY, present, sentence))
            return


def _exact_duplicates(entries: list[Record], competition: Competition, add: Add) -> None:
    limit = limit_of("no_exact_duplicates", competition.rules)
    if limit is None:
        return
    for sha256, same in _groups(entries, lambda entry: entry.get("sha256")).items():
        if sha256 is None or len(same) == 1:
            continue
        for entry in same[1:]:
            sentence = f"The entry is the same file as {quoted(str(same[0]['image']))}."
            add(entry, "no_exact_duplicates", limit, Verdict(Status.DOES_NOT_COMPLY, str(same[0]["image"]), sentence))
        if len({entrant(entry) for entry in same}) > 1:
            sentence = f"Another entrant's entry is the same file: {quoted(str(same[1]['image']))}."
            add(same[0], "no_exact_duplicates", limit, Verdict(Status.REFER, str(same[1]["image"]), sentence))


def _near_duplicates(entries: list[Record], competition: Competition, add: Add) -> None:
    limit = limit_of("no_near_duplicates", competition.rules)
    if limit is None:
        return
    hashed = [entry for entry in entries if entry.get("perceptual_hash")]
    # the same file twice is the other rule's finding and would crowd out the rest here
    groups = list(_groups(hashed, lambda entry: entry.get("sha256") or entry["image"]).values())
    bits = competition.rules.near_duplicate_max_bits
    for index, alike in look_alikes([str(group[0]["perceptual_hash"]) for group in groups], bits).items():
        named = [str(groups[other][0]["image"]) for other, _ in alike.nearest]
        more = f" and {alike.count - len(named)} more" if alike.count > len(named) else ""
        measured = {
            "alike": [{"image": name, "bits": away} for name, (_, away) in zip(named, alike.nearest, strict=True)],
            "count": alike.count,
        }
        sentence = f"The entry looks like {', '.join(map(quoted, named))}{more}; a person has to compare them."
        for entry in groups[index]:
            add(entry, "no_near_duplicates", limit, Verdict(Status.REFER, measured, sentence, {"max_bits": bits}))


def _re_entries(
    entries: list[Record], competition: Competition, earlier: Mapping[str, list[dict[str, Any]]], add: Add
) -> None:
    for entry in entries:
        found = earlier.get(str(entry.get("sha256")), [])
        if not found:
            continue
        first = found[0]
        when = f" of {first['date']}" if first["date"] else ""
        changed = [word for word in ("mirrored", "monochrome") if first[word]]
        how = f", {' and '.join(changed)}" if changed else ""
        same = first["sha256"] == entry["sha256"]
        verb, end = ("is the same file as", ".") if same else ("looks like", "; a person has to compare them.")
        sentence = f"The entry {verb} {quoted(first['title'])}{when}{how}{end}"
        status = Status.DOES_NOT_COMPLY if same else Status.REFER
        add(entry, "archive", competition.rules.archive, Verdict(status, found, sentence))
