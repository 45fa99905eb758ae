"""A metric is added as CONTRIBUTING says, in a copy of the project: how many files that touches, and that it works."""

import shutil
import subprocess
import sys

import pytest

from tests.system.stage1 import EXAMPLES, ROOT, rows, snakemake

pytestmark = pytest.mark.slow
# The metric colour under another name: what stands in a copy of each of its files.
NAMES = {"colourfulness": "vividness", "Colourfulness": "Vividness", "colour": "vivid", "Colour": "Vivid"}
FILES = (
    "judge_vision/metrics/colour.py",
    "judge_vision/records/schemas/colour.schema.json",
    "rules/metrics/colour.smk",
    "scripts/colour.py",
    "tests/unit/test_colour.py",
)
NOT_THE_PROJECT = shutil.ignore_patterns(
    *(".git", ".venv*", ".*_cache", ".hypothesis", ".snakemake", "__pycache__", "results", "site", "official")
)
HOUSE = ("test_vivid", "test_house", "test_reference")


def renamed(text):
    for old, new in NAMES.items():
        text = text.replace(old, new)
    return text


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder): path.read_bytes() for path in files}


def run(code, *command):
    done = subprocess.run([sys.executable, *command], cwd=code, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """The copy, and the files by which it differs."""
    code = shutil.copytree(ROOT, tmp_path_factory.mktemp("new metric") / "code", ignore=NOT_THE_PROJECT)
    before = contents(code)
    for name in FILES:
        (code / renamed(name)).write_text(renamed((code / name).read_text(encoding="utf-8")), encoding="utf-8")
    run(code, "scripts/reference_docs.py")
    after = contents(code)
    return code, sorted(str(path) for path in after if after[path] != before.get(path))


def test_at_most_five_files_are_touched_and_each_is_new(extended):
    _, touched = extended
    assert touched == sorted(map(renamed, FILES)) and len(touched) <= 5


def test_the_house_takes_it_in(extended):
    """Its own test, and those of what has to agree with what."""
    code, _ = extended
    run(code, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/unit/{name}.py" for name in HOUSE))


def test_the_run_measures_it_and_the_table_has_its_column(extended, tmp_path):
    code, _ = extended
    photos, results = tmp_path / "photos", tmp_path / "results"
    photos.mkdir()
    shutil.copy(EXAMPLES / "Coffee break.png", photos)
    status, output = snakemake(results, "--keep-going", "stage1.parquet", root=code, photos=photos)
    assert status == 0, output
    [row] = rows(results).values()
    assert row["vividness"] == row["colourfulness"] > 0
