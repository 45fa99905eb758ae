"""What a run says at its end. Works on the files of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judge_vision.records import store
from judge_vision.workflow import paths

_FAILURES_SHOWN = 10

HOW_TO_TURN_ON = (
    "Stage 2 (critiques) is off: no server is configured. To turn it on: "
    "--config stage2='{base_url: http://127.0.0.1:8000/v1, model: NAME}' (docs/stage2.md)"
)


def summary(results: Path) -> str:
    """How many photographs are ok and failed and why, and where the table and the page are."""
    found = store.read_json(results / paths.SUMMARY)
    lines = [f"{found['photographs']} photographs: {found['ok']} ok, {found['failed']} failed"]
    lines += _failures(found)
    skipped = ", ".join(f"{count} {reason}" for reason, count in sorted(found["skipped"].items()) if count)
    if skipped:
        lines.append(f"skipped, because not photographs: {skipped}")
    lines += _stage2(results)
    lines.append(f"table: {results / paths.TABLE}")
    lines.append(f"page:  {results / 'report' / 'index.html'}")
    return "\n".join(lines)


def _stage2(results: Path) -> list[str]:
    """What became of Stage 2 in this run; nothing where it was switched off on purpose."""
    stage2 = store.read_json(results / paths.RUN_CONFIG)["stage2"]
    if stage2["engine"] == "auto" and not stage2["base_url"]:
        return [HOW_TO_TURN_ON]
    try:
        found = store.read_json(results / paths.STAGE2_SUMMARY)
    except FileNotFoundError:
        return []
    if stage2["engine"] == "off":
        return []
    counts = f"{found['ok']} critiques, {found['failed']} failed, {found['not_judged']} not judged"
    again = "; the same command asks again for those that failed" if found["failed"] else ""
    by = " (written by rules: no model and no judge looked at the pictures)" if found["engine"] == "rules" else ""
    return [f"Stage 2: {counts}{by}{again}", *_failures(found, paths.STAGE2_SUMMARY)]


def failure(results: Path, log: str) -> str:
    """Which photographs made a strict run fail, or where the log of another failure is."""
    try:
        found = store.read_json(results / paths.SUMMARY)
    except (FileNotFoundError, ValueError):
        return f"the run did not finish; the same command continues it. Log: {log}"
    if found["failed"] and (results / paths.TABLE).exists():
        return "\n".join([f"{found['failed']} of {found['photographs']} photographs failed:", *_failures(found)])
    return f"the run did not finish; the same command continues it. Log: {log}"


def _failures(found: dict[str, Any], where: Path = paths.SUMMARY) -> list[str]:
    lines = [f"  {row['image']!r}: {row['error_type']}: {row['error']}" for row in found["failures"][:_FAILURES_SHOWN]]
    more = len(found["failures"]) - _FAILURES_SHOWN
    return [*lines, f"  and {more} more; see {where}"] if more > 0 else lines
