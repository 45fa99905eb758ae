"""What a reply has to be, and the strict reading of one: a JSON object as asked for, or a failure with its reason."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from judge_vision.failure import CritiqueErrorType

Style = Literal[
    "Open", "Nature", "Portrait", "Creative", "Documentary", "Abstract", "Street", "Landscape", "Other"
]  # fmt: skip
STYLES: tuple[str, ...] = Style.__args__  # type: ignore[attr-defined]

_FENCE = re.compile(r"\A```(?:json)?[ \t]*\n(.*)\n```\Z", flags=re.S)
# Characters that reorder or hide text on a page.
_ALLOWED_CONTROL = "\n\t"


class ReplyError(Exception):
    """The reply cannot be used; `message` says why."""

    def __init__(self, error_type: CritiqueErrorType, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message


def _visible(text: str) -> str:
    kept = "".join(c for c in text if c in _ALLOWED_CONTROL or unicodedata.category(c)[0] != "C").strip()
    if not kept:
        raise ValueError("is empty")
    return kept


def _half_steps(score: float) -> float:
    if (score * 2) % 1:
        raise ValueError("is not a step of 0.5")
    return score + 0.0  # -0.0 is 0, and would be shown with its sign


class Reply(BaseModel):
    """A JSON object with known keys of the right types, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class CritiqueReply(Reply):
    """What a critique's reply holds."""

    title: Annotated[str, Field(max_length=200), AfterValidator(_visible)]
    style: Style
    critique: Annotated[str, Field(max_length=4000), AfterValidator(_visible)]
    score: Annotated[float, Field(ge=0, allow_inf_nan=False), AfterValidator(_half_steps)]


class PlayoffReply(Reply):
    """What a comparison's reply holds."""

    reason: Annotated[str, Field(max_length=2000), AfterValidator(_visible)]
    better: Literal["A", "B"]


AnyReply = TypeVar("AnyReply", bound=Reply)


def critique_schema(max_score: float) -> dict[str, Any]:
    """The JSON schema of a critique's reply.

    Marks are listed one by one and texts have no lengths: servers that constrain a reply by a grammar know `enum`, and
    several refuse `minimum`, `multipleOf` or `maxLength`.
    """
    properties = {
        "title": {"type": "string", "description": "a title for the picture, yours or the entrant's"},
        "style": {"type": "string", "enum": list(STYLES)},
        "critique": {"type": "string"},
        "score": {"type": "number", "enum": [_short(step / 2) for step in range(int(max_score * 2) + 1)]},
    }
    return _object(properties)


def playoff_schema() -> dict[str, Any]:
    """The JSON schema of a comparison's reply; the reason first, so that the choice follows from it."""
    return _object(
        {
            "reason": {"type": "string", "description": "one sentence"},
            "better": {"type": "string", "enum": ["A", "B"]},
        }
    )


def format_sentence(schema: dict[str, Any]) -> str:
    """The schema in words, for every server: one that ignores schemas has to be told too."""
    parts = []
    for name, kind in schema["properties"].items():
        one_of = kind.get("enum")
        about = kind["type"] if not one_of or len(one_of) > 12 else " | ".join(json.dumps(value) for value in one_of)
        parts.append(f'"{name}": {about}')
    return f"Answer with one JSON object and nothing else, no text before or after it: {{{', '.join(parts)}}}"


def read_reply(text: str, model: type[AnyReply], max_score: float | None = None) -> AnyReply:
    """The reply in `text`. Raises ReplyError; nothing is repaired, converted or searched for.

    A code fence around the whole object is taken off: many models cannot answer without it.
    """
    stripped = text.strip()
    if not stripped:
        raise ReplyError(CritiqueErrorType.REPLY_EMPTY, "the model said nothing")
    fenced = _FENCE.match(stripped)
    try:
        value = json.loads(
            fenced.group(1) if fenced else stripped, object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise ReplyError(CritiqueErrorType.REPLY_NOT_JSON, f"the reply is not one JSON object: {error}"[:300]) from None
    if not isinstance(value, dict):
        raise ReplyError(CritiqueErrorType.REPLY_NOT_JSON, "the reply is JSON, but not an object")
    try:
        reply = model.model_validate(value)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])[:60]
        why = problem["msg"].removeprefix("Value error, ")
        raise ReplyError(CritiqueErrorType.REPLY_INVALID, f"{where!r} in the reply: {why}"[:300]) from None
    score = getattr(reply, "score", None)
    if score is not None and max_score is not None and score > max_score:
        raise ReplyError(CritiqueErrorType.REPLY_INVALID, f"the score {score:g} is above {max_score:g}")
    return reply


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _short(number: float) -> float | int:
    return int(number) if number == int(number) else number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:60]!r} is there twice")
        found[key] = value
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")
