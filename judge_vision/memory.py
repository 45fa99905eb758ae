"""How this process handles memory. Standard library only."""

from __future__ import annotations

import contextlib
import ctypes

# the C library's numbers for its parameters (glibc, malloc.h)
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -2, -3, -8
_MB = 1 << 20


def keep_freed_memory() -> None:
    """Let this process keep up to 256 MB of what it frees, for what it needs next.

    The C library gives large arrays back to the system at once, which then has to fill each anew with zeros, page by
    page: some thousand times a photograph. One arena, as threads other than the first get small ones that do not keep.
    Nothing happens on systems with another C library.
    """
    with contextlib.suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in (
            (_MMAP_THRESHOLD, 32 * _MB),
            (_TRIM_THRESHOLD, 256 * _MB),
            (_TOP_PAD, 16 * _MB),
            (_ARENA_MAX, 1),
        ):
            mallopt(parameter, value)
