"""Why a photograph could not be judged: a closed set of reasons, each with a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any


class ErrorType(str, Enum):
    """Every reason for which a row of the Stage 1 table may be `failed`."""

    MISSING = "missing"
    """The file was listed but is gone."""
    UNREADABLE = "unreadable"
    """The file system refuses to let us read it."""
    EMPTY = "empty"
    """Zero bytes."""
    NOT_AN_IMAGE = "not_an_image"
    """No decoder recognises the content, whatever the name says."""
    UNSUPPORTED = "unsupported"
    """A known image format or variant that no installed decoder handles."""
    TRUNCATED = "truncated"
    """The file ends before the picture does."""
    CORRUPT = "corrupt"
    """A decoder recognised the format and then failed."""
    TOO_LARGE = "too_large"
    """More pixels or bytes than the limits in the configuration."""
    CHANGED = "changed"
    """The file changed while the run was reading it."""
    DECODER_CRASHED = "decoder_crashed"
    """The decoder's process died."""
    DECODER_TIMEOUT = "decoder_timeout"
    """The decoder took longer than the limit in the configuration."""
    DECODER_MEMORY = "decoder_memory"
    """The decoder asked for more memory than the limit in the configuration."""
    MODEL_FAILED = "model_failed"
    """The picture decoded, but a model gave no finite score."""
    MODEL_UNAVAILABLE = "model_unavailable"
    """The networks cannot run on this machine; everything else was measured."""
    INTERNAL = "internal"
    """A defect of this program; the log has the traceback."""


class CritiqueErrorType(str, Enum):
    """Every reason for which a row of Stage 2 may be `failed` or `not_judged`."""

    STAGE1_FAILED = "stage1_failed"
    """Not judged: the photograph failed in Stage 1."""
    NOT_COMPLIANT = "not_compliant"
    """Not judged: the entry breaks a rule of the competition, and `stage2.judge_failed` is false."""
    UNREADABLE = "unreadable"
    """The picture that was to be sent could not be read any more."""
    SERVER_UNREACHABLE = "server_unreachable"
    """No connection, or one that was cut."""
    SERVER_TIMEOUT = "server_timeout"
    """No complete answer within the time limit."""
    SERVER_BUSY = "server_busy"
    """Still too many requests (429) after all retries."""
    SERVER_ERROR = "server_error"
    """The server failed (5xx) at every try, or what it sent is not a chat completion."""
    SERVER_REFUSED = "server_refused"
    """The server refuses the request (4xx): a wrong key or model name, no pictures, too long."""
    REPLY_REFUSED = "reply_refused"
    """The model declined to judge, or a content filter stopped it."""
    REPLY_EMPTY = "reply_empty"
    """The model said nothing."""
    REPLY_CUT = "reply_cut"
    """The reply was cut at `stage2_requests.max_tokens`."""
    REPLY_NOT_JSON = "reply_not_json"
    """The reply is not one JSON object."""
    REPLY_INVALID = "reply_invalid"
    """The reply is a JSON object, but not the one asked for, or a value is out of range."""
    INTERNAL = "internal"
    """A defect of this program; the log has the traceback."""


class PhotographError(Exception):
    """One photograph cannot be judged; its neighbours can.

    `message` says what happened and what to do, without the file's name: the row carries that. `sha256` is the hash of
    the bytes where they could be read: a corrupt file still has an identity. `details` go into the record too.
    """

    def __init__(
        self,
        error_type: ErrorType | CritiqueErrorType,
        message: str,
        sha256: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.sha256 = sha256
        self.details = dict(details or {})


class UserError(Exception):
    """The run cannot go on: a setting, a file of rules or a bundle is wrong. One line, shown without a traceback."""
