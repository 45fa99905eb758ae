"""Which run a process belongs to: what a service lives for. Standard library only."""

from __future__ import annotations

import os
import socket

from judge_vision.engines import processes
from judge_vision.engines.processes import Process

RUN_VARIABLE = "JUDGE_VISION_RUN"
"""HOST/PID:STARTED of the run that jobs belong to; set by the run."""
CORES_VARIABLE = "JUDGE_VISION_CORES"
"""Cores that the run may use; set by the run."""


def announce_run(cores: int | None) -> None:
    """Tell the jobs, through their environment, which run they belong to: this process."""
    os.environ[RUN_VARIABLE] = f"{socket.gethostname()}/{processes.this_process().text}"
    if cores:
        os.environ[CORES_VARIABLE] = str(cores)


def owner() -> Process:
    """The run that this process belongs to; this process where there is none or it is on another machine."""
    host, _, text = os.environ.get(RUN_VARIABLE, "").rpartition("/")
    return processes.parse(text) if host == socket.gethostname() else processes.this_process()
