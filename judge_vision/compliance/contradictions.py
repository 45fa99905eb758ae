"""Rules that cannot all hold, and settings that cannot have any effect."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from itertools import combinations

from judge_vision.compliance.filename import compile_pattern
from judge_vision.compliance.finding import Severity
from judge_vision.compliance.known_rules import RULES
from judge_vision.compliance.rulebook import limit_of
from judge_vision.compliance.rules import Competition, Rules
from judge_vision.compliance.text import folded
from judge_vision.failure import UserError

_BORDER_RULES = ("border_colours", "border_tone_matches")


def contradictions(competition: Competition) -> Iterator[str]:
    """What is wrong with a competition, a line each, beginning with the table it is in."""
    yield from _within("rules: ", competition.rules)
    for section_id in competition.sections:
        own = f"sections.{section_id}: "
        yield from (line for line in _within(own, competition.rules_for(section_id)) if _is_new(line, own, competition))
    yield from _names(competition)
    yield from _file_names(competition.rules)
    yield from _severities(competition)
    yield from _bands(competition)
    yield from _marking(competition)


def _is_new(line: str, prefix: str, competition: Competition) -> bool:
    """Whether a section's contradiction is its own and not the whole competition's, said already."""
    return line.removeprefix(prefix) not in {
        said.removeprefix("rules: ") for said in _within("rules: ", competition.rules)
    }


def _within(prefix: str, rules: Rules) -> Iterator[str]:
    for line in (*_sizes(rules), *_borders(rules), *_colours(rules)):
        yield prefix + line


def _sizes(rules: Rules) -> Iterator[str]:
    for side in ("width", "height"):
        least, most = getattr(rules, f"min_{side}"), getattr(rules, f"max_{side}")
        if least is not None and most is not None and least > most:
            yield f"min_{side} {least} is more than max_{side} {most}"
        exact = rules.exact_size[side == "height"] if rules.exact_size else None
        if exact is not None and most is not None and exact > most:
            yield f"exact_size has the {side} {exact}, more than max_{side} {most}"
        if exact is not None and least is not None and exact < least:
            yield f"exact_size has the {side} {exact}, less than min_{side} {least}"
    if rules.one_side_exact and (rules.max_width is None or rules.max_height is None):
        yield "one_side_exact needs max_width and max_height"
    if rules.one_side_exact and rules.exact_size:
        yield "one_side_exact and exact_size exclude each other"
    if rules.fill and not rules.exact_size:
        yield "fill needs exact_size"
    if not rules.fill and "fill_colour" in rules.model_fields_set:
        yield "fill_colour needs fill = true"


def _borders(rules: Rules) -> Iterator[str]:
    if rules.borders == "forbidden":
        if rules.border_max_px:
            yield f"borders are forbidden and border_max_px is {rules.border_max_px}"
        for name in _BORDER_RULES:
            if limit_of(name, rules) is not None:
                yield f"borders are forbidden and {name} is set"
    if rules.borders == "required" and rules.border_max_px == 0:
        yield "borders are required and border_max_px is 0"
    if rules.border_tone_matches and rules.border_colours and set(rules.border_colours) <= {"white", "grey", "black"}:
        yield f"border_tone_matches is set and border_colours allows only {', '.join(rules.border_colours)}"
    if rules.border_tone_matches and rules.allowed_modes is not None and "toned" not in rules.allowed_modes:
        yield "border_tone_matches is set and allowed_modes has no toned"


def _colours(rules: Rules) -> Iterator[str]:
    if rules.colour_space is not None and rules.untagged == "accept" and "sRGB" not in rules.colour_space:
        yield "untagged files are accepted as sRGB, which colour_space does not allow"
    if "untagged" in rules.model_fields_set and rules.colour_space is None:
        yield "untagged needs colour_space"
    if rules.allowed_modes is not None and len(set(rules.allowed_modes)) < len(rules.allowed_modes):
        yield "allowed_modes names a mode twice"
    if rules.colour_mode and rules.allowed_modes == ["colour"] and set(rules.colour_mode) <= {"L", "LA", "1"}:
        yield f"allowed_modes is colour and colour_mode {', '.join(rules.colour_mode)} has none"


def _names(competition: Competition) -> Iterator[str]:
    """A category must name one section."""
    if competition.categories and competition.sections:
        yield "categories and sections are both given; make each category a section, [competition.ID.sections.NAME]"
    seen: dict[str, str] = {}
    for section_id, section in competition.all_sections().items():
        for name in {folded(text) for text in (section_id, section.name, *section.codes)}:
            if name in seen:
                yield f"sections {seen[name]} and {section_id} are both called {name!r}"
            seen.setdefault(name, section_id)
    if len({folded(name) for name in competition.categories}) < len(competition.categories):
        yield "categories names a section twice"


def _file_names(rules: Rules) -> Iterator[str]:
    pattern, example = rules.filename_pattern, rules.filename_example
    if pattern is None:
        if example is not None:
            yield "rules: filename_example needs filename_pattern"
        if rules.numbers is not None:
            yield "rules: numbers needs a filename_pattern with the group number"
        return
    if example is None:
        yield "rules: filename_pattern needs filename_example, a file name that matches it"
        return
    try:
        groups = compile_pattern(pattern, example).groupindex
    except UserError as error:
        yield f"rules: {error}"
        return
    if rules.numbers is not None and "number" not in groups:
        yield "rules: numbers needs a filename_pattern with the group number"
    if rules.no_entrant_name_in_filename and "author" in groups:
        yield "rules: no_entrant_name_in_filename is set and filename_pattern has the group author"
    if rules.filename_max_chars is not None and len(example) > rules.filename_max_chars:
        yield f"rules: filename_example is longer than filename_max_chars {rules.filename_max_chars}"


def _severities(competition: Competition) -> Iterator[str]:
    in_force = [competition.rules, *(competition.rules_for(name) for name in competition.sections)]
    for name, severity in competition.severity.items():
        if name not in RULES:
            nearest = difflib.get_close_matches(name, RULES, n=1, cutoff=0.0)[0]
            yield f"severity: there is no rule {name}; did you mean {nearest}?"
        elif not (competition.all_sections() if name == "section" else _is_set(name, in_force)):
            yield f"severity: {name} has a severity and is not among the rules"
        elif severity == Severity.FIX.value and not RULES[name].fixable:
            fixable = ", ".join(rule.name for rule in RULES.values() if rule.fixable)
            yield f"severity: no program can fix {name}; choose reject or warn (fixable: {fixable})"
    if Severity.FIX.value in competition.severity.values():
        for rules in in_force:
            yield from _unfit_for_copies(rules)


def _is_set(name: str, in_force: list[Rules]) -> bool:
    return any(limit_of(name, rules) is not None for rules in in_force)


def _unfit_for_copies(rules: Rules) -> Iterator[str]:
    """Corrected copies are 8-bit RGB JPEGs in sRGB: a rule against that would refuse what the program mends."""
    wanted = {"formats": "JPEG", "colour_space": "sRGB", "colour_mode": "RGB", "bit_depth": 8}
    for name, value in wanted.items():
        limit = limit_of(name, rules)
        if limit is not None and value not in limit:
            yield f"severity: fix writes {name} {value}, which the rules do not allow"


def _bands(competition: Competition) -> Iterator[str]:
    for (first, one), (second, other) in combinations(competition.score_bands.items(), 2):
        if min(one) <= max(other) and min(other) <= max(one):
            yield f"score_bands: {first} and {second} overlap"


def _marking(competition: Competition) -> Iterator[str]:
    marking = competition.marking
    if marking.least >= marking.most:
        yield f"marking: least {marking.least:g} is not less than most {marking.most:g}"
    if len(set(marking.ties)) < len(marking.ties):
        yield "marking: ties names a rule twice"
    for name in ("archive_monochrome", "archive_max_bits"):
        if name in competition.rules.model_fields_set and competition.rules.archive is None:
            yield f"rules: {name} needs archive"
    for name in ("awards", "section_awards"):
        given = [folded(award) for award in getattr(competition, name)]
        if len(set(given)) < len(given):
            yield f"{name} names an award twice"
