"""Asking an OpenAI-compatible server, and what to do when it is busy, broken, slow or talks nonsense.

A question ends in one of two ways: with a reply that keeps to the schema, or with a PhotographError that says why not
and carries what the server last said. Nothing in between becomes a score.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import openai
from pydantic import BaseModel, ValidationError

from judge_vision.critique.prompts import Prompt, plain_text
from judge_vision.critique.reply import ReplyError
from judge_vision.critique.settings import RequestSettings
from judge_vision.critique.transport import http_client
from judge_vision.critique.waiting import retry_after_s, wait_s
from judge_vision.failure import CritiqueErrorType, PhotographError

log = logging.getLogger(__name__)

KEY_VARIABLE = "JUDGE_VISION_API_KEY"
LONGEST_RAW_REPLY = 20_000
# What a server answers to a `response_format` that it does not know, or to a schema that it cannot constrain by.
_NO_SCHEMA = (400, 415, 422, 501)
_TRANSIENT = (408, 409, 425, 429)

_NO_ACCOUNT: Any = {"OpenAI-Organization": openai.Omit(), "OpenAI-Project": openai.Omit()}

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """What is asked: the two messages, the pictures as data URLs in their order, and the form of the reply."""

    system: str
    user: str
    pictures: tuple[str, ...]
    schema: dict[str, Any]


@dataclass
class Exchange:
    """What passed between us and the server about one question; goes into the record whatever came of it."""

    model: str
    prompt: str
    prompt_sha256: str
    temperature: float | None
    seed: int | None = None
    served_model: str | None = None
    reply_format: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    requests: int = 0
    raw_reply: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The columns of that name."""
        return dataclasses.asdict(self)


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    """What is read of a chat completion; anything else in it is ignored."""

    choices: list[_Choice]
    model: str | None = None
    usage: Any = None


