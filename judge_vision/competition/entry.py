"""An entry as the competition sees it: what was measured, what was ruled, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from judge_vision.compliance.entry_set import entrant
from judge_vision.compliance.finding import Status
from judge_vision.compliance.rules import Competition
from judge_vision.compliance.rulings import effective

UNREADABLE = "could not be read"
COMPLIES, REFER, DOES_NOT_COMPLY = "complies", "refer", "does not comply"
NO_SECTION = "No section"


@dataclass(frozen=True)
class Entry:
    """One entry. `status` is what counts after rulings, or `UNREADABLE`, and then `error` says why."""

    image: str
    sha256: str | None
    title: str | None
    author: str | None
    member: str | None
    section: str | None
    """Id of its section in the registry."""
    section_name: str
    status: str
    error: str | None = None
    findings: list[dict[str, Any]] = field(default_factory=list)
    """Of its compliance record, with rulings applied."""
    fixes: list[str] = field(default_factory=list)
    corrected_copy: str | None = None
    """Path in the results folder."""
    scores: Mapping[str, float | None] = field(default_factory=dict)
    """What the networks say, by column of the Stage 1 table."""

    @property
    def eligible(self) -> bool:
        """Whether it is judged: what is referred and not ruled on is no reason to refuse."""
        return self.status in (COMPLIES, REFER)

    @property
    def entrant(self) -> str | None:
        """Who entered it, for comparing; None where nobody knows."""
        return entrant({"member": self.member, "author": self.author})

    @property
    def entrant_name(self) -> str:
        """Who entered it, for people."""
        return self.author or self.member or "unknown entrant"

    @property
    def shown_title(self) -> str:
        """The title, or the file name where there is none."""
        return self.title or self.image.rsplit("/", 1)[-1]

    def with_status(self, *statuses: Status) -> list[dict[str, Any]]:
        """The findings whose status counts, after rulings, as one of these."""
        wanted = {status.value for status in statuses}
        return [finding for finding in self.findings if effective(finding) in wanted]

    @property
    def open_cases(self) -> list[dict[str, Any]]:
        """What was referred to a person, without a ruling yet."""
        return self.with_status(Status.REFER)

    @property
    def broken(self) -> list[dict[str, Any]]:
        """The rules that it does not comply with."""
        return self.with_status(Status.DOES_NOT_COMPLY)

    @property
    def rulings(self) -> list[dict[str, Any]]:
        """The findings on which there is a ruling."""
        return [finding for finding in self.findings if "ruling" in finding]


def make_entry(record: Mapping[str, Any], row: Mapping[str, Any], competition: Competition) -> Entry:
    """The entry of a compliance record (findings of the set and rulings applied) and its row of the Stage 1 table."""
    known = {key: row[key] for key in ("image", "sha256", "title", "author")}
    known |= {key: record[key] for key in ("member", "section")}
    section = competition.all_sections().get(record["section"] or "")
    name = section.name if section else NO_SECTION
    if record["status"] == "failed":
        return Entry(**known, section_name=name, status=UNREADABLE, error=record["error"])
    return Entry(
        **known,
        section_name=name,
        status=record["compliance_status"],
        findings=record["findings"],
        fixes=record["fixes"],
        corrected_copy=record["corrected_copy"],
        scores={name: row[name] for name in ("nima_aesthetic_mean", "nima_technical_mean", "musiq_mos")},
    )
