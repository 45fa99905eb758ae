"""The page in a real browser, opened from the disk as a reader opens it.

Needs Chromium and its driver; without them the tests are skipped and say so.
"""

from __future__ import annotations

import base64
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from judge_vision.records.steps import STEPS
from tests.system.browser import Reader, chromium, pytestmark, reader  # noqa: F401 - fixtures
from tests.system.report_pages import COUNT, build, judged, large, small  # noqa: F401 - fixtures
from tests.unit import report_results
from tests.unit.test_report import HOSTILE

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select  # noqa: E402


def test_two_thousand_photographs_are_painted_within_two_seconds(reader: Reader, large: Path) -> None:
    started = time.monotonic()
    reader.open(large)
    paint = reader.until("return performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
    ready = reader.run("return performance.getEntriesByName('judge-vision-ready')[0].startTime")
    print(f"\nfirst paint {paint:.0f} ms, ready {ready:.0f} ms, driver {time.monotonic() - started:.2f} s")
    assert paint < 2000 and ready < 2000
    assert reader.count() == "2,000 photographs"
    # a portion only: the rest follows the reader
    assert len(reader.names()) < 200
    reader.run("window.scrollTo(0, document.body.scrollHeight)")
    reader.until("return document.querySelectorAll('#view-gallery .card').length > 100")


def test_searching_two_thousand_photographs_takes_a_moment(reader: Reader, large: Path) -> None:
    reader.open(large)
    started = time.monotonic()
    reader.one("#search").send_keys("tram 0002.jpg")
    reader.until("return document.querySelectorAll('#view-gallery .card').length === 1")
    assert time.monotonic() - started < 2
    assert reader.names() == ["The last tram 0002"] and reader.count() == "1 of 2,000 photographs"
    reader.one("#clear").click()
    assert reader.count() == "2,000 photographs"


def test_sorting_by_a_score_and_back_by_name(reader: Reader, small: Path) -> None:
    reader.open(small)
    reader.choose("sort", "MUSIQ (no human ratings)")
    falling = reader.numbers()
    assert len(falling) == 39 and falling == sorted(falling, reverse=True)
    # the one without a score is last, either way
    assert reader.names()[-1] == "Coal tip 0013.jpg"
    reader.one("#direction").click()
    assert reader.numbers() == falling[::-1] and reader.names()[-1] == "Coal tip 0013.jpg"
    reader.choose("sort", "Title")
    assert reader.names()[:-1] == sorted(reader.names()[:-1])


def test_every_column_can_be_sorted_by(reader: Reader, small: Path) -> None:
    reader.open(small)
    options = [option.text for option in Select(reader.one("#sort")).options]
    assert len(options) == len(report_results.page_data(small)["columns"])
    for option in options:
        reader.choose("sort", option)
        assert len(reader.names()) == 40


def test_filters_agree_with_the_table_and_combine(reader: Reader, small: Path) -> None:
    reader.open(small)
    data = report_results.page_data(small)
    names = [column["name"] for column in data["columns"]]
    rows = [dict(zip(names, row, strict=True)) for row in data["rows"]]
    colour = [row for row in rows if row["mono_verdict"] == "fail"]
    reader.choose("filter-mono", f"Colour ({len(colour)})")
    assert reader.count() == f"{len(colour)} of 40 photographs"
    nature = [row for row in colour if row["category"] == "Nature"]
    reader.choose(
        "filter-category", next(o.text for o in Select(reader.one("#filter-category")).options if "Nature" in o.text)
    )
    assert sorted(reader.names()) == sorted(row["title"] for row in nature)
    reader.one("#search").send_keys("bronze no such word")
    reader.until("return document.querySelectorAll('#view-gallery .card').length === 0")
    assert "No photograph matches" in reader.one("#view-gallery .none").text


def test_a_photograph_opens_with_its_evidence_and_closes_where_it_was(reader: Reader, small: Path) -> None:
    reader.open(small)
    reader.choose("filter-mono", next(o.text for o in Select(reader.one("#filter-mono")).options if "Refer" in o.text))
    name = reader.names()[0]
    reader.one("#view-gallery .card").click()
    reader.until("return document.querySelectorAll('dialog .part').length >= 5")
    assert reader.one("#photograph-title").text == name
    text = reader.one("dialog").text
    for expected in (
        "Refer: a person has to look",
        "shadows differs",
        "clipped",
        "Needs a person",
        "No human ratings",
        "SHA-256",
    ):
        assert expected in text
    assert reader.run(
        "return [...document.querySelectorAll('dialog img')].every((one) => one.complete && one.naturalWidth)"
    )
    assert len(reader.browser.find_elements(By.CSS_SELECTOR, "dialog img")) == 2
    assert len(reader.browser.find_elements(By.CSS_SELECTOR, "dialog .strip")) == 16
    reader.one("dialog").send_keys(Keys.ARROW_RIGHT)
    reader.until(f"return document.getElementById('photograph-title').textContent !== {json.dumps(name)}")
    reader.one("#photograph-title").send_keys(Keys.ESCAPE)
    reader.until("return !document.getElementById('photograph').open && location.hash === '#gallery'")
    assert reader.run("return document.activeElement.className") == "card"


def test_a_photograph_is_shown_larger_than_in_the_gallery_and_at_its_own_size(reader: Reader, small: Path) -> None:
    reader.open(small)
    assert "/thumbnails/" in reader.one("#view-gallery img").get_attribute("src")
    reader.one("#view-gallery .card").click()
    reader.until(
        "const shown = document.querySelector('.picture img');"
        "return shown.src.includes('/previews/') && shown.complete && shown.naturalWidth"
    )
    width = reader.run("return document.querySelector('.picture img').naturalWidth")
    assert width > 480
    words = reader.one(".picture figcaption").text
    assert words == f"Reduced to {width} of 1600 pixels: slight blur does not show" or words.startswith("All 1600")
    for pressed in ("true", "false"):
        reader.one("#photograph-title").send_keys("z")
        assert reader.one("#actual").get_attribute("aria-pressed") == pressed
        as_wide = reader.run("return document.querySelector('.picture img').clientWidth")
        assert (as_wide == width) is (pressed == "true")


def test_without_the_previews_the_thumbnail_stays_and_says_so(reader: Reader, small: Path, tmp_path: Path) -> None:
    shutil.copytree(small.parent, tmp_path / "report", ignore=shutil.ignore_patterns("previews"))
    reader.open(tmp_path / "report" / "index.html")
    reader.one("#view-gallery .card").click()
    reader.until(
        "const shown = document.querySelector('.picture img');"
        "return document.querySelector('.picture figcaption').textContent.includes('cannot be read')"
        " && shown.complete && shown.naturalWidth"
    )
    assert reader.run("return document.querySelector('.picture img').naturalWidth") == 480
    reader.listen()
    # the browser notes each file that it looked for, and nothing else
    assert all("/previews/" in message and "ERR_FILE_NOT_FOUND" in message for message in reader.messages)
    reader.messages.clear()


def test_a_link_to_a_photograph_opens_it_and_keys_move_over_the_gallery(reader: Reader, small: Path) -> None:
    wanted = report_results.page_data(small)["ids"][7]
    reader.open(small, f"#photo/{wanted}")
    reader.until("return document.querySelectorAll('dialog .part').length >= 5")
    assert "8 of 40" in reader.one("dialog .bar").text
    reader.browser.back()
    reader.open(small)
    reader.run("document.querySelector('#view-gallery .card').focus()")
    place = (
        "const cards = [...document.querySelectorAll('#view-gallery .card')], one = document.activeElement;"
        "const box = one.getBoundingClientRect();"
        "return [cards.indexOf(one), Math.round(box.left), Math.round(box.top)]"
    )

    def press(key: str) -> list[int]:
        reader.browser.switch_to.active_element.send_keys(key)
        return list(reader.run(place))

    first = reader.run(place)
    second = press(Keys.ARROW_RIGHT)
    assert first[0] == 0 and second[0] == 1 and second[1] > first[1] and second[2] == first[2]
    below = press(Keys.ARROW_DOWN)
    assert below[1] == second[1] and below[0] > 2
    assert press(Keys.ARROW_UP)[0] == 1
    assert press(Keys.ARROW_LEFT)[0] == 0 and press(Keys.END)[0] == 39 and press(Keys.HOME)[0] == 0
    reader.one("body").send_keys("/")
    assert reader.run("return document.activeElement.id") == "search"


def test_failures_look_alikes_and_making_are_told(reader: Reader, small: Path) -> None:
    reader.open(small, "#failures")
    assert "The file ends before the picture does." in reader.one("#view-failures").text
    reader.open(small, "#alike")
    assert len(reader.browser.find_elements(By.CSS_SELECTOR, "#view-alike .card")) >= 2
    assert "of 64 bits" in reader.one("#view-alike").text
    reader.open(small, "#made")
    reader.until(f"return document.querySelectorAll('#view-made table.small tbody tr').length === {len(STEPS)}")
    assert "sidecar (3)" in reader.one("#view-made").text
    assert "ab" * 32 in reader.one("#view-made").text and "embedded 1" in reader.one("#view-made").text


def test_charts_are_drawn_of_what_is_chosen(reader: Reader, small: Path) -> None:
    reader.open(small, "#charts")
    inked = (
        "const canvas = document.querySelector('.scatter canvas');"
        "return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((one) => one)"
    )
    assert reader.until(inked)
    assert "39 photographs" in reader.one("#view-charts .soft").text
    reader.one("#search").send_keys("Two ferries")
    reader.until("return document.querySelector('#view-charts .soft').textContent.startsWith('6 photographs')")
    reader.until("return document.querySelectorAll('.distributions figcaption span:not(:empty)').length >= 4")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "part", ["gallery", "table", "ranking", "marks", "charts", "failures", "alike", "contact", "score", "made", "photo"]
)
def test_accessibility_checker_has_nothing_to_say(reader: Reader, judged: Path, part: str, theme: str) -> None:
    small = judged
    dark = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    reader.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    wanted = report_results.page_data(small)["ids"]
    heat = report_results.page_data(small)["heat_maps"].index(1)
    reader.open(small, f"#photo/{wanted[heat]}" if part == "photo" else f"#{part}")
    if part == "photo":
        reader.until("return document.querySelectorAll('dialog .part').length >= 5")
    if part == "made":
        reader.until("return document.querySelector('#view-made table.small')")
        reader.run("document.querySelectorAll('#view-made details').forEach((one) => { one.open = true; })")
    if part == "ranking":
        reader.one("#matches summary").click()
        reader.until("return document.querySelector('#matches table')")
    if part == "marks":
        reader.until("return document.querySelector('#view-marks canvas')")
    assert reader.violations() == []


