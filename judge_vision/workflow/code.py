"""Which of our own source files a script runs, and one hash over them.

An edited script called from a `shell:` directive is invisible to Snakemake, and a cached result must not outlive the
code that computed it; so the hash of the code travels in each rule's settings file (see `settings.py`).
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "judge_vision"

# These carry records, and pictures to the networks, and compute no figure: an edit here re-runs jobs, but their
# cached figures stay valid.
CARRIER_ROOMS = ("workflow", "engines", "records")


def imported_modules(source: str) -> Iterator[str]:
    """The dotted names of this project's modules that `source` imports, anywhere in it."""
    for node in _statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == PACKAGE:
            yield str(node.module)
            # `from judge_vision.room import module` names a module, not an attribute
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All statements below `tree`; not the expressions, where nothing is imported and most of the nodes are."""
    queue = [tree]
    while queue:
        node = queue.pop()
        yield node
        for block in ("body", "orelse", "handlers", "finalbody", "cases"):
            queue.extend(getattr(node, block, ()))


class Code:
    """The source of the project below `root`, each file read and parsed once, however many rules run it."""

    def __init__(self, root: Path) -> None:
        """`root` holds the package and the scripts."""
        self._root = root
        self._content: dict[Path, bytes] = {}
        self._imports: dict[Path, list[Path]] = {}
        self._modules: dict[str, list[Path]] = {}

    def files(self, script: Path) -> list[Path]:
        """`script` and every module of the package that it imports, directly or not; sorted.

        Data files of the package (`*.json`) do not count; they are versioned by their own hashes.
        """
        found: set[Path] = set()
        queue = [script]
        while queue:
            path = queue.pop()
            if path not in found:
                found.add(path)
                queue.extend(self._imported(path))
        return sorted(found)

    def digest(self, script: Path, carriers: bool) -> str:
        """SHA-256 over the source that `script` runs; if `carriers` is false, without the rooms that carry records."""
        rooms = tuple(self._root / PACKAGE / room for room in CARRIER_ROOMS)
        hasher = hashlib.sha256()
        for path in self.files(script):
            if not carriers and (path == script or path.parent in rooms):
                continue
            hasher.update(path.relative_to(self._root).as_posix().encode() + b"\0" + self._content[path] + b"\0")
        return hasher.hexdigest()

    def _imported(self, path: Path) -> list[Path]:
        if path not in self._imports:
            content = self._content[path] = path.read_bytes()
            names = imported_modules(content.decode("utf-8"))
            self._imports[path] = [module for name in names for module in self._module(name)]
        return self._imports[path]

    def _module(self, name: str) -> list[Path]:
        """The file of the module or package; empty where `name` is neither."""
        if name not in self._modules:
            place = self._root.joinpath(*name.split("."))
            self._modules[name] = [p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file()]
        return self._modules[name]


def data_digest(folder: Path) -> str:
    """SHA-256 over the files below `folder` that are not Python: templates, styles, fonts."""
    hasher = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in (".py", ".pyc"):
            hasher.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return hasher.hexdigest()
