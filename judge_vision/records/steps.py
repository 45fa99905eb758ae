"""The steps of Stage 1, in their order; the metrics among them are those whose record's schema says so.

The planner, the session, the jobs, the merge and the page all go by these lists: a metric is named nowhere else.
Standard library only: the scoring container uses it too.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).parent / "schemas"


@cache
def record_schema(step: str) -> dict[str, Any]:
    """The JSON schema of the records of `step`. Raises FileNotFoundError for a step that has none."""
    return dict(json.loads((SCHEMAS / f"{step}.schema.json").read_text(encoding="utf-8")))


def _metrics() -> tuple[str, ...]:
    names = sorted(path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.schema.json"))
    return tuple(name for name in names if record_schema(name).get("kind") == "metric")


METRICS = _metrics()
"""The rules that measure a photograph's proof, each with a record, columns of the table and a cache of its own."""

PROOF_READERS = ("iqa", *METRICS)
"""The rules that read every proof."""

STEPS = ("prepare", *PROOF_READERS, "compliance")
"""In order: the first step that failed gives the row of the table its reason."""
