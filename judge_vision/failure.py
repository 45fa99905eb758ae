"""Why a photograph could not be judged: a closed set of reasons, each with a sentence for people."""

from __future__ import annotations

from enum import Enum


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


class PhotographError(Exception):
    """One photograph cannot be judged; its neighbours can.

    `message` says what happened and what to do, without the file's name: the row carries that. `sha256` is the hash of
    the bytes where they could be read: a corrupt file still has an identity.
    """

    def __init__(self, error_type: ErrorType, message: str, sha256: str | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.sha256 = sha256


class UserError(Exception):
    """The run cannot go on: a setting, a file of rules or a bundle is wrong. One line, shown without a traceback."""
