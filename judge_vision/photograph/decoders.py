"""Calling decoders: whatever one of them throws becomes a PhotographError with a reason that a person understands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from judge_vision.failure import ErrorType, PhotographError
from judge_vision.photograph.metadata import clean_text
from judge_vision.photograph.settings import PrepareSettings

# What decoders say, in their words, and what it means; the first match counts.
_MEANINGS = (
    (re.compile(r"security limit|decompression bomb|too (large|big)|exceeds? .*limit"), ErrorType.TOO_LARGE),
    (re.compile(r"memory|alloc"), ErrorType.DECODER_MEMORY),
    (
        re.compile(
            r"truncat|end of (file|data|image)|premature|not enough|unexpected (end|eof)|too short|requires a buffer"
            r"|\beof\b"
        ),
        ErrorType.TRUNCATED,
    ),
    (
        re.compile(r"unsupported|not supported|cannot handle|unknown (pixel|data|compression|bmp)|not implemented"),
        ErrorType.UNSUPPORTED,
    ),
)


@contextmanager
def decoding(file_format: str) -> Iterator[None]:
    """Turn whatever a decoder of `file_format` throws into a PhotographError."""
    try:
        yield
    except (PhotographError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    # decoders in Rust panic with an exception that is no Exception
    except BaseException as error:
        raise _failure(error, file_format) from None


def _failure(error: BaseException, file_format: str) -> PhotographError:
    # LibRaw's sentences come as bytes
    first = error.args[0] if error.args else None
    said = clean_text(first if isinstance(first, bytes) else str(error), 120)
    words = f" (the decoder: {said})" if said else ""
    kind = _meaning(error, (said or "").lower())
    if isinstance(error, ImportError):
        words = f"; install the library {error.name}"
    sentence = {
        ErrorType.TOO_LARGE: f"the {file_format} decoder refuses the file as too large{words}",
        ErrorType.DECODER_MEMORY: "decoding needs more memory than prepare.memory_mb allows; allow more, or save a "
        f"smaller copy{words}",
        ErrorType.TRUNCATED: f"the file ends before the picture does; copy or export it again{words}",
        ErrorType.UNSUPPORTED: f"this kind of {file_format} cannot be read here; save it as JPEG, PNG or TIFF{words}",
        ErrorType.CORRUPT: f"it begins like {file_format}, but what follows is damaged; copy or export it again{words}",
    }[kind]
    return PhotographError(kind, sentence)


def _meaning(error: BaseException, said: str) -> ErrorType:
    if isinstance(error, MemoryError):
        return ErrorType.DECODER_MEMORY
    if isinstance(error, Image.DecompressionBombError):
        return ErrorType.TOO_LARGE
    if isinstance(error, EOFError):
        return ErrorType.TRUNCATED
    if isinstance(error, (ImportError, NotImplementedError)):
        return ErrorType.UNSUPPORTED
    return next((kind for pattern, kind in _MEANINGS if pattern.search(said)), ErrorType.CORRUPT)


def check_size(width: int, height: int, settings: PrepareSettings) -> None:
    """Refuse, by the header, a picture with more pixels than the configuration allows.

    Raises PhotographError: too_large, or corrupt for a picture without pixels.
    """
    if width < 1 or height < 1:
        raise PhotographError(ErrorType.CORRUPT, f"its header says {width} x {height} pixels; copy or export it again")
    if width * height > settings.max_pixels:
        raise PhotographError(
            ErrorType.TOO_LARGE,
            f"{width} x {height} are {width * height:,} pixels, more than prepare.max_pixels = "
            f"{settings.max_pixels:,}; it was not decoded",
        )
