"""The calibration's page in a real browser: accessible, quiet, and from a file."""

import pytest

from judge_vision.calibration.calibrate import Scored, calibrate
from judge_vision.calibration.page import render
from judge_vision.calibration.settings import CalibrationSettings
from tests.system.browser import chromium, pytestmark, reader  # noqa: F401


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_no_violation_and_no_script(reader, tmp_path, scheme):
    hostile = "</script><script>console.error('run')</script>"
    shown = [Scored(f"{n}{hostile}.jpg", hostile, 10 + n / 4, {"critique": 8 + n / 3}) for n in range(24)]
    settings = CalibrationSettings(bootstrap_samples=100)
    found = calibrate(shown, {"critique": hostile}, {"critique": "Never shown a human mark."}, settings)
    page = tmp_path / "index.html"
    page.write_text(render(found, 24, 0, 10), encoding="utf-8")
    emulated = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    reader.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", emulated)
    reader.browser.get(page.as_uri())
    assert reader.violations() == []
    assert len(reader.browser.find_elements("css selector", "circle")) == 24
    assert not reader.browser.find_elements("css selector", "script")
