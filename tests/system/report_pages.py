"""Pages of made-up results: large, small, and one with critiques and a ranking."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from judge_vision.exports.settings import ReportSettings
from judge_vision.report.build import build_report
from tests.system.browser import Reader, chromium, pytestmark, reader  # noqa: F401 - fixtures
from tests.unit import later_tables, report_results

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")


COUNT = 2000


def build(folder: Path, made: list[dict[str, Any]], title: str = "Autumn round", critique: str = "") -> Path:
    """A page of `made` below `folder`, with critiques in these words, and a ranking."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        alike = [{"image": made[1]["image"], "bits": 3}]
        found = {"rule": "no_near_duplicates", "severity": "warn", "status": "refer", "limit": True,
                 "measured": {"alike": alike, "count": 1}, "sentence": "The entry looks like another."}  # fmt: skip
        report_results.write(folder, made, {made[0]["image"]: [found]})
        if critique:
            later_tables.write(critique)
            later_tables.write_judged(critique)
        return folder / build_report(ReportSettings(title))
    finally:
        os.chdir(before)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(
        tmp_path_factory.mktemp("large"), report_results.photographs(COUNT), critique=later_tables.CRITIQUE * 7
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("small"), report_results.photographs(40))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With critiques and a ranking."""
    return build(tmp_path_factory.mktemp("judged"), report_results.photographs(40), critique=later_tables.CRITIQUE)
