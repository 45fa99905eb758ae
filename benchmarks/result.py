"""What a benchmark found, and its table."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Result:
    """The rows of one table. JSON-able."""

    title: str
    columns: list[str]
    rows: list[list[Any]]
    """Text, numbers, or None where something was not measured."""
    how: str
    """What was compared with what, on how many pictures, in a sentence or two."""
    targets: list[dict[str, Any]] = field(default_factory=list)
    """From `target`: what was aimed at, and what was found."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def target(what: str, found: float, limit: float, at_least: bool = True) -> dict[str, Any]:
    """One target: `found` has to be at least (or at most) `limit`."""
    met = found >= limit if at_least else found <= limit
    return {"what": what, "found": found, "limit": limit, "at_least": at_least, "met": met}


def table(document: dict[str, Any]) -> str:
    """The Markdown of a result with its machine."""
    lines = [f"### {document['title']}", "", document["how"], ""]
    lines.append(f"| {' | '.join(document['columns'])} |")
    numeric = [all(not isinstance(row[index], str) for row in document["rows"]) for index in _indexes(document)]
    lines.append("| " + " | ".join("---:" if right else "---" for right in numeric) + " |")
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in document["rows"]]
    lines += [""] if document["targets"] else []
    lines += [f"- {_target_words(one)}" for one in document["targets"]]
    return "\n".join([*lines, "", f"{_machine_words(document['machine'])}", ""])


def _indexes(document: dict[str, Any]) -> range:
    return range(len(document["columns"]))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _target_words(one: dict[str, Any]) -> str:
    words = "at least" if one["at_least"] else "at most"
    verdict = "met" if one["met"] else "**missed**"
    return f"{one['what']}: {_cell(float(one['found']))} ({words} {one['limit']:g}: {verdict})"


def _machine_words(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return (
        f"_{machine['date']}, {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}, {versions}, commit {machine['commit']}_"
    )
