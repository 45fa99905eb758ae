"""Every message that a user can meet, read out of the code: docs/reference/errors.md is made from them.

A message says what happened and to which file, then, behind a semicolon, what to do.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from judge_vision.failure import CritiqueErrorType, ErrorType
from judge_vision.reference.markdown import code, table

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "messages.json"

# Exceptions whose text people read, by the place of the text among the arguments.
_RAISED = {
    "UserError": 0,
    "ContainerError": 0,
    "DownloadError": 0,
    "EngineUnavailable": 0,
    "PhotographError": 1,
    "ReplyError": 1,
    "Refused": 2,
}
# What to do where a module's messages leave it out: they are read together, or inside another message.
_REMEDIES = {
    "compliance/contradictions.py": "change one of the rules that it names; `make check-rules` tries the file",
    "compliance/rulings.py": "mend that line of the rulings",
    "competition/language.py": "mend that key; `judge_vision/competition/languages/en.toml` has them all",
    "competition/marks.py": "mend that line of the marks",
    "critique/reply.py": "run again: a critique that failed is asked for anew",
    "engines/": "the next engine that the settings allow scores instead; its log says more (docs/how-to/service.md)",
    "models/download.py": "run `make models` again, or fetch the file by hand as it says",
    "photograph/isolate.py": "raise that limit, or save the photograph again as JPEG, PNG or TIFF",
    "service/decoding.py": "raise that limit, or save the picture again as JPEG",
    "service/": "change the request: [form and statuses](http-api.md)",
    "scripts/plan.py": "give other numbers",
    "workflow/competing.py": "as for the reasons of photographs, above",
    "workflow/ranking.py": "as for the reasons of photographs, above",
}
# Modules whose functions yield mistakes, which one UserError then lists.
_YIELDING = ("config.py", "language.py", "marks.py", "contradictions.py")


_PARTS: dict[str, tuple[str, ...]] = {
    "Settings, folders and the run": ("config.py", "workflow/", "records/", "scripts/", "exports/"),
    "Lists and photographs": ("photograph/",),
    "Rules of a competition": ("compliance/",),
    "Marks, packs and results": ("competition/", "calibration/"),
    "Networks and bundles": ("models/",),
    "Engines": ("engines/",),
    "The scoring service": ("service/",),
    "Critiques and ranking": ("critique/", "ranking/"),
}


@dataclass(frozen=True)
class Message:
    """A message as the code has it, with ‹name› for what is filled in."""

    source: str
    """Path of the module below the package, or of the script."""
    line: int
    text: str

    @property
    def happened(self) -> str:
        """What happened."""
        return self.text.partition("; ")[0]

    @property
    def remedy(self) -> str:
        """What to do: as the message says behind the semicolon, else as its module's messages have in common."""
        said = self.text.partition("; ")[2]
        return said or next((words for start, words in _REMEDIES.items() if self.source.startswith(start)), "")


@cache
def messages() -> tuple[Message, ...]:
    """All messages, in the order of modules and lines; one that stands twice in a module counts once."""
    found: dict[tuple[str, str], Message] = {}
    for folder in ("judge_vision", "scripts"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            source = path.relative_to(ROOT).as_posix().removeprefix("judge_vision/")
            for line, text in _texts(ast.parse(path.read_text(encoding="utf-8")), path.name in _YIELDING):
                found.setdefault((source, text), Message(source, line, text))
    return tuple(sorted(found.values(), key=lambda message: (message.source, message.line)))


def provoking_tests() -> dict[str, str]:
    """The test that provokes each message, by its text (tests/record_messages.py writes them down)."""
    return dict(json.loads(TESTS.read_text(encoding="utf-8")))


def message_table() -> str:
    """Every message with what to do about it and the test that provokes it, a table for each part of the code."""
    provoked, parts = provoking_tests(), []
    for title, sources in _PARTS.items():
        rows = [
            (one.happened, one.remedy, code(provoked.get(one.text, "").removeprefix("tests/")))
            for one in messages()
            if one.source.startswith(sources)
        ]
        parts.append(f"### {title}\n\n{table(('What happened', 'What to do', 'Test'), map(_escaped, rows))}")
    return "\n\n".join(parts)


def photograph_reasons() -> str:
    """Every reason for which a photograph fails."""
    return _reasons(ErrorType)


def critique_reasons() -> str:
    """Every reason for which there is no critique or comparison."""
    return _reasons(CritiqueErrorType)


def _reasons(kind: type[Enum]) -> str:
    tree = ast.parse((ROOT / "judge_vision" / "failure.py").read_text(encoding="utf-8"))
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == kind.__name__)
    said = [ast.literal_eval(node.value) for node in body if isinstance(node, ast.Expr)][1:]
    rows = []
    for reason, words in zip(kind, said, strict=True):
        happened, _, remedy = words.rstrip(".").partition("; ")
        rows.append((code(reason.value), happened, remedy))
    return table(("`error_type`", "What happened", "What to do"), rows)


def _escaped(row: tuple[str, ...]) -> tuple[str, ...]:
    """The cells with what Markdown would read as its own made plain; the last is code already."""
    return (*(re.sub(r"([\\*_<>\[\]$|])(?![^(]*\.md\))", r"\\\1", cell) for cell in row[:-1]), row[-1])


def _texts(tree: ast.Module, yielding: bool) -> Iterator[tuple[int, str]]:
    for scope in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))]:
        names = _named(tree) | _named(scope)
        for node in _own(scope):
            for value in _values(node, yielding):
                yield from ((node.lineno, text) for text in _read(value, names))


def _own(scope: ast.AST) -> Iterator[ast.stmt | ast.expr]:
    """The nodes of a scope, without those of functions inside it."""
    for child in ast.iter_child_nodes(scope):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(child, ast.stmt | ast.expr):
            yield child
        yield from _own(child)


def _values(node: ast.AST, yielding: bool) -> Iterator[ast.expr]:
    """The expressions that hold a message, if the node says one."""
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        place = _RAISED.get(name)
        if place is not None and len(node.args) > place:
            yield node.args[place]
        elif ast.unparse(node.func) in ("parser.error", "mistakes.append"):
            yield node.args[0]
    elif yielding and isinstance(node, ast.Yield) and node.value:
        yield node.value


def _named(scope: ast.AST) -> dict[str, list[ast.expr]]:
    """What a scope's plain names are set to, and what its functions return."""
    found: dict[str, list[ast.expr]] = {}
    for node in _own(scope):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
    return found


def _read(value: ast.expr, names: dict[str, list[ast.expr]]) -> Iterator[str]:
    """The texts that an expression may be; none for one that was made elsewhere."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        yield "".join(map(_part, value.values))
    elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        yield from (left + right for left in _read(value.left, names) for right in _read(value.right, names))
    elif isinstance(value, ast.IfExp):
        yield from (text for one in (value.body, value.orelse) for text in _read(one, names))
    elif isinstance(value, ast.Subscript):
        yield from _read(value.value, names)
    elif isinstance(value, ast.Name):
        known = {**names}
        for one in known.pop(value.id, []):
            yield from _read(one, known)


def _part(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    value = part.value
    name = value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else ""
    return f"‹{name.strip('_').lower() or '…'}›"
