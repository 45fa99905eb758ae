"""Reading a registry: a mistake is refused with one line that says where it is, and what was meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomllib
from pydantic import BaseModel, ValidationError

from judge_vision.compliance.contradictions import contradictions
from judge_vision.compliance.rules import Competition, Marking, Registry, Rules, Section, SectionRules
from judge_vision.failure import UserError

# What the rules were called in the registries that users bring along.
_ALIASES = {"entries_per_round": "entries_per_author"}


def load_registry(path: Path) -> Registry:
    """The registry in the TOML file `path`.

    Raises UserError, one line a mistake, for a file that cannot be read or is not TOML, an unknown key (with the
    nearest valid one), a value of the wrong type or out of range, and rules that contradict each other.
    """
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UserError(
            f"cannot read the registry {path} ({error.strerror or error}); see compliance.registry, or COMPETITION="
        ) from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not a text file in UTF-8; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not TOML ({error}); examples/competitions has files to begin with") from None
    _rename(raw, path)
    try:
        registry = Registry.model_validate(raw)
    except ValidationError as error:
        raise UserError("\n".join(f"{path}: {_line(problem)}" for problem in error.errors())) from None
    mistakes = [
        f"{path}: [competition.{name}] {mistake}"
        for name, competition in registry.competition.items()
        for mistake in contradictions(competition)
    ]
    if mistakes:
        raise UserError("\n".join(mistakes))
    return registry


def select(registry: Registry, competition_id: str | None) -> Competition:
    """The competition of that id; the only one where none is named. Raises UserError for any other case."""
    known = list(registry.competition)
    if competition_id is None:
        if len(known) == 1:
            return registry.competition[known[0]]
        raise UserError(f"the registry has {len(known)} competitions; name one: {', '.join(known)}")
    if competition_id not in registry.competition:
        nearest = difflib.get_close_matches(competition_id, known, n=1, cutoff=0.4)
        hint = f"did you mean {nearest[0]!r}?" if nearest else f"there are: {', '.join(known)}"
        raise UserError(f"the registry has no competition {competition_id!r}; {hint}")
    return registry.competition[competition_id]


def _rename(raw: dict[str, Any], path: Path) -> None:
    """Give rules their own names, in place."""
    competitions = raw.get("competition")
    for name, competition in competitions.items() if isinstance(competitions, dict) else ():
        rules = competition.get("rules") if isinstance(competition, dict) else None
        for old, new in _ALIASES.items():
            if isinstance(rules, dict) and old in rules:
                if new in rules:
                    raise UserError(f"{path}: [competition.{name}.rules] {old} and {new} are the same rule; keep one")
                rules[new] = rules.pop(old)


def _line(problem: Any) -> str:
    """One line for one of pydantic's problems."""
    loc = [part for part in problem["loc"] if isinstance(part, int) or re.fullmatch(r"[^\s()]+", part)]
    parts = [str(part) for part in problem["loc"]]
    if problem["type"] == "extra_forbidden":
        return f"{_table(parts[:-1])} unknown key {parts[-1]}; {_hint(parts)}"
    if problem["type"] == "missing":
        return f"{_table(parts[:-1])} {parts[-1]} is missing"
    depth = _key_depth(parts)
    key = parts[depth] if depth < len(parts) else parts[-1]
    if problem["type"].endswith("too_short"):
        return f"{_table(parts[:depth])} {key} has too little in it: {problem['input']!r}"
    message = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
    place = f" (item {loc[-1] + 1})" if isinstance(loc[-1], int) else ""
    return f"{_table(parts[:depth])} {key}{place} {message}, not {problem['input']!r}"


def _table(parts: list[str]) -> str:
    return f"[{'.'.join(parts)}]" if parts else "at the top:"


def _key_depth(parts: list[str]) -> int:
    """How many leading parts of a location are tables: competition and its id, then perhaps a table or a section."""
    if len(parts) > 2 and parts[2] == "sections":
        return 4
    tables = ("rules", "severity", "text_rules", "score_bands", "anchors", "marking")
    return 3 if len(parts) > 3 and parts[2] in tables else min(2, len(parts) - 1)


def _model(tables: list[str]) -> type[BaseModel]:
    """The model of a table, by its path."""
    if len(tables) == 4:
        return Section
    if tables[2:] == ["marking"]:
        return Marking
    return Rules if len(tables) == 3 else Competition if len(tables) == 2 else Registry


def _hint(parts: list[str]) -> str:
    key, model = parts[-1], _model(parts[:-1])
    if model is Section and key in Rules.model_fields:
        return f"it belongs to the whole competition, in [{'.'.join(parts[:2])}.rules]"
    if model is Competition and key in Rules.model_fields:
        return f"it belongs in [{'.'.join(parts[:2])}.rules]"
    if model is Rules and key in Competition.model_fields:
        return f"it belongs in [{'.'.join(parts[:2])}]"
    known = [*model.model_fields, *(_ALIASES if model is Rules else ())]
    nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if nearest:
        return f"did you mean {nearest[0]}?"
    if issubclass(model, SectionRules):
        return f"a rule in words belongs in [{'.'.join(parts[:2])}.text_rules]"
    return f"known keys: {', '.join(known)}"


def open_competition(chosen: Mapping[str, Any]) -> Competition | None:
    """The competition that the configuration's `compliance` section chooses; None where it names no registry."""
    if chosen["registry"] is None:
        return None
    return select(load_registry(Path(chosen["registry"])), chosen["competition"])


def beside_registry(chosen: Mapping[str, Any], name: str) -> Path:
    """The file or folder `name` of the chosen registry: relative names are taken from the registry's own folder."""
    return Path(chosen["registry"]).parent / Path(name).expanduser()
