"""How the house is built: which room may use which, how long things may be, how a rule file reads."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "judge_vision"
# From the ground up: a room uses rooms of lower floors only.
FLOORS = (
    ("failure", "memory", "ranges"),
    ("records",),
    ("photograph",),
    ("metrics", "models", "compliance", "calibration"),
    ("engines", "critique", "exports"),
    ("service", "competition", "ranking"),
    ("config",),
    ("workflow",),
    ("report",),
    ("reference",),
)
HEIGHTS = {room: height for height, floor in enumerate(FLOORS) for room in floor}
SOURCES = [
    path
    for folder in ("judge_vision", "scripts", "tests", "benchmarks", "training", "containers", "docs")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
TREES = {path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
RULE_FILES = sorted((ROOT / "rules").rglob("*.smk"))
# Those without rules: helpers.
SHARED = ("common", "targets")
DIRECTIVES = (
    *("localrule", "input", "output", "log", "benchmark", "priority", "params", "threads", "resources"),
    *("conda", "container", "shell"),
)


def room(path):
    return path.relative_to("judge_vision").parts[0].removesuffix(".py")


def imports(tree):
    """The dotted names of what a module imports, anywhere in it; both readings of `from package import name`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_arrows_go_down():
    up = [
        f"{path}: {name}"
        for path, tree in TREES.items()
        if path.parts[0] == "judge_vision" and path.parts[1] != "__init__.py"
        for name in imports(tree)
        for other in name.split(".")[1:2]
        if name.startswith("judge_vision.") and other != room(path) and HEIGHTS[other] >= HEIGHTS[room(path)]
    ]
    assert not up


def test_the_package_uses_nothing_that_stands_on_it():
    above = {"scripts", "tests", "benchmarks", "training"}
    used = [f"{path}: {name}" for path, tree in TREES.items() for name in imports(tree) if name.split(".")[0] in above]
    assert not [line for line in used if line.startswith("judge_vision/")]
    # of each other, scripts use nothing; benchmarks and tests may use what they share
    assert not [line for line in used if line.startswith(("scripts/", "training/"))]


def test_every_room_says_what_it_holds():
    assert set(HEIGHTS) == {room(path) for path in TREES if path.parts[0] == "judge_vision"} - {"__init__"}
    for init in PACKAGE.rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(init.read_text())), init


def test_no_module_is_longer_than_a_reader_keeps_in_mind():
    long = {str(path): lines for path in SOURCES if (lines := len(path.read_text().splitlines())) > 400}
    assert not long


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno >= 60
    ]
    assert not long


def commands():
    """The scripts that rules run."""
    return sorted({name for path in RULE_FILES for name in re.findall(r'script\("(\w+)"\)', path.read_text())})


@pytest.mark.parametrize("name", commands())
def test_the_script_of_a_rule_is_thin(name):
    assert len((ROOT / "scripts" / f"{name}.py").read_text().splitlines()) < 60


def rules(path):
    """Each rule of a file: its name, and its directives in their order."""
    for text in re.split(r"^(?=(?:rule|checkpoint) )", path.read_text(), flags=re.M)[1:]:
        yield text.split(":")[0].split()[1], re.findall(r"^    (\w+):", text, flags=re.M), text


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_a_rule_file_reads_like_the_others(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 150
    if path.stem in SHARED:
        assert not list(rules(path))
        return
    contract = text.split('"""')[1]
    assert contract.startswith(f"\n{path.stem}: ") and "\nReads:  " in contract and "\nWrites: " in contract
    for name, directives, body in rules(path):
        assert directives == [one for one in DIRECTIVES if one in directives], (name, directives)
        assert body.split("\n")[1].strip().startswith('"""'), f"{name} does not say what it does"
        for needed in ("log:", "benchmark:", "threads:", "mem_mb=", "runtime=", "disk_mb=", "shell:"):
            assert needed in body, (name, needed)


ARRAYS = re.compile(r"\bNDArray\b|^(U8|Plane|Mask|Array)$")
SHAPES = re.compile(r"\[[a-z0-9, ]+\]|\bplanes?\b|\bmask\b")


def test_a_public_function_of_arrays_says_their_shapes():
    """Weights are by name: their shapes are in the network's own table."""
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in TREES.items()
        if path.parts[0] == "judge_vision"
        for node in [*tree.body, *(part for one in tree.body if isinstance(one, ast.ClassDef) for part in one.body)]
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        for marks in [[argument.annotation for argument in (*node.args.args, *node.args.kwonlyargs)] + [node.returns]]
        if any(ARRAYS.search(ast.unparse(mark)) and "Mapping" not in ast.unparse(mark) for mark in marks if mark)
        if not SHAPES.search(ast.get_docstring(node) or "")
    ]
    assert not silent
