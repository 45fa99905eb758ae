"""The page on a phone's screen and on paper: nothing hangs over the edge, and nothing is lost silently."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.browser import Reader, chromium, pytestmark, reader  # noqa: F401 - fixtures
from tests.system.report_pages import judged, small  # noqa: F401 - fixtures
from tests.unit import report_results

VIEWS = ("gallery", "table", "ranking", "marks", "charts", "failures", "alike", "contact", "score", "made")


@pytest.fixture
def phone(reader: Reader) -> Iterator[Reader]:
    """A reader with a small phone."""
    screen = {"width": 320, "height": 640, "deviceScaleFactor": 2, "mobile": True}
    reader.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    yield reader
    reader.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.fixture
def paper(reader: Reader) -> Iterator[Any]:
    """A reader who prints: what the browser tells the page, and the style for paper."""

    def turn(to: str) -> None:
        reader.run(f"window.dispatchEvent(new Event('{'beforeprint' if to == 'print' else 'afterprint'}'))")
        reader.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": to})

    yield turn
    reader.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_no_wider_than_a_phone_and_its_name_is_in_sight(phone: Reader, judged: Path, view: str) -> None:
    phone.open(judged, f"#{view}")
    phone.until(f"return document.querySelector('#view-{view}').innerText.length > 20")
    if view in ("marks", "made"):
        phone.until(f"return document.querySelector('#view-{view} table.grid')")
    assert phone.run("return document.documentElement.scrollWidth") == 320
    left, right = phone.run(
        "const box = document.querySelector('[aria-current]').getBoundingClientRect(); return [box.left, box.right]"
    )
    assert left > -1 and right < 321  # a scroll position is whole pixels


def test_a_photograph_is_no_wider_than_a_phone(phone: Reader, judged: Path) -> None:
    phone.open(judged, f"#photo/{report_results.page_data(judged)['ids'][0]}")
    phone.until("return document.querySelectorAll('dialog .part').length >= 5")
    for place in ("dialog", ".sheet", ".evidence"):
        assert phone.run(f"const one = document.querySelector('{place}'); return one.scrollWidth <= one.clientWidth"), (
            place
        )


def test_charts_on_paper_are_all_drawn_in_light_colours_and_not_squeezed(
    reader: Reader, small: Path, paper: Any
) -> None:
    reader.open(small, "#charts")
    while reader.run("return document.documentElement.dataset.theme") != "dark":
        reader.one("#theme").click()
    paper("print")
    drawn = "return [...document.querySelectorAll('#view-charts canvas')].map((one) => [!!Chart.getChart(one), {}])"
    ratio = "one.width / one.height / (one.clientWidth / one.clientHeight)"
    found = reader.run(drawn.format(ratio))
    assert len(found) > 15 and all(done for done, _ in found)
    assert all(0.97 < squeezed < 1.03 for _, squeezed in found)
    colour = "return Chart.getChart(document.querySelector('.scatter canvas')).options.scales.x.ticks.color"
    on_paper = reader.run(colour)
    paper("screen")
    assert reader.run("return document.documentElement.dataset.theme") == "dark"
    assert reader.run(colour) != on_paper


def test_the_table_is_not_cut_by_the_edge_of_the_paper_but_says_what_can_be_printed(
    reader: Reader, small: Path, paper: Any
) -> None:
    reader.open(small, "#table")
    assert "wider than paper" not in reader.one("#view-table").text
    paper("print")
    assert "The score sheet" in reader.one("#view-table").text
    assert not reader.one("#view-table table").is_displayed()


def test_a_critique_that_stage_1_prevented_is_called_so(reader: Reader, judged: Path) -> None:
    reader.open(judged, "#failures")
    assert "Stage 1 failed (1)" in reader.one("#view-failures").text