def test_a_filter_for_any_column_can_be_added_and_taken_away(reader: Reader, judged: Path) -> None:
    reader.open(judged)
    data = report_results.page_data(judged)
    names = [column["name"] for column in data["columns"]]
    titles = [column["title"] for column in data["columns"]]
    assert [option.text for option in Select(reader.one("#add-condition")).options] == ["column…", *titles]

    def column(name: str) -> list[Any]:
        return [row[names.index(name)] for row in data["rows"]]

    reader.choose("add-condition", "Saturation")
    low, high = reader.browser.find_elements(By.CSS_SELECTOR, "[data-column=saturation] input")
    low.send_keys("0.2")
    high.send_keys("0.5")
    expected = sum(value is not None and 0.2 <= value <= 0.5 for value in column("saturation"))
    reader.until(f"return document.querySelectorAll('#view-gallery .card').length === {expected}")
    assert reader.violations() == []
    reader.choose("add-condition", "Award band")
    band = Select(reader.one("[data-column=band] select"))
    band.select_by_visible_text(next(option.text for option in band.options if option.text.startswith("Merit (")))
    both = sum(
        value is not None and 0.2 <= value <= 0.5 and award == "Merit"
        for value, award in zip(column("saturation"), column("band"), strict=True)
    )
    assert 0 < both < expected and len(reader.names()) == both
    reader.one("[data-column=saturation] button").click()
    assert len(reader.names()) == column("band").count("Merit")
    reader.choose("add-condition", "File")
    reader.one("[data-column=image] input").send_keys("ROUND 2/")
    reader.until("return [...document.querySelectorAll('#view-gallery .card')].length > 0")
    wanted = sum(
        "round 2/" in image and award == "Merit" for image, award in zip(column("image"), column("band"), strict=True)
    )
    assert len(reader.names()) == wanted
    reader.one("#clear").click()
    assert reader.count() == "40 photographs" and not reader.browser.find_elements(By.CSS_SELECTOR, ".condition")


