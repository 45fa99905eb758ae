"""What can be asked for: targets of make, and those of Snakemake."""

from __future__ import annotations

import re
from pathlib import Path

from judge_vision.reference.markdown import code, table

ROOT = Path(__file__).resolve().parents[2]
_TARGET = re.compile(r"^([a-z0-9-]+):.*## (.*)$", flags=re.M)
_RULE = re.compile(r'^(?:rule|checkpoint) (\w+):\n    """(.*?)"""', flags=re.M | re.S)


def make_targets() -> str:
    """The targets that `make help` lists."""
    found = _TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    return table(("`make`", ""), [(code(name), what) for name, what in found])


def rules() -> str:
    """Every rule of the workflow, in the order in which the Snakefile includes them; the metrics' in one line."""
    snakefile = (ROOT / "Snakefile").read_text(encoding="utf-8")
    rows = [(code(name), "", what) for name, what in _RULE.findall(snakefile)]
    for included in re.findall(r'^ *include: f?"(.*)"', snakefile, flags=re.M):
        if "{" in included:
            rows.append(("each metric", code(included.format(metric="METRIC")), "Measure the proofs of a shard."))
            continue
        text = (ROOT / included).read_text(encoding="utf-8")
        rows += [(code(name), code(included), what) for name, what in _RULE.findall(text)]
    return table(("Rule", "File", ""), rows)
