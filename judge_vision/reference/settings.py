"""Every key of the configuration: its type from the model, its default and comment from the shipped files."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import yaml

from judge_vision.config import Config, field_types
from judge_vision.reference.markdown import code, plain_type, table

ROOT = Path(__file__).resolve().parents[2]
FILES = ("config.yaml", "thresholds.yaml")
_HEADS = ("Key", "Type", "Default", "Meaning")
_KEY = re.compile(r"( *)([a-z0-9_]+):(?:.*?\s#\s(.*))?")


def comments(text: str) -> dict[str, str]:
    """The comment of each key, `section.key` where it stands in a section: behind the value, or in the lines above."""
    found: dict[str, str] = {}
    section, last, above = "", "", []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("#"):
            if last and line.index("#") > len("  "):
                found[last] += " " + stripped.lstrip("# ")
            else:
                above.append(stripped.lstrip("# "))
            continue
        key = _KEY.match(line)
        if key and key[1]:
            name = f"{section}.{key[2]}"
        elif key:
            name = section = key[2]
        else:
            last, above = "", []
            continue
        found[name] = key[3].strip() if key[3] else " ".join(above)
        last, above = name if key[3] else "", []
    return found


def settings_tables() -> str:
    """A table of the keys that stand alone, then one for each section."""
    said: dict[str, str] = {}
    values: dict[str, Any] = {}
    for name in FILES:
        text = (ROOT / "config" / name).read_text(encoding="utf-8")
        said |= comments(text)
        values |= yaml.safe_load(text)
    schema = Config.model_json_schema()
    kinds = field_types(Config)
    alone = {name: kind for name, kind in schema["properties"].items() if not field_types(kinds[name])}
    parts = [table(_HEADS, [_row(name, kind, values[name], said[name]) for name, kind in alone.items()])]
    for name, value in values.items():
        if name in alone:
            continue
        keys = schema["$defs"][kinds[name].__name__]["properties"]
        rows = [_row(key, keys[key], value[key], said[f"{name}.{key}"]) for key in value]
        purpose = (inspect.getdoc(kinds[name]) or "").split("\n")[0]
        parts.append(f"## {name}\n\n{purpose}\n\n{table(_HEADS, rows)}")
    return "\n\n".join(parts)


def _row(key: str, schema: dict[str, Any], value: Any, meaning: str) -> tuple[str, str, str, str]:
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return code(key), plain_type(schema), code(text), meaning
