"""The registry's keys as tables for the documentation; a test holds the page to them."""

from __future__ import annotations

from pydantic import BaseModel

from judge_vision.compliance.known_rules import RULES
from judge_vision.compliance.rules import Competition, Marking, Rules, Section, SectionRules


def rules_table() -> str:
    """Every key of a table of rules: where it may stand, what follows by default, what it means."""
    lines = ["| key | in a section too | broken: by default | fixable | meaning |", "|---|---|---|---|---|"]
    for name, field in Rules.model_fields.items():
        rule = RULES.get(name)
        section = "yes" if name in SectionRules.model_fields else ""
        follows, fixable = (rule.severity.value, "yes" if rule.fixable else "") if rule else ("", "")
        lines.append(f"| `{name}` | {section} | {follows} | {fixable} | {field.description} |")
    return "\n".join(lines)


def competition_table() -> str:
    """Every key of a competition, and those of a section that are not rules."""
    lines = ["| table | key | meaning |", "|---|---|---|"]
    lines += _own("[competition.ID]", Competition, set())
    lines += _own("[competition.ID.sections.NAME]", Section, set(SectionRules.model_fields))
    lines += _own("[competition.ID.marking]", Marking, set())
    return "\n".join(lines)


def _own(table: str, model: type[BaseModel], without: set[str]) -> list[str]:
    fields = ((name, field) for name, field in model.model_fields.items() if name not in without)
    return [f"| `{table}` | `{name}` | {field.description} |" for name, field in fields]
