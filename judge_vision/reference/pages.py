"""Blocks of the documentation's pages that are made from the code.

A block stands in a page between two comments, `<!-- made by scripts/reference_docs.py: NAME -->` and `<!-- end -->`.
What grows with every metric is made by `make docs` alone, `<!-- made by make docs: NAME -->`: between its comments the
repository says where else it stands, so that a new metric changes no page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from judge_vision.compliance.reference import competition_table, rules_table
from judge_vision.reference import commands, errors, http_api, records, settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCKS: dict[str, Callable[[], str]] = {
    "settings": settings.settings_tables,
    "stage 1 columns": records.stage1_columns,
    "stage 1 reasons": records.stage1_reasons,
    "stage 2 columns": records.stage2_columns,
    "stage 2 reasons": records.stage2_reasons,
    "records": records.step_records,
    "requests": http_api.requests,
    "statuses": http_api.statuses,
    "make targets": commands.make_targets,
    "rules": commands.rules,
    "messages": errors.message_table,
    "photograph reasons": errors.photograph_reasons,
    "critique reasons": errors.critique_reasons,
    "competition": competition_table,
    "competition rules": rules_table,
}
BUILT: dict[str, Callable[[], str]] = {
    "metric columns": records.metric_columns,
    "metric records": records.metric_records,
}
_KINDS = {"scripts/reference_docs.py": BLOCKS, "make docs": BUILT}
_BLOCK = re.compile(r"(<!-- made by (scripts/reference_docs\.py|make docs): (.*?) -->\n).*?(<!-- end -->)", flags=re.S)


def blocks(text: str) -> list[tuple[str, str]]:
    """What makes each of a page's blocks, and its name."""
    return [(maker, name) for _, maker, name, _ in _BLOCK.findall(text)]


def filled(text: str, *makers: str) -> str:
    """A page with the blocks of these makers made anew. Raises KeyError for a block that nothing makes."""

    def made(found: re.Match[str]) -> str:
        opening, maker, name, end = found.groups()
        return f"{opening}\n{_KINDS[maker][name]()}\n\n{end}" if maker in makers else found[0]

    return _BLOCK.sub(made, text)


def pages() -> Iterator[tuple[Path, str]]:
    """Path and text of each page that has a block."""
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if blocks(text):
            yield path, text
