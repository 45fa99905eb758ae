"""The house's own rules: what may import what, and what has to agree with what."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import tomllib
import yaml

from judge_vision.records.columns import COLUMNS
from judge_vision.records.steps import METRICS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "judge_vision"
TEXTS = {".md", ".rst", ".py", ".smk", ".yaml", ".toml", ".sh", ".html", ".j2", ".js"}
LOCK = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ \\]+)", (ROOT / "requirements.lock").read_text(), flags=re.M))
HEAVY = (
    *("cv2", "pyarrow", "snakemake", "pydantic", "rawpy", "pillow_heif", "tomllib"),
    *("requests", "pebble", "psutil"),
)
IN_THE_CONTAINER = [
    "judge_vision.workflow.scoring",
    "judge_vision.models.scorer",
    *(f"judge_vision.models.{path.stem}" for path in sorted((PACKAGE / "models").glob("*.py"))),
    *(f"judge_vision.service.{path.stem}" for path in sorted((PACKAGE / "service").glob("*.py"))),
]


def test_every_module_that_runs_in_the_container_imports_without_host_packages():
    block = "".join(f"sys.modules[{name!r}] = None\n" for name in HEAVY)
    names = [name.removesuffix(".__init__") for name in IN_THE_CONTAINER]
    code = f"import sys\n{block}" + "".join(f"import {name}\n" for name in names)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_scoring_rule_starts_as_a_plain_command():
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "iqa.py"), "--help"],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "NIMA and MUSIQ" in done.stdout


def test_the_packages_root_imports_nothing():
    code = "import sys; before = set(sys.modules); import judge_vision; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['judge_vision']"


@pytest.mark.parametrize("path", sorted((ROOT / "envs").glob("*.yaml")), ids=lambda path: path.stem)
def test_an_environment_has_the_versions_of_the_lock(path):
    for dependency in yaml.safe_load(path.read_text())["dependencies"]:
        for line in dependency["pip"] if isinstance(dependency, dict) else ():
            name, version = line.split("==")
            assert LOCK[name] == version, line


@pytest.mark.parametrize("extra", ["dev", "cluster"])
def test_all_locks_pin_the_same_versions(extra):
    text = (ROOT / f"requirements-{extra}.lock").read_text()
    pins = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ \\]+)", text, flags=re.M))
    assert {name: pins.get(name) for name in LOCK} == LOCK


def test_citation_package_and_changelog_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {"cff-version", "message", "title", "authors"} <= set(citation) and citation["cff-version"] == "1.2.0"
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    assert citation["abstract"] == project["description"]
    assert project["version"] in (ROOT / "CHANGELOG.md").read_text()


def test_every_page_that_is_named_somewhere_exists():
    made = {"results", "site", "build"}
    rooms = [path for path in ROOT.iterdir() if not path.name.startswith(".") and path.name not in made]
    found = [file for room in rooms for file in (room.rglob("*") if room.is_dir() else [room])]
    files = [file for file in found if file.suffix in TEXTS or file.name in ("Makefile", "Snakefile")]
    assert len(files) > 300
    for file in files:
        text = file.read_text(encoding="utf-8")
        for named in re.findall(r"\bdocs/[\w/-]+\.(?:md|rst)\b", text):
            assert (ROOT / named).is_file(), f"{file} names {named}"
        if file.suffix == ".md":
            for link in re.findall(r"\]\((?![a-z]+:)([^)#]+)", text):
                assert file.parent.joinpath(link).exists(), f"{file} links to {link}"


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_is_whole(metric):
    for path in (f"scripts/{metric}.py", f"rules/metrics/{metric}.smk", f"tests/unit/test_{metric}.py"):
        assert (ROOT / path).exists(), path
    assert any(column.source == metric for column in COLUMNS)


def test_every_rule_file_of_a_metric_has_a_schema():
    assert {path.stem for path in (ROOT / "rules" / "metrics").glob("*.smk")} == set(METRICS)


def test_every_path_that_contributing_names_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = {word for word in re.findall(r"[`(]([\w./-]+/[\w./-]+)[`)]", text) if not word.startswith("NAME")}
    named |= set(re.findall(r"^    (\S+) +\| +\d+ ", text, flags=re.M))
    assert len(named) > 20
    missing = {name for name in named if not re.search(r"\bNAME\b", name) and not (ROOT / name).exists()}
    assert missing <= {"engines", "service", "workflow/scoring.py"}, missing
