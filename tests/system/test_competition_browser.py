"""The competition's pages in a real browser: pictures shown, nothing loaded from elsewhere, nothing against axe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from judge_vision.competition import pack
from judge_vision.competition.agreement import judges_agreement
from judge_vision.competition.language import read_language
from judge_vision.competition.league import league, this_round
from judge_vision.competition.messages import make_message
from judge_vision.competition.pages import inline_picture
from judge_vision.competition.results import compute
from judge_vision.competition.results_page import agreement_page, results_page
from judge_vision.competition.secretary import secretary_page
from tests.system.browser import Reader, chromium, pytestmark  # noqa: F401
from tests.unit.competition_entries import competition, entry, finding

HOSTILE = "<script>document.title='broken'</script><img src=x onerror=alert(1)> \u202eabc"
PAGES = ("index", "results", "agreement", "message", "judge-pack")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("club's pages #1")
    photograph = made / "thumbnail.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8)).save(photograph)
    seen = [{"title": HOSTILE, "date": "2024", "image": "old.jpg", "sha256": "e" * 64, "bits": 3,
             "mirrored": True, "monochrome": False}]  # fmt: skip
    entries = [
        entry("one.jpg", title=HOSTILE, status="refer", findings=[finding("archive", "refer", measured=seen)]),
        entry("two.jpg", author="Member 002", status="does not comply", findings=[finding("max_width")]),
        entry("three.jpg", author="Member 003", status="could not be read", error="the file is empty"),
        *(entry(f"more {number}.jpg", author=f"Member {number:03d}") for number in range(4, 14)),
    ]
    rules = competition(name=f"Round {HOSTILE}", awards=["Best"], score_bands={"Merit": [10, 20]},
                        rules={"acceptance_rate": 0.5}, marking={"machine_breaks_ties": "musiq_mos"})  # fmt: skip

    def picture(sha256: str | None) -> str | None:
        return inline_picture(photograph, 200)

    marks = {one.image: {"A": 10.0 + place, HOSTILE: 9.5 + place} for place, one in enumerate(entries[:10])}
    results = compute(dict(enumerate(entries, 1)), marks, rules)
    rounds = [this_round("First", results), this_round(HOSTILE, results)]
    lines, judges = results.lines, ["A", HOSTILE]
    agreement = [("All", judges, lines, judges_agreement(lines, judges), [])]
    message = make_message(entries[1], rules, read_language(None))
    numbered = pack.number_entries(entries, titles=True)
    for one in numbered:
        (made / one.file).write_bytes(photograph.read_bytes())
    marking = {**rules.marking.model_dump(), "anchors": {"20": "exceptional"}}
    texts = {
        "index": secretary_page(rules.name, entries, picture, {"two.jpg": "messages/two.html"}, [HOSTILE]),
        "results": results_page(rules, results, league(rounds, None), rounds, picture),
        "agreement": agreement_page(rules, agreement, unrated=True),
        "message": message.html,
        "judge-pack": pack.page(numbered, rules.name, "abc123", marking),
    }
    for name, text in texts.items():
        (made / f"{name}.html").write_text(text, encoding="utf-8")
    return made


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_quiet_accessible_and_shows_its_pictures(folder: Path, name: str, chromium) -> None:
    reader = Reader(chromium)
    chromium.get("about:blank")
    reader.listen()
    reader.messages.clear()
    reader.requests.clear()
    chromium.get((folder / f"{name}.html").as_uri())
    chromium.execute_script("document.querySelectorAll('img').forEach((one) => { one.loading = 'eager'; })")
    reader.until("return [...document.images].every((one) => one.complete)")
    assert reader.run("return [...document.images].filter((one) => !one.naturalWidth).length") == 0
    assert reader.run("return document.title") != "broken"
    wide = reader.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "the page must not scroll sideways"
    reader.listen()
    assert reader.messages == []
    assert all(url.startswith(("file:", "data:", "about:")) for url in reader.requests)
    assert reader.violations() == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_no_wider_than_a_phone_and_no_table_is_cut_on_paper(folder: Path, name: str, chromium) -> None:
    screen = {"width": 320, "height": 640, "deviceScaleFactor": 2, "mobile": True}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    chromium.get((folder / f"{name}.html").as_uri())
    assert chromium.execute_script("return document.documentElement.scrollWidth") == 320
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    cut = "return [...document.querySelectorAll('.scroller')].map((one) => getComputedStyle(one).overflowX)"
    assert set(chromium.execute_script(cut)) <= {"visible"}
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
