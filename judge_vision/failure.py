"""Why a photograph could not be judged: a closed set of reasons, each with a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any


class ErrorType(str, Enum):
    """Every reason for which a row of the Stage 1 table may be `failed`."""

    MISSING = "missing"
    """The file was listed but is gone; put it back, or take it off the list."""
    UNREADABLE = "unreadable"
    """The file system refuses to let us read it; check its permissions and the disk."""
    EMPTY = "empty"
    """Zero bytes; copy or export it again."""
    NOT_AN_IMAGE = "not_an_image"
    """No decoder recognises the content, whatever the name says; save the photograph as JPEG, PNG or TIFF."""
    UNSUPPORTED = "unsupported"
    """A known format or variant that no installed decoder handles; save the photograph as JPEG, PNG or TIFF."""
    TRUNCATED = "truncated"
    """The file ends before the picture does; copy it again from the card or ask for it again."""
    CORRUPT = "corrupt"
    """A decoder recognised the format and then failed; export the photograph again."""
    TOO_LARGE = "too_large"
    """More pixels or bytes than allowed; raise prepare.max_pixels or prepare.max_file_bytes, or save it smaller."""
    CHANGED = "changed"
    """The file changed while the run was reading it; run again when it is complete."""
    DECODER_CRASHED = "decoder_crashed"
    """The decoder's process died; save the photograph again as JPEG, PNG or TIFF."""
    DECODER_TIMEOUT = "decoder_timeout"
    """The decoder took too long; raise prepare.timeout_s, or save the photograph again as JPEG, PNG or TIFF."""
    DECODER_MEMORY = "decoder_memory"
    """The decoder asked for too much memory; raise prepare.memory_mb, or save the photograph smaller."""
    MODEL_FAILED = "model_failed"
    """The picture decoded, but a network gave no finite score; try another bundle."""
    MODEL_UNAVAILABLE = "model_unavailable"
    """The networks cannot run on this machine; run again on one that can: everything else was measured."""
    INTERNAL = "internal"
    """A defect of this program; report it with the traceback in the job's log."""


class CritiqueErrorType(str, Enum):
    """Every reason for which a row of Stage 2 may be `failed` or `not_judged`."""

    STAGE1_FAILED = "stage1_failed"
    """Not judged: the photograph failed in Stage 1; mend the file, and run again."""
    NOT_COMPLIANT = "not_compliant"
    """Not judged: the entry breaks a rule of the competition; set stage2.judge_failed to judge such entries too."""
    UNREADABLE = "unreadable"
    """The picture that was to be sent could not be read any more; put the file back, and run again."""
    SERVER_UNREACHABLE = "server_unreachable"
    """No connection, or one that was cut; see that the server at stage2.base_url runs, and run again."""
    SERVER_TIMEOUT = "server_timeout"
    """No complete answer within the time limit; raise stage2_requests.timeout_s, and run again."""
    SERVER_BUSY = "server_busy"
    """Still too many requests (429) after all retries; lower stage2.concurrency, and run again."""
    SERVER_ERROR = "server_error"
    """The server failed (5xx) at every try, or sent no chat completion; see its log, and run again."""
    SERVER_REFUSED = "server_refused"
    """The server refuses the request (4xx); check key and model name, and that the model sees pictures."""
    REPLY_REFUSED = "reply_refused"
    """The model declined to judge, or a content filter stopped it; ask another model."""
    REPLY_EMPTY = "reply_empty"
    """The model said nothing; run again, or ask another model."""
    REPLY_CUT = "reply_cut"
    """The reply was cut; raise stage2_requests.max_tokens, and run again."""
    REPLY_NOT_JSON = "reply_not_json"
    """The reply is not one JSON object; run again, or ask another model."""
    REPLY_INVALID = "reply_invalid"
    """The reply is JSON, but not as asked for, or a value is out of range; run again, or ask another model."""
    INTERNAL = "internal"
    """A defect of this program; report it with the traceback in the job's log."""


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
