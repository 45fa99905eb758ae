"""The words of messages to entrants: the shipped English ones, and a language file beside the registry."""

from __future__ import annotations

import difflib
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomllib

from judge_vision.compliance.registry import beside_registry
from judge_vision.compliance.rules import Competition
from judge_vision.failure import UserError

ENGLISH = Path(__file__).parent / "languages" / "en.toml"
_IN_MESSAGE = frozenset({"entrant", "title", "file", "section", "competition", "sentence"})
_IN_RULES = _IN_MESSAGE | {"measured", "limit", "example"}
_TAG = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")

Words = Mapping[str, Any]


@dataclass(frozen=True)
class Language:
    """`tag` is the language's (BCP 47), for the page; `message` and `rules` are the words, by key and by rule."""

    tag: str
    message: Mapping[str, str]
    rules: Mapping[str, Mapping[str, str]]

    def say(self, key: str, values: Mapping[str, str]) -> str:
        """The words for `key`, filled in."""
        return self.message[key].format_map(values)

    def problem(self, rule: str, values: Mapping[str, str]) -> str:
        """What is wrong, in the language's words; the program's own sentence where it has none."""
        return self.rules.get(rule, {}).get("problem", "{sentence}").format_map(values)

    def mend(self, rule: str, values: Mapping[str, str]) -> str | None:
        """How the entrant can mend it; None where nobody can say beforehand."""
        words = self.rules.get(rule, {}).get("mend")
        return words.format_map(values) if words else None


def open_language(chosen: Mapping[str, Any], competition: Competition | None) -> Language:
    """The language of the competition that the configuration's `compliance` section chooses."""
    if competition is None or competition.language is None:
        return read_language(None)
    return read_language(beside_registry(chosen, competition.language))


def read_language(path: Path | None) -> Language:
    """The words in the TOML file `path`, English for every one that it lacks; None for English.

    Raises UserError, one line a mistake, for a file that cannot be read, an unknown key, or an unknown placeholder.
    """
    english = tomllib.loads(ENGLISH.read_text(encoding="utf-8"))
    if path is None:
        return Language(english["language"], english["message"], english["rules"])
    try:
        own = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UserError(
            f"cannot read the language file {path} ({error.strerror}); see `language` in the registry"
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(
            f"the language file {path} is not TOML in UTF-8 ({error}); "
            "mend it, or begin with a copy of examples/competitions/languages"
        ) from None
    mistakes = [f"{path}: {mistake}" for mistake in _mistakes(own, english)]
    if mistakes:
        raise UserError("\n".join(mistakes))
    own_rules = own.get("rules", {})
    rules = {name: {**english["rules"].get(name, {}), **own_rules.get(name, {})} for name in english["rules"]}
    rules |= {name: words for name, words in own_rules.items() if name not in rules}
    return Language(own.get("language", "en"), {**english["message"], **own.get("message", {})}, rules)


def _mistakes(own: Words, english: Words) -> Iterator[str]:
    for key in own.keys() - {"language", "message", "rules"}:
        yield f"unknown table {key}; known are language, message and rules"
    if not isinstance(own.get("language", "en"), str) or not _TAG.fullmatch(own.get("language", "en")):
        yield 'language is a tag such as "de" or "pt-BR"'
    for table, known in (("message", english["message"]), ("rules", None)):
        if not isinstance(own.get(table, {}), dict):
            yield f"{table} is a table"
        elif known is not None:
            yield from _wrong_words("message", own.get(table, {}), known, _IN_MESSAGE)
        else:
            for rule, words in own.get(table, {}).items():
                yield from _rule_mistakes(rule, words, english["rules"])


def _rule_mistakes(rule: str, words: Any, known: Words) -> Iterator[str]:
    if rule not in known and rule != "text_rules":
        nearest = difflib.get_close_matches(rule, known, n=1, cutoff=0.0)[0]
        yield f"[rules.{rule}] there is no such rule; did you mean {nearest}?"
    elif not isinstance(words, dict):
        yield f"[rules.{rule}] is a table with problem and mend"
    else:
        yield from _wrong_words(f"rules.{rule}", words, {"problem": "", "mend": ""}, _IN_RULES)


def _wrong_words(table: str, words: Words, known: Words, placeholders: frozenset[str]) -> Iterator[str]:
    for key, text in words.items():
        if key not in known:
            nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.0)[0]
            yield f"[{table}] unknown key {key}; did you mean {nearest}?"
        elif not isinstance(text, str):
            yield f"[{table}] {key} is text in quotes"
        else:
            yield from (f"[{table}] {key}: {mistake}" for mistake in _placeholder_mistakes(text, placeholders))


def _placeholder_mistakes(text: str, placeholders: frozenset[str]) -> Iterator[str]:
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        yield "a brace has no partner; write {{ or }} for a brace itself"
        return
    for _, name, form, conversion in parts:
        # nothing but plain names: "{title.__class__}" would reach into the program
        if name is not None and (name not in placeholders or form or conversion):
            yield f"unknown placeholder {{{name}}}; known are {', '.join(sorted(placeholders))}"
