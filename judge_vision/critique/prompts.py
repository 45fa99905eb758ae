"""Prompt templates: files that a user may edit, and the quoting of what goes into them.

Everything that an entrant wrote reaches the model as a JSON string inside a marked block: it cannot close the block,
start a line of its own or hide characters, and the template says that it is data.
"""

from __future__ import annotations

import hashlib
import json
import string
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomllib

from judge_vision.failure import UserError

PROMPTS = Path(__file__).resolve().parents[2] / "config" / "prompts"
LONGEST_TEXT = 300

CRITIQUE_WORDS = {
    "system": frozenset({"MAX_SCORE", "ANCHORS", "STYLES", "LENGTH", "FORMAT"}),
    "user": frozenset({"ENTRY", "COMPETITION", "FINDINGS", "TECHNICAL"}),
}
PLAYOFF_WORDS = {"system": frozenset({"FORMAT"}), "user": frozenset({"ENTRIES", "COMPETITION"})}


@dataclass(frozen=True)
class Prompt:
    """A template: `name` is the file's name, `sha256` the hash of its bytes."""

    name: str
    sha256: str
    system: str
    user: str

    def fill(self, words: Mapping[str, str]) -> tuple[str, str]:
        """The system and the user message. What is filled in is never read as template again."""
        return (
            string.Template(self.system).substitute(words).strip(),
            string.Template(self.user).substitute(words).strip(),
        )


def template_path(name: str) -> Path:
    """Where the template `name` lies: a file of the user's own, or one in config/prompts."""
    return PROMPTS / name if is_shipped(name) else Path(name).expanduser()


def is_shipped(name: str) -> bool:
    """Whether `name` is that of a template in config/prompts, and not a path: those have a slash."""
    return "/" not in name


def load_prompt(path: Path, words: Mapping[str, frozenset[str]]) -> Prompt:
    """The template in `path`, in which `words` may stand. Raises UserError, in one line, for any mistake in it."""
    try:
        data = path.read_bytes()
        raw = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise UserError(
            f"cannot read the prompt {path} ({error.strerror or error}); config/prompts has those that ship"
        ) from None
    except ValueError as error:
        raise UserError(
            f"the prompt {path} is not TOML in UTF-8 ({error}); config/prompts has files to begin with"
        ) from None
    if set(raw) != {"system", "user"} or not all(isinstance(text, str) for text in raw.values()):
        raise UserError(
            f"the prompt {path} needs two texts, system and user, and nothing else; "
            "config/prompts has files to begin with"
        )
    for part, known in words.items():
        template = string.Template(raw[part])
        if not template.is_valid():
            raise UserError(f"the prompt {path} has a $ in {part} that starts no word; write $$ for a dollar sign")
        unknown = sorted(set(template.get_identifiers()) - known)
        if unknown:
            raise UserError(f"the prompt {path} has ${unknown[0]} in {part}; known there: {', '.join(sorted(known))}")
    if "FORMAT" not in string.Template(raw["system"]).get_identifiers():
        raise UserError(f"the prompt {path} lacks $FORMAT in system, without which no reply can be read; put it there")
    return Prompt(path.name, hashlib.sha256(data).hexdigest(), raw["system"], raw["user"])


def plain_text(text: Any, longest: int = LONGEST_TEXT) -> str | None:
    """`text` in one line without control, format and unassigned characters, cut to `longest`; None for None."""
    if text is None:
        return None
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in str(text)[: 4 * longest])
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def quoted(value: Any) -> str:
    """`value` as JSON that cannot end the block it stands in: no angle bracket, no line break inside a string."""
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e")
