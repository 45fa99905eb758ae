"""Lines that tell a waiting person how far a job is. Standard library only."""

from __future__ import annotations

import sys
import time

from judge_vision.workflow import estimate

_SECONDS_BETWEEN_LINES = 5.0
# What is done within this time of the first photograph came with it, in one batch, and says nothing of the rate.
_SAME_BATCH_S = 0.05
# Photographs behind the first batch from which a rate is worth keeping.
_ENOUGH = 8


def clock(seconds: float) -> str:
    """`seconds` for people: "40 s", "5 min", "2 h 05 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


class Progress:
    """Counts the photographs of one job and says on stderr how many are done, how fast, and how long it will take.

    The rate counts only photographs that were measured: those found in the cache take no time worth counting.
    """

    def __init__(self, label: str, total: int, pending: int, cached: int) -> None:
        """Of the `total` photographs of a job, `pending` are to be measured and `cached` came from the cache.

        `label` is the job's rule and shard, such as "tonal 00000".
        """
        self._label = label
        self._rule = label.split()[0]
        self._total = total
        self._pending = pending
        self._cached = cached
        self._measured = 0
        self._started = time.monotonic()
        self._first = self._started
        self._first_batch = 0
        self._last_line = self._started

    def step(self) -> None:
        """One more photograph was measured; print a line if the last one is some seconds old."""
        self._measured += 1
        now = time.monotonic()
        if self._measured == 1:
            self._first = now
        if now - self._first < _SAME_BATCH_S:
            self._first_batch = self._measured
        elif now - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = now
            # since the first came, and without it: before that the job was starting
            rate = (self._measured - 1) / (now - self._first)
            left = (self._pending - self._measured) / rate
            done = self._total - self._pending + self._measured
            run = estimate.left(self._rule, done, self._seconds_each())
            more = "" if run is None else f"; the whole run: {estimate.about(run)} more"
            self._say(f"{done} of {self._total} photographs, {rate:.1f}/s, {clock(left)} left{more}")

    def finish(self, failed: int) -> None:
        """Print the closing line, and keep for the next estimate what this job took."""
        estimate.note(self._rule, self._total, self._cached, failed, self._seconds_each())
        seconds = time.monotonic() - self._started
        parts = [f"{estimate.counted(self._total)} done in {clock(seconds)}"]
        if self._cached:
            parts.append(f"{self._cached} from the cache")
        if failed:
            parts.append(f"{failed} failed")
        self._say(", ".join(parts))

    def _seconds_each(self) -> float | None:
        """Seconds a photograph took, without the start of the job; None where too few were measured to say."""
        counted = self._measured - self._first_batch
        return (time.monotonic() - self._first) / counted if counted >= _ENOUGH else None

    def _say(self, text: str) -> None:
        print(f"[{self._label}] {text}", file=sys.stderr, flush=True)
