"""A competition's rules in words."""

from __future__ import annotations

from judge_vision.compliance.finding import Severity
from judge_vision.compliance.known_rules import RULES
from judge_vision.compliance.rulebook import limit_of, severity_of
from judge_vision.compliance.rules import Competition, Registry, Rules, Section, SectionRules
from judge_vision.compliance.text import joined

_FOLLOWS = {
    Severity.REJECT: "else it is not eligible",
    Severity.WARN: "else the organiser is told",
    Severity.FIX: "else a corrected copy is made",
}
_UNTAGGED = {"accept": "counts as sRGB", "refer": "is referred to a person", "reject": "does not comply"}
# Rules that never decide about an entry: a person does, or the results do.
_NOT_DECIDED = frozenset(
    {"manipulation", "watermark_allowed", "no_near_duplicates", "max_awards_per_author", "acceptance_rate"}
)


def explain(competition: Competition) -> str:
    """The competition in words, one line a rule."""
    lines = [competition.name, "=" * len(competition.name)]
    lines += _rule_lines(competition.rules, competition)
    for section_id, section in competition.all_sections().items():
        lines += ["", _section_title(section_id, section), *_section_lines(section, competition)]
    if competition.text_rules:
        lines += ["", "For a person to see to", *(f"  - {text}" for text in competition.text_rules.values())]
    lines += _marks(competition)
    if competition.notes:
        lines += ["", "Notes", f"  {competition.notes}"]
    return "\n".join(lines)


def explain_registry(registry: Registry) -> str:
    """Every competition of the registry in words."""
    return "\n\n".join(
        f"[competition.{name}]\n{explain(competition)}" for name, competition in registry.competition.items()
    )


def _rule_lines(rules: Rules, competition: Competition) -> list[str]:
    lines = []
    for rule in RULES.values():
        limit = limit_of(rule.name, rules)
        if limit is None:
            continue
        neutral = rule.name in _NOT_DECIDED or limit == "allowed"
        follows = "" if neutral else f" ({_FOLLOWS[severity_of(rule.name, competition)]})"
        lines.append(f"  - {rule.explain(limit).rstrip('.')}{follows}")
    if rules.fill and rules.exact_size:
        lines.append(f"  - What the picture leaves free is filled with {rules.fill_colour}")
    if rules.colour_space:
        lines.append(f"  - A file without a colour profile {_UNTAGGED[rules.untagged]}")
    if rules.filename_example:
        lines.append(f"  - An example of a file name: {rules.filename_example}")
    if rules.competition_class:
        lines.append(f"  - Class: {rules.competition_class}")
    return lines or ["  - No rules of its own"]


def _section_title(section_id: str, section: Section) -> str:
    names = [name for name in (section_id, *section.codes) if name != section.name]
    return f"Section {section.name}" + (f" (also written {joined(names)})" if names else "")


def _section_lines(section: Section, competition: Competition) -> list[str]:
    own = {name: getattr(section, name) for name in section.model_fields_set if name in SectionRules.model_fields}
    return _rule_lines(Rules().model_copy(update=own), competition)


def _marks(competition: Competition) -> list[str]:
    lines = [
        f"  - {label}: {min(marks):g}" + (f" to {max(marks):g}" if len(marks) > 1 else "")
        for label, marks in competition.score_bands.items()
    ]
    lines += [f"  - {mark}: {meaning}" for mark, meaning in competition.anchors.items()]
    if competition.awards:
        lines.append(f"  - Awards: {', '.join(competition.awards)}")
    if competition.section_awards:
        lines.append(f"  - Awards in each section: {', '.join(competition.section_awards)}")
    lines += _marking(competition)
    if competition.pairwise_rounds:
        lines.append(f"  - Playoff of {competition.pairwise_rounds} rounds")
    return ["", "Marks and awards", *lines] if lines else []


_TIES = {
    "countback": "the higher highest mark, then the next",
    "lowest_mark": "the higher lowest mark",
    "least_spread": "the smaller spread between the judges",
}


def _marking(competition: Competition) -> list[str]:
    """How judges mark; nothing where the registry says nothing of it."""
    if "marking" not in competition.model_fields_set:
        return []
    marking = competition.marking
    steps = "half marks" if marking.half_marks else "whole marks"
    ties = [_TIES[rule] for rule in marking.ties]
    lines = [
        f"  - Each judge marks from {marking.least:g} to {marking.most:g} in {steps}; the {marking.combine} counts",
        f"  - Equal totals: {', then '.join([*ties, 'the place is shared'])}",
    ]
    if marking.machine_breaks_ties:
        lines.append(f"  - Before a place is shared, the networks' score {marking.machine_breaks_ties} decides")
    if marking.league_best:
        lines.append(f"  - League: an entrant's best {marking.league_best} of a round count")
    return lines
