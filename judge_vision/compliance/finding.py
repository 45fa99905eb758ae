"""What a check says about an entry, and what the findings on an entry amount to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class Status(str, Enum):
    """The outcome of one rule for one entry, in the words of club people."""

    COMPLIES = "complies"
    DOES_NOT_COMPLY = "does_not_comply"
    REFER = "refer"
    """The program measured something that a person must decide on."""
    NOT_APPLICABLE = "not_applicable"
    NEEDS_PERSON = "needs_person"
    """No program can measure this."""


class Severity(str, Enum):
    """What follows when an entry does not comply."""

    REJECT = "reject"
    """The entry is not eligible."""
    WARN = "warn"
    """The entry stays eligible; the organiser is told."""
    FIX = "fix"
    """The entry stays eligible; a corrected copy is made where that is possible."""


@dataclass(frozen=True)
class Finding:
    """One rule on one entry: what was measured (a JSON value), the limit as written, and a sentence for the entrant."""

    rule: str
    severity: Severity
    status: Status
    measured: Any
    limit: Any
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return asdict(self) | {"severity": self.severity.value, "status": self.status.value}


def verdict(findings: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """`compliance_passed`, `compliance_issues` and `compliance_warnings` of an entry with these findings.

    An issue is a broken rule of severity reject, and only issues make an entry ineligible. A warning is any other
    broken rule, and whatever is referred to a person, whichever its severity.
    """
    issues: list[str] = []
    warnings: list[str] = []
    for finding in findings:
        if finding["status"] == Status.DOES_NOT_COMPLY.value:
            rejected = finding["severity"] == Severity.REJECT.value
            (issues if rejected else warnings).append(finding["sentence"])
        elif finding["status"] == Status.REFER.value:
            warnings.append(finding["sentence"])
    return {"compliance_passed": not issues, "compliance_issues": issues, "compliance_warnings": warnings}


def add_findings(figures: Mapping[str, Any], extra: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A compliance record with the set-level findings `extra` added and its verdict worked out again."""
    findings = [*figures["findings"], *extra]
    return {**figures, "findings": findings, **verdict(findings)}