class _Trouble(Exception):
    """One request failed; another may not."""

    def __init__(self, error_type: CritiqueErrorType, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.after_s = after_s


class Server:
    """A server, for many questions from several threads; a context manager, whose end stops those still waiting."""

    def __init__(self, base_url: str, model: str, settings: RequestSettings, connections: int) -> None:
        key = os.environ.get(KEY_VARIABLE, "")
        self._secret = _as_it_may_stand(key) if len(key) >= 8 else None
        self._client = openai.OpenAI(
            base_url=base_url,
            # never the key, the organisation or the project of somebody's OpenAI account: this may be any server
            api_key=key or "none",
            default_headers=_NO_ACCOUNT,
            max_retries=0,
            http_client=http_client(base_url, settings.timeout_s, connections),
        )
        self._model = model
        self._settings = settings
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._not_before = 0.0
        self._lacks_schema = False
        self._failed_in_a_row = 0

    def __enter__(self) -> Server:
        """Nothing to do: connections are made when needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop waiting and retrying, so that an interrupted job ends soon, and close the connections."""
        self._stopped.set()
        self._client.close()

    def ask(self, question: Question, prompt: Prompt, read: Callable[[str], T]) -> tuple[T, Exchange]:
        """The reply to `question`, through `read`, which raises ReplyError for one that cannot be used.

        Raises PhotographError, with the exchange in its details, after `attempts` tries that failed on the way, or
        `reply_attempts` replies that could not be used.
        """
        exchange = Exchange(self._model, prompt.name, prompt.sha256, self._settings.temperature)
        unusable = 0
        while True:
            reply = self._reply(question, exchange, unusable)
            try:
                return read(reply), exchange
            except ReplyError as error:
                unusable += 1
                error_type, message = error.error_type, error.message
                if exchange.finish_reason == "length":
                    error_type = CritiqueErrorType.REPLY_CUT
                    message = (
                        f"the reply was cut at {self._settings.max_tokens} tokens; raise stage2_requests.max_tokens"
                    )
                elif exchange.finish_reason == "content_filter":
                    error_type, message = CritiqueErrorType.REPLY_REFUSED, "a content filter stopped the reply"
                log.info("unusable reply %d: %s", unusable, message)
                if unusable >= self._settings.reply_attempts:
                    raise self._failure(error_type, message, exchange) from None

    def _reply(self, question: Question, exchange: Exchange, variation: int) -> str:
        """The text of a reply, after as many tries as the settings allow."""
        for attempt in range(1, self._settings.attempts + 1):
            if self._failed_in_a_row >= self._settings.give_up_after:
                message = f"not asked: the server failed for the {self._failed_in_a_row} photographs before; run again"
                raise self._failure(CritiqueErrorType.SERVER_UNREACHABLE, message, exchange)
            self._wait_for_turn()
            if self._stopped.is_set():
                raise self._failure(CritiqueErrorType.SERVER_UNREACHABLE, "not asked: the job was stopped", exchange)
            try:
                text = self._request(question, exchange, variation)
            except _Trouble as trouble:
                trouble_now = trouble
                if not self._try_again(trouble, attempt):
                    break
            else:
                self._failed_in_a_row = 0
                return text
        with self._lock:
            self._failed_in_a_row += 1
        raise self._failure(trouble_now.error_type, trouble_now.message, exchange)

    def _try_again(self, trouble: _Trouble, attempt: int) -> bool:
        """Whether to try again, and if so, how long everyone waits."""
        if attempt == self._settings.attempts:
            return False
        longest = self._settings.longest_wait_s
        if trouble.after_s is not None and trouble.after_s > longest:
            trouble.message += f"; it asks to wait {trouble.after_s:.0f} s, longer than stage2_requests.longest_wait_s"
            return False
        seconds = wait_s(attempt, self._settings.first_wait_s, longest, trouble.after_s, random.random())
        log.info("%s; waiting %.1f s before try %d", trouble.message, seconds, attempt + 1)
        if trouble.error_type is CritiqueErrorType.SERVER_BUSY:
            # the others would only be told the same
            with self._lock:
                self._not_before = max(self._not_before, time.monotonic() + seconds)
        else:
            self._stopped.wait(seconds)
        return True

    def _wait_for_turn(self) -> None:
        while (left := self._not_before - time.monotonic()) > 0 and not self._stopped.is_set():
            self._stopped.wait(left)

    def _request(self, question: Question, exchange: Exchange, variation: int) -> str:
        """One request, and a second one without a schema where the server seems to lack them."""
        if self._lacks_schema:
            return self._send(question, exchange, variation, with_schema=False)
        try:
            return self._send(question, exchange, variation, with_schema=True)
        except openai.APIStatusError as error:
            if error.status_code not in _NO_SCHEMA:
                raise self._refused(error, exchange) from None
            told = error
        try:
            text = self._send(question, exchange, variation, with_schema=False)
        except openai.APIStatusError:
            # it was not the schema
            raise self._refused(told, exchange) from None
        self._lacks_schema = True
        log.warning("the server refuses JSON schemas; replies are read strictly instead: %s", self._told(told))
        return text

    def _send(self, question: Question, exchange: Exchange, variation: int, with_schema: bool) -> str:
        """The text of one reply. Raises _Trouble for what may pass, APIStatusError for a refusal."""
        exchange.requests += 1
        exchange.reply_format = "json_schema" if with_schema else "text"
        exchange.seed = None if self._settings.seed is None else self._settings.seed + variation
        exchange.finish_reason = exchange.raw_reply = None
        try:
            raw = self._client.chat.completions.with_raw_response.create(**self._body(question, exchange, with_schema))
        except openai.APITimeoutError:
            message = f"no complete answer within {self._settings.timeout_s:g} s"
            raise _Trouble(CritiqueErrorType.SERVER_TIMEOUT, message) from None
        except openai.APIConnectionError as error:
            cause = type(error.__cause__).__name__ if error.__cause__ else "no answer"
            raise _Trouble(
                CritiqueErrorType.SERVER_UNREACHABLE, f"the connection failed or was cut ({cause})"
            ) from None
        except openai.APIStatusError as error:
            if error.status_code == 501 or (error.status_code < 500 and error.status_code not in _TRANSIENT):
                raise
            raise self._trouble(error) from None
        return self._text(raw.content, exchange)

    def _body(self, question: Question, exchange: Exchange, with_schema: bool) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "text", "text": question.user}]
        content += [{"type": "image_url", "image_url": {"url": url}} for url in question.pictures]
        sent = {
            "model": self._model,
            "messages": [{"role": "system", "content": question.system}, {"role": "user", "content": content}],
            "max_tokens": self._settings.max_tokens,
            "temperature": self._settings.temperature,
            "top_p": self._settings.top_p,
            "seed": exchange.seed,
        }
        if with_schema:
            form = {"name": "reply", "strict": True, "schema": question.schema}
            sent["response_format"] = {"type": "json_schema", "json_schema": form}
        return {name: value for name, value in sent.items() if value is not None}

    def _text(self, body: bytes, exchange: Exchange) -> str:
        body = self._without_key(body)
        try:
            completion = _Completion.model_validate_json(body)
        except ValidationError:
            exchange.raw_reply = body[:LONGEST_RAW_REPLY].decode("utf-8", "replace")
            raise _Trouble(CritiqueErrorType.SERVER_ERROR, "the answer is not a chat completion") from None
        exchange.prompt_tokens = _sum(exchange.prompt_tokens, completion.usage, "prompt_tokens")
        exchange.completion_tokens = _sum(exchange.completion_tokens, completion.usage, "completion_tokens")
        exchange.served_model = plain_text(completion.model)
        if not completion.choices:
            raise _Trouble(CritiqueErrorType.SERVER_ERROR, "the answer holds no reply")
        choice = completion.choices[0]
        exchange.finish_reason = plain_text(choice.finish_reason)
        if choice.message.refusal:
            exchange.raw_reply = choice.message.refusal[:LONGEST_RAW_REPLY]
            raise self._failure(CritiqueErrorType.REPLY_REFUSED, "the model declined to judge the picture", exchange)
        text = choice.message.content or ""
        exchange.raw_reply = text[:LONGEST_RAW_REPLY]
        return text

    def _trouble(self, error: openai.APIStatusError) -> _Trouble:
        after_s = retry_after_s(error.response.headers.get("retry-after"), time.time())
        busy = error.status_code == 429
        told = f"the server answers {error.status_code}: {self._told(error)}"
        return _Trouble(CritiqueErrorType.SERVER_BUSY if busy else CritiqueErrorType.SERVER_ERROR, told, after_s)

    def _refused(self, error: openai.APIStatusError, exchange: Exchange) -> PhotographError:
        told = f"the server refuses the request ({error.status_code}): {self._told(error)}"
        return self._failure(CritiqueErrorType.SERVER_REFUSED, told, exchange)

    def _told(self, error: openai.APIStatusError) -> str:
        """What the server says of its error, in one line and without our key."""
        body = error.body
        told = str((body.get("message") if isinstance(body, dict) else None) or error.response.text)
        # before it is cut, which could leave half a key
        kept = self._without_key(told.encode("utf-8", "replace")).decode()
        return plain_text(kept, 200) or "no reason given"

    def _failure(self, error_type: CritiqueErrorType, message: str, exchange: Exchange) -> PhotographError:
        return PhotographError(error_type, message, details=exchange.as_dict())

    def _without_key(self, said: bytes) -> bytes:
        """What the server said without our key, which some servers repeat: nothing of it goes into a record or log."""
        return self._secret.sub(b"***", said) if self._secret else said


def _as_it_may_stand(key: str) -> re.Pattern[bytes]:
    """The key in JSON, and in the JSON inside a string of JSON: any of its characters may be escaped, also twice."""
    # no more backslashes than three levels need: a server may send millions
    characters = (rf"\\{{0,7}}(?:{re.escape(character)}|u(?i:{ord(character):04x}))" for character in key)
    return re.compile("".join(characters).encode())


def _sum(before: int | None, usage: Any, name: str) -> int | None:
    """Tokens up to now; what a server counts is worth keeping, not worth failing for."""
    count = usage.get(name) if isinstance(usage, dict) else None
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count < 2**31:
        return before
    return (before or 0) + count
