"""What a run says at its end. Works on the files of a results folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from judge_vision.records import paths, store
from judge_vision.records.steps import STEPS
from judge_vision.workflow import estimate

_FAILURES_SHOWN = 10
# Photographs that fail for exactly the same reason are listed one by one up to this number.
_ALIKE_SHOWN = 5
# Of the competition: what each page is called here, where it is, and what makes it.
_PAGES = (
    ("entries", "index.html", "make competition"),
    ("judge's pack", "judge-pack/index.html", "make judge-pack"),
    ("results", "results.html", "make results MARKS=..."),
)

HOW_TO_TURN_ON = (
    "Stage 2 (critiques) is off: no server is configured. To turn it on: "
    "--config stage2='{base_url: http://127.0.0.1:8000/v1, model: NAME}' (docs/how-to/stage2.md)"
)


def summary(results: Path) -> str:
    """How many photographs are ok and failed and why, and where the table and the page are."""
    try:
        found = store.read_json(results / paths.SUMMARY)
    except FileNotFoundError:
        # a single target was asked for
        return "there is no table yet; run without a target to make it"
    lines = [f"{estimate.counted(found['photographs'])}: {found['ok']} ok, {found['failed']} failed"]
    lines += _failures(found)
    skipped = ", ".join(f"{count} {reason}" for reason, count in sorted(found["skipped"].items()) if count)
    if skipped:
        lines.append(f"skipped, because not photographs: {skipped}")
    lines += [f"rulings: {sentence}" for sentence in found["idle_rulings"]]
    lines += _stage2(results)
    lines += _work(results)
    lines.append(f"table: {results / paths.TABLE}")
    lines.append(f"page:  {results / 'report' / 'index.html'}")
    return "\n".join([*lines, *_competition(results)])


def _competition(results: Path) -> list[str]:
    """Where the pages of the competition are, as far as there are any, and what the results lack."""
    lines = []
    # a ruling changes the table at once, and a page only where it is asked for
    changed = _time(results / paths.TABLE)
    for what, name, command in _PAGES:
        page = results / paths.COMPETITION / name
        if page.exists():
            older = f" (older than the table; {command} makes it anew)" if _time(page) < changed else ""
            lines.append(f"{what}: {page}{older}")
    notes = results / paths.RESULTS_NOTES
    return [*lines, *(f"results: {note}" for note in (store.read_json(notes) if notes.exists() else []))]


def _time(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


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


def _work(results: Path) -> list[str]:
    jobs = estimate.noted(results)
    if not jobs:
        return ["nothing had to be measured"]
    cached = sum(job["cached"] for job in jobs)
    counts = Counter[str]()
    for job in jobs:
        counts[job["rule"]] += job["photographs"] - job["cached"] - job["failed"]
    done = ", ".join(f"{rule} {counts[rule]:,}" for rule in STEPS if counts[rule])
    return [f"measured: {done or 'nothing'}; found in the cache: {cached:,} figures"]


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


def _failures(found: dict[str, Any], where: Path = paths.SUMMARY) -> list[str]:
    counts = Counter((row["error_type"], row["error"]) for row in found["failures"])
    # a reason that many share (no AVX, say) is said once
    lines = [f"  {count} photographs: {kind}: {why}" for (kind, why), count in counts.items() if count > _ALIKE_SHOWN]
    rare = [row for row in found["failures"] if counts[row["error_type"], row["error"]] <= _ALIKE_SHOWN]
    lines += [f"  {row['image']!r}: {row['error_type']}: {row['error']}" for row in rare[:_FAILURES_SHOWN]]
    more = len(rare) - _FAILURES_SHOWN
    return [*lines, f"  and {more} more; see {where}"] if more > 0 else lines
