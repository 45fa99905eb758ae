"""Limits for a process that decodes hostile files, and why such a process ended. Standard library only."""

from __future__ import annotations

import contextlib
import resource
import signal
from pathlib import Path


def limit_memory(memory_mb: int) -> None:
    """Let this process add at most `memory_mb` to the address space that it has now.

    Linux only: macOS has the call and does not keep to it, and there the limit on pixels has to do.
    """
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + memory_mb * 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    # a crashed decoder must not fill the disk
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def cause_of_death(exitcode: int | None) -> str:
    """How a process ended, as the end of a sentence."""
    if exitcode is not None and exitcode < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-exitcode).name}"
    return f"ended by itself (status {exitcode})"
