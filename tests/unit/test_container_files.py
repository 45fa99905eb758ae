"""The image's recipes: one list of packages, the versions of the lock, and two definitions that say the same."""

import importlib.util
import re
from pathlib import Path

import pytest

from scripts.container_requirements import page

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "containers" / "iqa"
CONTAINERFILE = (FOLDER / "Containerfile").read_text()
DEFINITION = (FOLDER / "iqa.def").read_text()
REQUIREMENTS = (FOLDER / "requirements.txt").read_text()

_spec = importlib.util.spec_from_file_location("install", FOLDER / "install.py")
install = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(install)


def section(name):
    """The lines of a section of the Apptainer definition, without comments."""
    body = re.split(r"^%", DEFINITION.split(f"%{name}\n")[1], flags=re.MULTILINE)[0]
    return [line.strip() for line in body.splitlines() if line.strip() and not line.strip().startswith("#")]


def instructions(name):
    return re.findall(rf"^{name} (.*)$", CONTAINERFILE, flags=re.MULTILINE)


def test_the_list_is_made_from_the_lock():
    assert page() == REQUIREMENTS


def test_every_listed_package_has_a_hash():
    for block in re.split(r"\n(?=[a-z#])", REQUIREMENTS):
        assert block.startswith("#") or not block.strip() or "--hash=sha256:" in block, block


def test_both_definitions_have_the_same_base():
    assert section("arguments") == instructions("ARG")
    assert set(instructions("FROM")) == {"${BASE}:${TAG} AS build", "${BASE}:${TAG}"}
    assert "From: {{ BASE }}:{{ TAG }}" in DEFINITION
    makefile = (ROOT / "Makefile").read_text()
    assert [
        f"{name}={re.search(rf'^{name} .= (.*)$', makefile, flags=re.MULTILINE)[1]}" for name in ("BASE", "TAG")
    ] == (instructions("ARG"))


def test_both_definitions_install_the_same_files_in_the_same_way():
    copied = []
    for line in instructions("COPY"):
        if not line.startswith("--from"):
            *sources, target = line.split()
            copied += [
                f"{source} {target}{source}" if target.endswith("/") else f"{source} {target}" for source in sources
            ]
    assert section("files") == copied
    assert section("post") == [*instructions("RUN"), "rm -rf /build"]


def test_both_definitions_set_the_same_environment():
    assert [line.removeprefix("export ") for line in section("environment")] == instructions("ENV")


@pytest.mark.parametrize(
    ("tensorflow", "first", "has", "lacks"),
    [
        (None, "# The packages", ["tensorflow==2.17.1", "tf-keras==2.17.0", "numpy==1", "pillow=="], []),
        ("2.15.0+nv24.02", "# [ours]", ["pillow==", "tensorflow-hub=="], ["tensorflow==", "tf-keras==", "numpy=="]),
        ("2.17.0+nv25.02", "# [ours]", ["pillow==", "tf-keras==2.17.0"], ["tensorflow==", "numpy==", "h5py=="]),
    ],
)
def test_what_is_installed_depends_on_the_base(tensorflow, first, has, lacks):
    chosen = install.chosen(REQUIREMENTS, tensorflow)
    assert chosen.startswith(first)
    names = [line for line in chosen.splitlines() if re.match("[a-z]", line)]
    for part in has:
        assert any(line.startswith(part) for line in names), part
    for part in lacks:
        assert not any(line.startswith(part) for line in names), part
    # no hash is left without its package: pip would take it for an option of its own
    assert re.sub(r"^[a-z][^\n]*\\\n(    --hash=\S+( \\)?\n)+", "", chosen, flags=re.MULTILINE).count("--hash") == 0


def test_a_base_with_another_tensorflow_is_refused():
    with pytest.raises(SystemExit, match=r"supported are 2\.15, 2\.16, 2\.17: choose another TAG"):
        install.chosen(REQUIREMENTS, "2.9.1+nv22.08")
