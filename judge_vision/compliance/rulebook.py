"""The rules by name: how each is judged, explained, and what follows by default when it is broken.

A rule is a key of the registry. One small function judges it: it gets the case and the limit as written, and answers
with a `Verdict`, or with None where it has nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from judge_vision.compliance.borders import BorderSettings, Layer, find_borders
from judge_vision.compliance.entry import Entry
from judge_vision.compliance.finding import Finding, Severity, Status
from judge_vision.compliance.rules import Competition, Rules

Pixels = npt.NDArray[np.uint8]


@dataclass
class Case:
    """All that a check may look at. `load_pixels` gives HxWx3 8-bit sRGB as displayed, and is called at most once."""

    facts: Mapping[str, Any]
    mono: Mapping[str, Any] | None
    entry: Entry
    load_pixels: Callable[[], Pixels]
    competition: Competition
    border_settings: BorderSettings = field(default_factory=BorderSettings)

    @cached_property
    def section(self) -> str | None:
        """Id of the entry's section."""
        return self.entry.section(self.competition)

    @cached_property
    def rules(self) -> Rules:
        """The rules in force in the entry's section."""
        return self.competition.rules_for(self.section)

    @cached_property
    def pixels(self) -> Pixels:
        """The picture."""
        return self.load_pixels()

    @cached_property
    def borders(self) -> list[Layer]:
        """The border's layers from outside in, without the fill of an exact size."""
        layers = find_borders(self.pixels, self.border_settings)
        if self.rules.fill and layers and layers[0].is_colour(self.rules.fill_colour, self.border_settings):
            return layers[1:]
        return layers


class Verdict(NamedTuple):
    """What a check found. `measured` is a JSON value; `limit` replaces the limit as written where given."""

    status: Status
    measured: Any
    sentence: str
    limit: Any = None


Judge = Callable[[Case, Any], Verdict | None]


@dataclass(frozen=True)
class Rule:
    """A rule: its key in the registry, its check (None for what only the whole set, or only a person, can tell)."""

    name: str
    explain: Callable[[Any], str]
    judge: Judge | None = None
    severity: Severity = Severity.REJECT
    fixable: bool = False


RULES: dict[str, Rule] = {}


def words(template: str) -> Callable[[Any], str]:
    """An explanation that names the limit as {}."""
    return lambda limit: template.format(limit)


def add_rule(rule: Rule) -> None:
    """Make `rule` known."""
    assert rule.name not in RULES, rule.name
    RULES[rule.name] = rule


def judged(
    name: str, explain: str | Callable[[Any], str], severity: Severity = Severity.REJECT, fixable: bool = False
) -> Callable[[Judge], Judge]:
    """Register the decorated function as the check of rule `name`."""

    def register(judge: Judge) -> Judge:
        add_rule(Rule(name, words(explain) if isinstance(explain, str) else explain, judge, severity, fixable))
        return judge

    return register


def limit_of(name: str, rules: Rules) -> Any:
    """The limit of a rule as written; None where the rule is absent or switched off."""
    limit = getattr(rules, name, None)
    return None if limit is False and name != "watermark_allowed" else limit


def severity_of(name: str, competition: Competition) -> Severity:
    """What follows when the rule is broken: the registry's word, or the rule's default."""
    chosen = competition.severity.get(name)
    return Severity(chosen) if chosen else RULES[name].severity


def finding(name: str, competition: Competition, limit: Any, verdict: Verdict) -> Finding:
    """The verdict of rule `name` as a finding."""
    shown = limit if verdict.limit is None else verdict.limit
    return Finding(name, severity_of(name, competition), verdict.status, verdict.measured, shown, verdict.sentence)


def compare(holds: bool, measured: Any, sentence: str) -> Verdict:
    """Complies if `holds`, else does not comply."""
    return Verdict(Status.COMPLIES if holds else Status.DOES_NOT_COMPLY, measured, sentence)


def unknown(what: str) -> Verdict:
    """Refer, because the file does not tell `what`."""
    return Verdict(Status.REFER, None, f"{what} could not be measured; a person has to look.")
