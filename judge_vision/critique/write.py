"""One critique: the question about one photograph, its key in the cache, and the figures that its record holds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.compliance.rules import Competition
from judge_vision.critique import by_rules
from judge_vision.critique.facts import critique_words
from judge_vision.critique.picture import data_url
from judge_vision.critique.prompts import Prompt
from judge_vision.critique.reply import CritiqueReply, critique_schema, read_reply
from judge_vision.critique.server import Question, Server
from judge_vision.critique.settings import RequestSettings, Stage2Settings
from judge_vision.failure import CritiqueErrorType
from judge_vision.metrics.light import LightSettings
from judge_vision.metrics.tonal import TonalSettings
from judge_vision.records import store

Row = Mapping[str, Any]
Pixels = npt.NDArray[np.uint8]

# Raise it when the same reply would be read differently: answers in the cache are then asked for again.
_READING = 1

# Every key of a record, so that records of all outcomes have the same ones.
BLANK: dict[str, Any] = dict.fromkeys(
    (
        "engine", "notice", "score", "max_score", "style", "suggested_title", "critique", "critique_words", "model",
        "served_model", "prompt", "prompt_sha256", "seed", "temperature", "reply_format", "finish_reason",
        "prompt_tokens", "completion_tokens", "requests", "raw_reply",
    )
)  # fmt: skip


def not_judged(row: Row, judge_failed: bool) -> dict[str, Any] | None:
    """Why the photograph of `row` is not judged, as keys of its record; None where it is."""
    if row["status"] == "failed":
        why = CritiqueErrorType.STAGE1_FAILED, f"failed in Stage 1: {row['error']}"
    elif row["compliance_passed"] is False and not judge_failed:
        issues = " ".join(row["compliance_issues"] or ())
        why = CritiqueErrorType.NOT_COMPLIANT, f"does not comply with the rules: {issues}"
    else:
        return None
    return {**BLANK, "status": "not_judged", "error_type": why[0].value, "error": why[1], "sha256": row["sha256"]}


@dataclass(frozen=True)
class ByServer:
    """Critiques by a model on a server."""

    settings: Stage2Settings
    requests: RequestSettings
    prompt: Prompt
    competition: Competition | None

    @property
    def common(self) -> dict[str, Any]:
        """What is the same in every record."""
        notice = f"Written by the model {self.settings.model}; no person looked at the picture."
        return {**BLANK, "engine": "server", "notice": notice, "max_score": self.settings.max_score}

    def _messages(self, row: Row) -> tuple[str, str, dict[str, Any]]:
        schema = critique_schema(self.settings.max_score)
        words = critique_words(row, self.competition, self.settings.length, self.settings.max_score, schema)
        return (*self.prompt.fill(words), schema)

    def key(self, row: Row) -> str:
        """The cache key: all that is sent. Code and libraries are not in it: a new version asks nothing twice."""
        return request_key(self.settings.model, self.requests, self._messages(row), [row["sha256"]])

    def write(self, row: Row, load_pixels: Callable[[], Pixels], server: Server) -> dict[str, Any]:
        """The figures of one record. Raises PhotographError with what is known in its details."""
        system, user, schema = self._messages(row)
        picture = data_url(load_pixels(), self.requests.picture_side_px, self.requests.jpeg_quality)
        read = partial(read_reply, model=CritiqueReply, max_score=self.settings.max_score)
        reply, exchange = server.ask(Question(system, user, (picture,), schema), self.prompt, read)
        return {
            **self.common,
            **exchange.as_dict(),
            "score": reply.score,
            "style": reply.style,
            "suggested_title": reply.title,
            "critique": reply.critique,
            "critique_words": len(reply.critique.split()),
        }


def request_key(model: str | None, requests: RequestSettings, messages: Any, pictures: list[str | None]) -> str:
    """The cache key of a question: model, texts, sampling, pictures (by the hash of their files and the size sent)."""
    sampling = [requests.max_tokens, requests.temperature, requests.top_p, requests.seed]
    sent = [_READING, model, messages, pictures, requests.picture_side_px, requests.jpeg_quality, sampling]
    return hashlib.sha256(store.canonical_json(sent).encode()).hexdigest()


def write_by_rules(row: Row, tonal: TonalSettings, light: LightSettings, short: bool) -> dict[str, Any]:
    """The figures of one record out of the Stage 1 row alone; no score."""
    text = by_rules.write(row, tonal, light, short)
    return {
        **BLANK,
        "engine": "rules",
        "notice": by_rules.NOTICE,
        "critique": text,
        "critique_words": len(text.split()),
        "requests": 0,
    }