def test_every_column_can_be_filtered_by(reader: Reader, judged: Path) -> None:
    reader.open(judged)
    columns = report_results.page_data(judged)["columns"]
    for column in columns:
        reader.choose("add-condition", column["title"])
        controls = f"[data-column='{column['name']}'] :is(input, select)"
        assert reader.browser.find_elements(By.CSS_SELECTOR, controls), column["name"]
    assert reader.count() == "40 photographs"


def test_inside_another_page_it_says_where_the_pictures_are(reader: Reader, small: Path, tmp_path: Path) -> None:
    # as Snakemake's own report holds it: as an address of its own, with nothing beside it
    data = base64.b64encode(small.read_bytes()).decode()
    holder = tmp_path / "report.html"
    holder.write_text(f'<iframe src="data:text/html;base64,{data}" width="1200" height="800"></iframe>')
    reader.browser.get(holder.as_uri())
    reader.browser.switch_to.frame(0)
    reader.until("return document.querySelectorAll('#view-gallery .card').length")
    assert "Open report/index.html in the results folder" in reader.one("#main .notice").text
    assert not reader.browser.find_elements(By.CSS_SELECTOR, "img")
    reader.choose("sort", "MUSIQ (no human ratings)")
    assert reader.numbers() == sorted(reader.numbers(), reverse=True)
    reader.browser.switch_to.default_content()


