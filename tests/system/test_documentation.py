"""The documentation as a reader has it: built strictly, whole, and without a network."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from judge_vision.records.columns import COLUMNS
from judge_vision.records.steps import SCHEMAS, record_schema
from tests.system.browser import chromium, pytestmark, reader  # noqa: F401

ROOT = Path(__file__).parents[2]
OFFLINE = """
import socket, sys
def refuse(*_): raise OSError("the documentation is built without a network")
socket.socket.connect = socket.getaddrinfo = refuse
from sphinx.cmd.build import main
sys.exit(main(sys.argv[1:]))
"""


class Links(HTMLParser):
    """What a page links to and loads, and the anchors that it has."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.anchors.add(found["id"])
        if tag == "a" and "href" in found:
            self.links.add(found["href"])
        elif tag == "link" and "href" in found:
            self.loads.add(found["href"])
        elif "src" in found:
            self.loads.add(found["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as `make docs` builds it, by a Python that reaches no network."""
    folder = tmp_path_factory.mktemp("site")
    recipe = subprocess.run(["make", "-n", "docs"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    [options] = re.findall(r"-m sphinx (.*) docs site$", recipe, flags=re.M)
    command = [sys.executable, "-c", OFFLINE, *options.split(), "docs", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "--fail-on-warning" in options, done.stderr
    return folder


def test_every_link_and_anchor_leads_somewhere(site):
    pages = {page: Links(page) for page in site.rglob("*.html")}
    assert len(pages) > 20
    for page, found in pages.items():
        for link in found.links | found.loads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                assert link not in found.loads, f"{page.name} loads {link}"
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            assert target.is_file(), f"{page.name} links to {link}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].anchors | {""}, f"{page.name} links to {link}"


def test_the_site_has_every_column_and_every_field_also_those_that_the_repository_only_names(site):
    table = (site / "reference" / "stage1-table.html").read_text(encoding="utf-8")
    fields = (site / "reference" / "records.html").read_text(encoding="utf-8")
    assert [column.name for column in COLUMNS if f">{column.name}</span>" not in table] == []
    for step in (path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.schema.json")):
        assert [name for name in record_schema(step)["properties"] if f">{name}</span>" not in fields] == [], step


def test_a_browser_shows_it_from_a_disk_and_asks_nobody(reader, site):
    for name in ("index.html", "reference/stage1-table.html"):
        reader.browser.get((site / name).as_uri())
        assert reader.one("article h1").text


def test_the_search_works_from_a_disk(reader, site):
    reader.browser.get((site / "search.html").as_uri() + "?q=monochrome")
    assert reader.until("return document.querySelectorAll('#search-results li a').length") > 1
