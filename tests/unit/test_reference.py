"""The reference pages say what the code says."""

import ast
import re
import shlex
from pathlib import Path

import pytest
import yaml

from judge_vision.config import read_config
from judge_vision.reference.markdown import table
from judge_vision.reference.pages import BLOCKS, BUILT, DOCS, blocks, filled, pages
from judge_vision.reference.settings import comments
from judge_vision.service.app import STATUSES

ROOT = Path(__file__).parents[2]
PAGES = dict(pages())
READ_BY_LIBRARIES = {"XDG_RUNTIME_DIR"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_what_the_code_makes(path):
    maker = "scripts/reference_docs.py"
    assert filled(PAGES[path], maker) == PAGES[path], f"run `python {maker}`"


def test_every_block_stands_on_one_page():
    made = [*(("scripts/reference_docs.py", name) for name in BLOCKS), *(("make docs", name) for name in BUILT)]
    assert sorted(block for text in PAGES.values() for block in blocks(text)) == sorted(made)


def test_a_bar_in_a_cell_does_not_end_it():
    assert table(("a", "b"), [("x|y", "two\nlines")]) == "| a | b |\n| --- | --- |\n| x\\|y | two lines |"


def test_a_comment_behind_a_value_goes_on_below_it_and_one_above_belongs_to_the_next_key():
    text = "# The file.\n\none: 1   # first\n         # line\n"
    text += "room:    # what it holds\n  # Above\n  # it.\n  two: [1,\n    2]\n"
    assert comments(text) == {"one": "first line", "room": "what it holds", "room.two": "Above it."}


def constants():
    """Name and value of every constant of the package that holds text."""
    for path in (ROOT / "judge_vision").rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                yield from ((one.id, node.value.value) for one in node.targets if isinstance(one, ast.Name))


def test_the_page_of_environment_variables_has_each_that_the_code_reads_and_no_other():
    named = dict(constants())
    used = set()
    sources = [*(ROOT / "judge_vision").rglob("*.py"), *(ROOT / "scripts").iterdir(), *(ROOT / "rules").iterdir()]
    for path in (path for path in sources if path.is_file()):
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r"\bJUDGE_VISION_[A-Z_]+", text))
        for read in re.findall(r"environ(?:ment)?(?:\.get\(|\.setdefault\(|\[)\s*([\w.]+|\"\w+\")", text):
            used.add(read.strip('"') if read.startswith('"') else named.get(read.rpartition(".")[2], read))
    page = (DOCS / "reference" / "environment.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([A-Z][A-Z_]+)(?:=\d)?`", page))
    assert len(used) > 15
    # `key` runs over the names that a container gets, which are read elsewhere too; PATH is only added to
    assert used - {"key", "PATH"} == listed


def test_every_status_that_the_service_answers_is_explained():
    answered = set()
    for path in (ROOT / "judge_vision" / "service").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        answered |= set(re.findall(r"(?:Refused|_error)\((\d{3}),", text))
        answered |= set(re.findall(r"code = (\d{3}) if .* else (\d{3})", text)[0]) if "code = " in text else set()
    assert {int(one) for one in answered} == set(STATUSES)


def shown():
    """Each line of code of README and pages that calls make or Snakemake, continued lines joined."""
    for path in [ROOT / "README.md", ROOT / "config" / "README.md", *DOCS.rglob("*.md")]:
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        fenced = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.M | re.S)
        lines = [line for block in fenced for line in block.splitlines()]
        lines += re.findall(r"^(?: {4,}|\t)(.*)$", text, flags=re.M) + re.findall(r"`([^`\n]+)`", text)
        yield from ((path.relative_to(ROOT), line.strip()) for line in lines)


def test_every_target_that_a_page_names_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {(page, found[1]) for page, line in shown() if (found := re.match(r"make ([a-z0-9-]+)\b", line))}
    assert len(named) > 20
    assert [one for one in named if not re.search(rf"^{one[1]}:", makefile, flags=re.M)] == []


def test_every_setting_that_a_page_gives_is_valid():
    given = set()
    for page, line in shown():
        _, called, after = line.partition("--config ")
        words = shlex.split(after if called else line if re.match(r"[a-z0-9_]+='\{", line) else "", comments=True)
        for word in words:
            if word.startswith("--"):
                break
            name, equals, value = word.partition("=")
            if equals and "..." not in value:
                read_config({name: yaml.safe_load(value)})
                given.add((page, name))
    assert len(given) > 30
