"""Which of our own source files a script runs, and one hash over them.

An edited script called from a `shell:` directive is invisible to Snakemake, and a cached result must not outlive the
code that computed it; so the hash of the code travels in each rule's settings file (see `settings.py`).
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "judge_vision"

# These carry records, and pictures to the networks, and compute no figure: an edit here re-runs jobs, but their
# cached figures stay valid.
CARRIER_ROOMS = ("workflow", "engines", "records")


def imported_modules(source: str) -> Iterator[str]:
    """The dotted names of this project's modules that `source` imports, anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == PACKAGE:
            yield str(node.module)
            # `from judge_vision.room import module` names a module, not an attribute
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _imports(source: str) -> tuple[str, ...]:
    """The imports of a source, parsed once: most modules serve several rules, and parsing was half of an idle call."""
    return tuple(imported_modules(source))


def source_files(script: Path, root: Path) -> list[Path]:
    """`script` and every module of the package that it imports, directly or not; sorted.

    Data files of the package (`*.json`) do not count; they are versioned by their own hashes.
    """
    found: set[Path] = set()
    queue = [script]
    while queue:
        path = queue.pop()
        if path in found:
            continue
        found.add(path)
        for name in _imports(path.read_text(encoding="utf-8")):
            parts = name.split(".")
            module = root.joinpath(*parts).with_suffix(".py")
            package = root.joinpath(*parts, "__init__.py")
            queue.extend(p for p in (module, package) if p.is_file())
    return sorted(found)


def code_digest(script: Path, root: Path, carriers: bool) -> str:
    """SHA-256 over the source that `script` runs; without the rooms that only carry records if `carriers` is false."""
    rooms = tuple(root / PACKAGE / room for room in CARRIER_ROOMS)
    hasher = hashlib.sha256()
    for path in source_files(script, root):
        if not carriers and (path == script or any(room in path.parents for room in rooms)):
            continue
        hasher.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return hasher.hexdigest()


def data_digest(folder: Path) -> str:
    """SHA-256 over the files below `folder` that are not Python: templates, styles, fonts."""
    hasher = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in (".py", ".pyc"):
            hasher.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return hasher.hexdigest()
