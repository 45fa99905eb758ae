"""The page as a file: what is in it, that it is the same each time, and that no text can get out of its place."""

from __future__ import annotations

import base64
import errno
import hashlib
import html
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from judge_vision.exports.settings import ReportSettings
from judge_vision.records import paths, store, words
from judge_vision.report import alike, page, pictures
from judge_vision.report.build import DETAILS_PER_FILE, build_report
from tests.unit import report_results

REPORT = Path(page.__file__).parent
HOSTILE = '</script><script>document.title = "owned"</script><img src=x onerror=alert(1)>\n"\'&<!-- \u202e\u2028'


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Elements(HTMLParser):
    """Every start tag of a page, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.raw.append((tag, ""))

    def handle_data(self, data: str) -> None:
        if self.raw and self.raw[-1][1] == "" and self.tags[-1][0] == self.raw[-1][0]:
            self.raw[-1] = (self.raw[-1][0], data)


def details_of(results: Path, number: int) -> list[Any]:
    text = (results / f"report/data/details-{number}.js").read_text()
    start = f'judgeVision.part("details-{number}", '
    assert text.startswith(start) and text.endswith(");\n")
    return list(json.loads(text[len(start) : -3]))


def test_page_holds_every_row_and_what_lies_behind_it(results: Path) -> None:
    made = report_results.photographs(20)
    report_results.write(results, made)
    data = report_results.page_data(build_report(ReportSettings("Autumn round")))
    names = [column["name"] for column in data["columns"]]
    images = [row[names.index("image")] for row in data["rows"]]
    assert images == sorted(one["image"] for one in made)
    assert names[-1] == "medal" and {row[-1] for row in data["rows"]} == {"bronze"}
    behind = details_of(results, 0)
    by_image = {one["image"]: one for one in made}
    for image, detail in zip(images, behind, strict=True):
        one = by_image[image]
        if isinstance(one["prepare"], Exception):
            assert detail["failures"][0] == {
                "step": "prepare", "error_type": "truncated", "error": "The file ends before the picture does.",
            }  # fmt: skip
            assert "histogram" not in detail["tonal"] and detail["findings"] is None
        else:
            assert detail["findings"] == one["compliance"]["findings"]
            assert detail["facts"] == {"orientation": 6}
            assert detail["tonal"]["histogram"] == one["tonal"]["histogram"]


def test_pictures_are_beside_the_page_and_heat_maps_only_where_asked(results: Path) -> None:
    made = report_results.photographs(30)
    report_results.write(results, made)
    data = report_results.page_data(build_report(ReportSettings()))
    asked = {
        one["prepare"]["sha256"]
        for one in made
        if one["mono"]["mono_verdict"] != "pass" and isinstance(one["prepare"], dict)
    }
    all_ok = {one["prepare"]["sha256"] for one in made if isinstance(one["prepare"], dict)}
    found = list((results / "report/pictures").rglob("*.*"))
    assert {path.stem for path in found if path.suffix == ".png"} == asked
    for kind in ("thumbnails", "previews"):
        assert {path.stem for path in found if path.parts[-3] == kind} == all_ok and sum(data[kind]) == 29
    assert sum(data["heat_maps"]) == len(asked)


def test_same_results_give_the_same_bytes_and_leave_nothing_behind(results: Path) -> None:
    report_results.write(results, report_results.photographs(DETAILS_PER_FILE + 5))

    def written() -> dict[str, str]:
        files = sorted(path for path in (results / "report").rglob("*") if path.is_file())
        return {path.relative_to(results).as_posix(): store.file_sha256(path) for path in files}

    build_report(ReportSettings())
    first = written()
    stale = [results / "report/pictures/thumbnails/ab/old.jpg", results / "report/data/details-9.js"]
    for path in stale:
        store.write_bytes(path, b"of an earlier run")
    build_report(ReportSettings())
    assert written() == first
    assert {"report/data/details-0.js", "report/data/details-1.js", "report/data/run.js"} < first.keys()
    assert "seconds" not in (results / "report/index.html").read_text().split('id="data">')[1].split("</script>")[0]


def test_bundle_without_human_ratings_is_named_so_and_another_is_not(results: Path) -> None:
    report_results.write(results, report_results.photographs(5, unrated=True))
    unrated = build_report(ReportSettings())
    text = unrated.read_text()
    assert "bundle embedded 1, no human ratings" in text
    titles = {one["name"]: one["title"] for one in report_results.page_data(unrated)["columns"]}
    assert all(titles[name].endswith("(no human ratings)") for name in words.MODEL_SCORES)
    assert titles["mean_luma"] == "Mean luma"


def test_bundle_with_human_ratings_is_said_to_have_them(results: Path) -> None:
    report_results.write(results, report_results.photographs(5, unrated=False))
    text = build_report(ReportSettings()).read_text()
    assert "bundle official 1, networks trained on marks given by people" in text
    assert "no human ratings" not in text.split("<script>")[0]


def test_hostile_text_stays_text(results: Path) -> None:
    made = report_results.photographs(3)
    for one in made:
        one["prepare"] |= {"camera": HOSTILE, "software": HOSTILE, "notes": [HOSTILE]}
        one["compliance"] |= {"title": HOSTILE, "author": HOSTILE, "category": HOSTILE, "compliance_issues": [HOSTILE]}
        one["compliance"]["findings"][0]["sentence"] = HOSTILE
        one["image"] = f"{HOSTILE}/{one['image']}"
        one["extra"] = {f"col {HOSTILE}": HOSTILE}
    report_results.write(results, made)
    built = build_report(ReportSettings(HOSTILE))
    text = built.read_text(encoding="utf-8")
    elements = Elements(text)
    assert [tag for tag, _ in elements.tags].count("script") == 3
    assert not any(name.startswith("on") for _, attributes in elements.tags for name in attributes)
    assert not [tag for tag, _ in elements.tags if tag in ("img", "iframe", "object", "link")]
    assert HOSTILE.splitlines()[0] in html.unescape(text.split("</title>")[0])
    data = report_results.page_data(built)
    row = dict(zip([one["name"] for one in data["columns"]], data["rows"][0], strict=True))
    assert row["title"] == row["camera"] == row[f"col {HOSTILE}"] == HOSTILE
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", one) for one in data["ids"])
    assert details_of(results, 0)[0]["findings"][0]["sentence"] == HOSTILE
    assert "<" not in (results / "report/data/details-0.js").read_text()


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_no_text_can_leave_its_script_element(value: Any) -> None:
    text = page.script_json(value)
    assert json.loads(text) == value
    assert text.isascii() and not set("<>&") & set(text)


def test_policy_allows_only_the_scripts_and_the_style_of_the_page(results: Path) -> None:
    report_results.write(results, report_results.photographs(2))
    elements = Elements(build_report(ReportSettings()).read_text(encoding="utf-8"))
    policy = next(
        attributes["content"] or ""
        for tag, attributes in elements.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert allowed["default-src"] == "'none'" and "unsafe" not in policy and "http" not in policy

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    style, _, chart, app = (digest(text) for _, text in elements.raw)
    assert allowed["script-src"].split() == [chart, app, "'strict-dynamic'"]
    assert allowed["style-src"] == style


def test_page_asks_for_nothing_from_the_network() -> None:
    own = [path for path in REPORT.rglob("*") if path.suffix in (".js", ".css", ".j2") and path.parent.name != "vendor"]
    assert len(own) >= len(page.SCRIPTS) + 2
    for path in own:
        # the name of SVG's namespace looks like an address and is none
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|[\"'(]//|@import|\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon", text), path
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), (
            path
        )


def test_scripts_can_be_put_inside_a_page() -> None:
    for path in [*(REPORT / "static").glob("*.js"), *(REPORT / "vendor").glob("*.js")]:
        assert not re.search(r"</script|<!--", path.read_text(encoding="utf-8"), re.IGNORECASE), path
    assert {path.name for path in (REPORT / "static").glob("*.js")} == set(page.SCRIPTS)


def test_vendored_code_is_what_its_readme_says() -> None:
    readme = (REPORT / "vendor" / "README.md").read_text()
    assert f"`{store.file_sha256(REPORT / 'vendor' / 'chart.umd.min.js')}`" in readme
    assert (
        f"Chart.js v{re.search(r'[|] (4[.0-9]+) [|]', readme).group(1)}"
        in (REPORT / "vendor/chart.umd.min.js").read_text()
    )  # type: ignore[union-attr]


def test_look_alikes_are_joined_through_a_common_neighbour() -> None:
    rows = [{"image": name, "sha256": name} for name in "abcde"]

    def found(*others: tuple[str, int]) -> list[dict[str, Any]]:
        pairs = [{"image": name, "bits": bits} for name, bits in others]
        return [{"rule": "no_near_duplicates", "measured": {"alike": pairs, "count": len(pairs)}}]

    grouped = alike.groups(rows, {"c": found(("a", 3), ("gone", 1)), "d": found(("c", 5)), "b": [{"rule": "numbers"}]})
    assert grouped == [{"kind": "look_alike", "members": [0, 2, 3], "bits": 5}]


def test_the_same_file_twice_is_a_group_of_its_own_and_failures_without_a_hash_are_none() -> None:
    rows = [{"image": name, "sha256": sha256} for name, sha256 in (("a", "1"), ("b", None), ("c", "1"), ("d", None))]
    assert alike.groups(rows, {}) == [{"kind": "same_file", "members": [0, 2], "bits": None}]


def test_pictures_are_linked_where_possible_renewed_when_they_changed_and_go_when_nobody_needs_them(
    tmp_path: Path,
) -> None:
    source, target = tmp_path / "made", tmp_path / "beside the page"
    assert pictures.bring_all(source, target, ["aa1", None], ".jpg") == [0, 0] and not target.exists()
    one, other = source / "aa" / "aa1.jpg", source / "bb" / "bb2.jpg"
    for path in (one, other):
        store.write_bytes(path, b"one")
    assert pictures.bring_all(source, target, ["bb2", None, "aa1", "cc3", "aa1"], ".jpg") == [1, 0, 1, 0, 1]
    assert (target / "aa" / "aa1.jpg").samefile(one) and (target / "bb" / "bb2.jpg").samefile(other)
    store.write_bytes(one, b"two")
    assert pictures.bring_all(source, target, ["aa1"], ".jpg") == [1]
    assert [(path.name, path.read_bytes()) for path in target.rglob("*.jpg")] == [("aa1.jpg", b"two")]
    one.unlink()
    assert pictures.bring_all(source, target, ["aa1"], ".jpg") == [0] and not list(target.rglob("*.jpg"))


def test_pictures_are_copied_where_the_file_system_has_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    store.write_bytes(tmp_path / "made" / "aa" / "aa1.jpg", b"one")
    for _ in range(2):
        assert pictures.bring_all(tmp_path / "made", tmp_path / "page", ["aa1"], ".jpg") == [1]
        assert (tmp_path / "page" / "aa" / "aa1.jpg").read_bytes() == b"one"


def test_every_column_has_a_name_for_people(results: Path) -> None:
    report_results.write(results, report_results.photographs(2))
    columns = report_results.page_data(build_report(ReportSettings()))["columns"]
    titles = [column["title"] for column in columns]
    assert len(set(titles)) == len(titles)
    assert not any("_" in title for title in titles)


def test_a_page_of_a_large_table_holds_failures_and_an_even_sample_and_says_so(results: Path) -> None:
    """300 photographs, 3 of them failed: of the other 297 every 18th fills the 17 places that are left of 20."""
    made = report_results.photographs(300)
    report_results.write(results, made)
    text = build_report(ReportSettings("Round", max_photographs=20)).read_text()
    data = report_results.page_data(results / "report" / "index.html")
    names = [column["name"] for column in data["columns"]]
    status = [row[names.index("status")] for row in data["rows"]]
    assert (status.count("failed"), status.count("ok")) == (3, 17)
    images = [row[names.index("image")] for row in data["rows"]]
    assert images == sorted(images)
    assert "300 photographs: 297 measured, 3 failed. This page shows 20 of them" in text
    assert len(details_of(results, 0)) == 20
    for kind in ("thumbnails", "previews"):
        assert len(list((results / "report" / "pictures" / kind).rglob("*.jpg"))) == 17


@pytest.mark.parametrize("size", [(1, 1), (1, 480), (480, 1), (2, 3)])
def test_the_smallest_thumbnails_have_a_hash(results: Path, size: tuple[int, int]) -> None:
    """A picture of one pixel, or of one column, must not end the page."""
    store.write_json(paths.settings_file("prepare"), {"measured_by": "x"})
    thumbnail = paths.by_content(paths.THUMBNAILS, "ab" * 32, ".jpg")
    thumbnail.parent.mkdir(parents=True)
    Image.new("RGB", size, "red").save(thumbnail)
    (found,) = pictures.perceptual_hashes(["ab" * 32])
    assert found is not None and len(found) == 16
