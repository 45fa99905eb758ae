"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with these heads; a bar or a line break in a cell does not end it."""
    lines = [_row(heads), _row(["---"] * len(heads)), *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    texts = (" ".join(cell.split()).replace("\\|", "|").replace("|", "\\|") for cell in cells)
    return "| " + " | ".join(texts) + " |"


def code(text: str) -> str:
    """As code, if there is any."""
    return f"`{text}`" if text else ""


def plain_type(schema: dict[str, object]) -> str:
    """What a JSON schema asks for, in words: type, choices and limits."""
    return _types(schema) + _limits(schema)


def _types(schema: dict[str, object]) -> str:
    alternatives = schema.get("anyOf")
    if isinstance(alternatives, list):
        return ", ".join(plain_type(one) for one in alternatives)
    for key in ("enum", "const"):
        if key in schema:
            values = schema[key] if key == "enum" else [schema[key]]
            assert isinstance(values, list)
            return ", ".join("null" if value is None else code(str(value)) for value in values)
    kinds = schema.get("type", "any")
    names = [str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])]
    return ", ".join(_of(schema) if name == "array" else _WORDS.get(name, name) for name in names)


def _of(schema: dict[str, object]) -> str:
    items = schema.get("items")
    if not isinstance(items, dict) or not items.get("type"):
        return "list"
    return f"list of {plain_type(items)}"


def _limits(schema: dict[str, object]) -> str:
    found = [f"{sign} {schema[key]}" for key, sign in _SIGNS.items() if key in schema]
    return ", " + ", ".join(found) if found else ""


_WORDS = {"boolean": "true or false", "integer": "whole number", "string": "text", "object": "mapping"}
_SIGNS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