def test_the_theme_can_be_turned_over(reader: Reader, small: Path) -> None:
    reader.open(small)
    ground = "return getComputedStyle(document.body).backgroundColor"
    seen = [reader.run(ground)]
    for _ in range(2):
        reader.one("#theme").click()
        seen.append(reader.run(ground))
    assert (
        reader.one("#theme").text == "Theme: dark" and seen[2] == "rgb(27, 27, 27)" and seen[1] == "rgb(243, 243, 242)"
    )
    reader.one("#theme").click()


def test_sheets_hold_every_chosen_photograph_and_can_hide_the_authors(reader: Reader, small: Path) -> None:
    reader.open(small, "#contact")
    assert len(reader.browser.find_elements(By.CSS_SELECTOR, ".contact li")) == 40
    assert "M. Okafor" in reader.one("#view-contact").text
    reader.one("#contact-names").click()
    assert "M. Okafor" not in reader.one("#view-contact").text
    reader.open(small, "#score")
    assert len(reader.browser.find_elements(By.CSS_SELECTOR, ".score-sheet tbody tr")) == 40
    assert "no human ratings" in reader.one("#view-score").text


def test_markup_and_script_in_any_text_do_nothing(reader: Reader, tmp_path: Path) -> None:
    made = report_results.photographs(14)
    for number, one in enumerate(made):
        if isinstance(one["prepare"], dict):
            one["prepare"] |= {"camera": HOSTILE, "software": HOSTILE, "notes": [HOSTILE], "format": HOSTILE}
        else:
            one["prepare"].message = HOSTILE
        one["tonal"] |= {"tonal_summary": HOSTILE, "light_notes": [HOSTILE]}
        one["mono"] |= {"mono_verdict": "query", "mono_reason": HOSTILE, HOSTILE: HOSTILE}
        texts = {
            "title": HOSTILE,
            "author": HOSTILE,
            "category": f"{number % 2}{HOSTILE}",
            "compliance_warnings": [HOSTILE],
        }
        one["compliance"] |= texts | {"corrected_copy": HOSTILE, "corrected_changes": [HOSTILE]}
        one["compliance"]["findings"][0] |= {"sentence": HOSTILE, "measured": {HOSTILE: HOSTILE}, "limit": HOSTILE}
        one["image"] = f"{HOSTILE} {number}.jpg"
        one["extra"] = {HOSTILE: HOSTILE}
    page = build(tmp_path, made, title=HOSTILE, critique=HOSTILE)
    unharmed = "return document.title !== 'owned' && !document.querySelector('img[src=x], main script, dialog script')"
    first = report_results.page_data(page)["ids"][0]
    views = ("gallery", "table", "ranking", "marks", "charts", "failures", "alike", "contact", "score", "made")
    for part in (*views, f"photo/{first}"):
        reader.open(page, f"#{part}")
        if part == "ranking":
            reader.one("#matches summary").click()
            reader.until("return document.querySelector('#matches table')")
        if part == "marks":
            reader.until("return document.querySelector('#view-marks canvas')")
        if part.startswith("photo"):
            reader.until("return document.querySelectorAll('dialog .part').length >= 5")
            assert "onerror=alert(1)" in reader.one("#photograph-title").text
            # what would turn the direction of text is shown by its code
            assert "[U+202E]" in reader.one("#photograph-title").text
        assert reader.run(unharmed)
    assert HOSTILE.split("<")[0] in reader.browser.title
