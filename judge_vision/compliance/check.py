"""One entry against the rules of its competition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from judge_vision.compliance.borders import BorderSettings
from judge_vision.compliance.entry import Entry
from judge_vision.compliance.finding import Finding, Severity, Status, verdict
from judge_vision.compliance.rules import Competition

if TYPE_CHECKING:
    from judge_vision.compliance.rulebook import Case


def check_photograph(
    facts: Mapping[str, Any],
    mono: Mapping[str, Any] | None,
    entry: Entry,
    load_pixels: Callable[[], npt.NDArray[np.uint8]],
    competition: Competition | None,
    border_settings: BorderSettings | None = None,
) -> dict[str, Any]:
    """The figures of the compliance record of one photograph.

    `facts` is the record of `prepare`, `mono` that of the monochrome verdict (`mono_verdict`, `mono_mode`);
    `load_pixels` gives uint8 [height, width, 3] sRGB as displayed; it is called at most once, and only where a rule
    needs pixels.
    Without a competition nothing is checked: `compliance_passed` is None and the lists are empty.
    What only the whole set of entries shows is added later: see `entry_set.check_set` and `finding.add_findings`.
    """
    if competition is None:
        return _figures(entry, None, []) | {"compliance_passed": None}
    # imported here, as below: most runs have no competition, and every shard's job would load the rules and OpenCV
    from judge_vision.compliance.duplicates import perceptual_hash
    from judge_vision.compliance.fix import proposals
    from judge_vision.compliance.rulebook import Case

    case = Case(
        facts, mono, entry.read_name(competition), load_pixels, competition, border_settings or BorderSettings()
    )
    findings = [found.as_dict() for found in _findings(case)]
    figures = _figures(entry, competition, findings)
    if case.rules.no_near_duplicates:
        figures["perceptual_hash"] = perceptual_hash(case.pixels)
    figures["fixes"] = proposals(facts, findings, case.rules)
    return figures


def _findings(case: Case) -> list[Finding]:
    from judge_vision.compliance.known_rules import RULES
    from judge_vision.compliance.rulebook import Verdict, finding, limit_of

    competition = case.competition
    found = []
    for rule in RULES.values():
        limit = limit_of(rule.name, case.rules)
        if rule.name == "section":
            limit = [section.name for section in competition.all_sections().values()] or None
        if limit is None or rule.judge is None:
            continue
        answer = rule.judge(case, limit)
        if answer is not None:
            found.append(finding(rule.name, competition, limit, answer))
    for name, text in competition.text_rules.items():
        answer = Verdict(Status.NEEDS_PERSON, None, text)
        # only a person's ruling can break it, and that should count
        found.append(Finding(f"text_rules.{name}", Severity.REJECT, answer.status, None, text, answer.sentence))
    return found


def _figures(entry: Entry, competition: Competition | None, found: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **verdict(found),
        "findings": found,
        "needs_person": [one["sentence"] for one in found if one["status"] == Status.NEEDS_PERSON.value],
        "fixes": [],
        **entry.identity(competition),
        "perceptual_hash": None,
    }
