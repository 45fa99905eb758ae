"""A browser and someone who looks at a page in it. Without Chromium and its driver the tests are skipped."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

from selenium.common.exceptions import JavascriptException  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
AXE = Path(__file__).resolve().parents[1] / "data" / "axe" / "axe.min.js"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium or its driver is not installed"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    with tempfile.TemporaryDirectory() as profile:
        for argument in (
            "headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "disable-background-networking",
            "disable-component-update", "disable-sync", "no-first-run", "window-size=1440,950",
            f"user-data-dir={profile}",
        ):  # fmt: skip
            options.add_argument(f"--{argument}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        browser = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
        try:
            yield browser
        finally:
            browser.quit()


class Reader:
    """Someone who looks at one page; afterwards the page must have been quiet."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser
        self.messages: list[str] = []
        self.requests: list[str] = []

    def open(self, page: Path, part: str = "") -> None:
        self.browser.get("about:blank")
        self.browser.get(page.as_uri() + part)
        self.until("return performance.getEntriesByName('judge-vision-ready').length")

    def until(self, script: str, seconds: float = 10) -> Any:
        # what the script asks may not be on the page yet
        waiting = WebDriverWait(self.browser, seconds, 0.05, ignored_exceptions=[JavascriptException])
        return waiting.until(lambda one: one.execute_script(script))

    def run(self, script: str) -> Any:
        return self.browser.execute_script(script)

    def one(self, selector: str) -> Any:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def names(self) -> list[str]:
        return list(
            self.run("return [...document.querySelectorAll('#view-gallery .name')].map((one) => one.textContent)")
        )

    def numbers(self) -> list[float]:
        texts = self.run(
            "return [...document.querySelectorAll('#view-gallery .score b')].map((one) => one.textContent)"
        )
        return [float(text) for text in texts if text != "–"]

    def choose(self, control: str, text: str) -> None:
        Select(self.one(f"#{control}")).select_by_visible_text(text)

    def count(self) -> str:
        return str(self.one("#count").text)

    def listen(self) -> None:
        self.messages += [entry["message"] for entry in self.browser.get_log("browser")]
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])

    def violations(self) -> list[str]:
        self.run(AXE.read_text(encoding="utf-8"))
        found = self.browser.execute_async_script(
            "const done = arguments[0]; axe.run(document).then((found) => done(found.violations),"
            " (error) => done([{ id: String(error), nodes: [] }]))"
        )
        return [f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]


@pytest.fixture
def reader(chromium: Any) -> Iterator[Reader]:
    chromium.get("about:blank")
    chromium.get_log("browser")
    chromium.get_log("performance")
    someone = Reader(chromium)
    yield someone
    someone.listen()
    assert someone.messages == []
    outside = [url for url in someone.requests if not url.startswith(("file:", "about:", "data:", "blob:"))]
    assert outside == [] and any(url.startswith("file:") for url in someone.requests)
