"""README and tutorial, word by word: each command is run in order, and what the page shows of its output is there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stand_in_vlm import StandIn
from tests.system.stage1 import rows

ROOT = Path(__file__).parents[2]
LEFT_OUT = ("results", "site", "build", "tests", "benchmarks", "training", "official", "*.sif", "__pycache__", ".*")
# The address in the tutorial is that of the reader's own server; here a stand-in answers, with no model in it.
SERVER = "http://127.0.0.1:8000/v1"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """What a user has after the set-up: the project, and an environment with what is locked."""
    folder = tmp_path_factory.mktemp("user") / "judge-vision"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    venv = folder / ".venv"
    venv.mkdir()
    for path in Path(sys.prefix).iterdir():
        if path.name in ("bin", "lib", "lib64", "include", "pyvenv.cfg"):
            (venv / path.name).symlink_to(path)
    (venv / ".ready").touch()
    photos = folder.parent / "photos" / "club"
    photos.mkdir(parents=True)
    shutil.copy(ROOT / "examples" / "photos" / "Chelsea.jpg", photos)
    return folder


def blocks(page):
    """The commands of each block of a page, and the lines of the output that it shows."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r"```sh\n(.*?)```(?:\n\n```text\n(.*?)```)?", text, flags=re.S)


def run(clone, commands):
    """Standard output and error of commands that must succeed, each typed in the same shell."""
    home = str(clone.parent)
    path = f"{clone / '.venv' / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=clone, capture_output=True, text=True, check=False, env={**os.environ, "HOME": home, "PATH": path},
    )  # fmt: skip
    assert done.returncode == 0, commands + done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_readme(clone):
    typed = [commands for commands, _ in blocks(clone / "README.md")]
    assert typed[0] == "make demo\nmake test\n"
    assert "pytest" in run(clone, "make --dry-run test")
    assert "21 photographs: 21 ok, 0 failed" in run(clone, "make demo")
    assert re.search("1 photographs?: 1 ok, 0 failed", run(clone, typed[1]))
    assert "Nothing to be done" in run(clone, typed[2])
    assert len(typed) == 3
    names = re.findall(r"^\| `([^|]*)` \|", (clone / "README.md").read_text(encoding="utf-8"), flags=re.M)
    assert len(names) >= 5
    for name in re.split(r"`, `", "`, `".join(names)):
        assert (clone / "results" / name).exists(), name


def test_the_tutorial(clone):
    setting = ""
    with StandIn() as server:
        for commands, shown in blocks(clone / "docs" / "tutorial.md"):
            output = run(clone, setting + commands.replace(SERVER, server.base_url))
            # a later block knows the variables of an earlier one, as in a reader's shell
            setting += "".join(re.findall(r"^[A-Z]+=.*\n", commands, flags=re.M))
            for line in shown.splitlines():
                assert line in output, f"{commands}\ndoes not print\n{line}\nbut\n{output}"
    assert len(server.requests) == 7
    competition = clone / "round" / "results" / "competition"
    assert len(list((competition / "judge-pack").glob("*.jpg"))) == 7
    assert len(list((competition / "messages").glob("*.txt"))) == 3
    assert len((competition / "rulings.csv").read_text().splitlines()) == 1
    for page in ("results.html", "agreement.html"):
        assert (competition / page).is_file()
    assert rows(clone / "results")["Mono/Only the bowl.jpg"]["mono_verdict"] == "fail"
