"""Whether a process is still there: by its number and the time it started, because numbers are used again.

Standard library only: the service watches its owner with this, also where psutil is not installed.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process of this machine. `text` is how it travels in environment variables and on command lines."""

    pid: int
    started: str
    """When it started, in the system's own words: only equality means something."""

    @property
    def text(self) -> str:
        """PID:STARTED."""
        return f"{self.pid}:{self.started}"

    @property
    def alive(self) -> bool:
        """The very same process still runs; one that has ended and was not collected by its parent does not."""
        return _start_time(self.pid) == self.started


def this_process() -> Process:
    """The process that asks."""
    return process_of(os.getpid())


def process_of(pid: int) -> Process:
    """The process that has this number now. Raises ProcessLookupError where none has."""
    started = _start_time(pid)
    if started is None:
        raise ProcessLookupError(pid)
    return Process(pid, started)


def parse(text: str) -> Process:
    """The process out of its `text`. Raises ValueError."""
    pid, _, started = text.partition(":")
    if not started:
        raise ValueError(f"{text!r} is no process: PID:STARTED is expected")
    return Process(int(pid), started)


def _start_time(pid: int) -> str | None:
    try:
        # the name of the program stands in brackets and may contain any character
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _ask_ps(pid)
    # fields 3 and 22 of proc(5): the state, Z or X for one that has ended, and the start in ticks since boot
    return None if fields[0] in "ZX" else fields[19]


def _ask_ps(pid: int) -> str | None:
    done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip().replace(" ", "_") or None
