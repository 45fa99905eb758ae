"""What the page says of critiques, the ranking, people's marks and the engines, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from judge_vision.exports.settings import ReportSettings
from judge_vision.records import store
from judge_vision.report.build import build_report
from tests.system.browser import Reader, chromium, pytestmark, reader  # noqa: F401 - fixtures
from tests.system.report_pages import COUNT, build, judged, large, small  # noqa: F401 - fixtures
from tests.unit import later_tables, report_results

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

from selenium.webdriver.common.by import By  # noqa: E402


def test_critique_ranking_and_awards_are_shown_with_what_they_are_worth(reader: Reader, judged: Path) -> None:
    reader.open(judged, "#ranking")
    data = report_results.page_data(judged)
    names = [column["name"] for column in data["columns"]]
    rows = [dict(zip(names, row, strict=True)) for row in data["rows"]]
    ranked = [row for row in rows if row["ranking_status"] == "ranked"]
    assert len(reader.browser.find_elements(By.CSS_SELECTOR, ".ranking tbody tr")) == len(ranked) > 10
    text = reader.one("#view-ranking").text
    assert later_tables.RANKED_BY in text and "First" in text and "Not ranked" in text
    ranks = reader.run(
        "return [...document.querySelectorAll('.ranking')].map((table) => "
        "[...table.querySelectorAll('.rank')].map((one) => Number(one.textContent)))"
    )
    assert all(one == sorted(one) for one in ranks)
    best = max(ranked, key=lambda row: row["mark"])
    reader.open(judged, f"#photo/{data['ids'][rows.index(best)]}")
    reader.until("return document.querySelectorAll('dialog .part').length >= 7")
    text = reader.one("dialog").text
    for expected in (later_tables.CRITIQUE, later_tables.NOTICE, later_tables.RANKED_BY, "Merit", "won 4 of 6"):
        assert expected in text, expected
    reader.open(judged, "#failures")
    assert "The reply was cut at max_tokens." in reader.one("#view-failures").text
    reader.open(judged, "#made")
    reader.until("return document.querySelector('#view-made table.small')")
    assert "stand-in-vision" in reader.one("#view-made").text and "cd" * 32 in reader.one("#view-made").text


def test_the_playoffs_log_is_under_the_ranking(reader: Reader, judged: Path) -> None:
    reader.open(judged, "#ranking")
    reader.one("#matches summary").click()
    reader.until("return document.querySelector('#matches table')")
    lines = reader.browser.find_elements(By.CSS_SELECTOR, "#matches tbody tr")
    assert len(lines) == 12 and [line.text.count("failed") for line in lines].count(1) == 1
    text = reader.one("#matches").text
    assert "12 comparisons, each pair twice with sides swapped. The one shown first won 45 %" in text
    assert "1 failed and count for neither" in text and later_tables.CRITIQUE in text
    first, second, preferred = (cell.text for cell in lines[1].find_elements(By.CSS_SELECTOR, "td")[2:5])
    assert preferred in (first, second) and first != second


def test_scores_against_marks_are_told_and_plotted_and_the_plot_opens_photographs(reader: Reader, judged: Path) -> None:
    reader.open(judged, "#marks")
    reader.until("return document.querySelector('#view-marks canvas')")
    text = reader.one("#view-marks").text
    figures = store.read_json(judged.parent.parent / "calibration" / "calibration.json")["scores"]["musiq_mos"]
    low, high = figures["all"]["srcc_interval"]
    assert f"{figures['all']['srcc']:.2f} ({low:.2f} to {high:.2f})" in text
    assert "Nature" in text and "Never shown a human mark." in text and "1 mark belongs to no photograph" in text
    assert f"off by {figures['error']['mapping']:.2f} marks" in text
    point = reader.run(
        "const chart = Chart.getChart(document.querySelector('#view-marks canvas'));"
        "chart.canvas.scrollIntoView({ block: 'center', behavior: 'instant' });"
        "const at = chart.getDatasetMeta(0).data[3];"
        "const box = chart.canvas.getBoundingClientRect();"
        "return [chart.data.datasets[0].data.length, chart.data.datasets[1].data.length, box.x + at.x, box.y + at.y]"
    )
    assert point[0] == len(figures["points"]) and point[1] == len(figures["mapping"]["scores"])
    for kind in ("mousePressed", "mouseReleased"):
        where = {"x": point[2], "y": point[3], "button": "left", "clickCount": 1}
        reader.browser.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": kind, **where})
    reader.until("return document.getElementById('photograph').open")


def test_engines_that_scored_or_failed_are_told(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = build(tmp_path, report_results.photographs(3))
    # after the merge, which forgets shards that are gone
    for number in range(3):
        told = {
            "scored": [{"engine": "service", "device": "cpu", "photographs": 10}],
            "attempts": [{"engine": "remote", "failure": "nothing <answers>"}, {"engine": "service", "failure": None}],
            "service": {"restarts": number // 2, "errors": ["it hung"] if number == 2 else []},
        }
        store.write_json(tmp_path / "state" / "engines" / f"0000{number}.json", told)
    monkeypatch.chdir(tmp_path)
    build_report(ReportSettings("Autumn round"))
    reader.open(page, "#made")
    reader.until("return document.querySelectorAll('#engines tbody tr').length === 2")
    text = reader.one("#engines").text
    assert "00000, 00001 20 service on cpu" in text and "remote: nothing <answers>" in text and "1: it hung" in text
