"""Blocks of the documentation's pages that are made from the code.

A block stands in a page between two comments, `<!-- made by scripts/reference_docs.py: NAME -->` and `<!-- end -->`.
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
    "records": records.record_fields,
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
_BLOCK = re.compile(r"(<!-- made by scripts/reference_docs.py: (.*?) -->\n).*?(<!-- end -->)", flags=re.S)


def blocks(text: str) -> list[str]:
    """The names of a page's blocks."""
    return [name for _, name, _ in _BLOCK.findall(text)]


def filled(text: str) -> str:
    """A page with its blocks made anew. Raises KeyError for a block that nothing makes."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{BLOCKS[found[2]]()}\n\n{found[3]}", text)


def pages() -> Iterator[tuple[Path, str]]:
    """Path and text of each page that has a block."""
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if blocks(text):
            yield path, text
