"""What a run says at its end. Works on the files of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judge_vision.records import store
from judge_vision.workflow import paths

_FAILURES_SHOWN = 10


def summary(results: Path) -> str:
    """How many photographs are ok and failed and why, and where the table and the page are."""
    found = store.read_json(results / paths.SUMMARY)
    lines = [f"{found['photographs']} photographs: {found['ok']} ok, {found['failed']} failed"]
    lines += _failures(found)
    skipped = ", ".join(f"{count} {reason}" for reason, count in sorted(found["skipped"].items()) if count)
    if skipped:
        lines.append(f"skipped, because not photographs: {skipped}")
    lines += [f"rulings: {sentence}" for sentence in found["idle_rulings"]]
    lines.append(f"table: {results / paths.TABLE}")
    lines.append(f"page:  {results / 'report' / 'index.html'}")
    for name in ("index.html", "judge-pack/index.html", "results.html"):
        if (results / paths.COMPETITION / name).exists():
            lines.append(f"competition: {results / paths.COMPETITION / name}")
    return "\n".join(lines)


def failure(results: Path, log: str) -> str:
    """Which photographs made a strict run fail, or where the log of another failure is."""
    try:
        found = store.read_json(results / paths.SUMMARY)
        strict = store.read_json(results / paths.RUN_CONFIG)["strict"]
    except (FileNotFoundError, ValueError):
        return f"the run did not finish; the same command continues it. Log: {log}"
    if strict and found["failed"] and (results / paths.TABLE).exists():
        return "\n".join([f"{found['failed']} of {found['photographs']} photographs failed:", *_failures(found)])
    return f"the run did not finish; the same command continues it. Log: {log}"


def _failures(found: dict[str, Any]) -> list[str]:
    lines = [f"  {row['image']!r}: {row['error_type']}: {row['error']}" for row in found["failures"][:_FAILURES_SHOWN]]
    more = len(found["failures"]) - _FAILURES_SHOWN
    return [*lines, f"  and {more} more; see summary.json"] if more > 0 else lines
