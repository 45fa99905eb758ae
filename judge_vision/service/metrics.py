"""What the server counts, for /metrics (Prometheus), /health and the status page."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_ERRORS_KEPT = 20
_PATHS = frozenset({"/", "/health", "/infer", "/infer/batch", "/metrics", "/shutdown"})
_BATCH_PICTURES = (1, 2, 4, 8, 16, 32, 64, 128)


@dataclass(frozen=True)
class Error:
    """Something that went wrong, with the time it did (UTC, ISO 8601; None: before this process)."""

    time: str | None
    text: str


class Figures:
    """Counters of one server process; safe to use from several threads."""

    def __init__(self, restarts: int, earlier_errors: tuple[str, ...] = ()) -> None:
        """`restarts` and `earlier_errors` are of the processes before this one."""
        self.registry = CollectorRegistry()
        self.restarts = restarts
        self.started = time.time()
        self.last_picture = time.monotonic()
        self.ok = 0
        self.failed = 0
        self._errors = deque((Error(None, text) for text in earlier_errors), maxlen=_ERRORS_KEPT)
        self._lock = threading.Lock()
        register: dict[str, Any] = {"registry": self.registry, "namespace": "judge_vision"}
        self._requests = Counter("requests", "Requests answered", ["path", "status"], **register)
        self._pictures = Counter("pictures", "Pictures by outcome", ["outcome"], **register)
        self._batch = Histogram("batch_pictures", "Pictures in a batch", buckets=_BATCH_PICTURES, **register)
        self._seconds = Histogram("batch_seconds", "Seconds that a batch took", **register)
        Gauge("restarts", "Times this service was started anew", **register).set(restarts)
        Gauge("uptime_seconds", "Seconds since the start", **register).set_function(lambda: self.uptime_s)
        Gauge("resident_bytes", "Memory in use", **register).set_function(lambda: resident_bytes()[0])

    def watch(self, waiting: Callable[[], int]) -> None:
        """Show what `waiting` says: pictures that were accepted and have no scores yet."""
        gauge = Gauge(
            "waiting_pictures", "Pictures without scores yet", namespace="judge_vision", registry=self.registry
        )
        gauge.set_function(waiting)

    @property
    def uptime_s(self) -> float:
        """Seconds since the start."""
        return time.time() - self.started

    @property
    def errors(self) -> list[Error]:
        """The last errors, oldest first."""
        with self._lock:
            return list(self._errors)

    def count_request(self, path: str, status: int) -> None:
        """An answer was sent."""
        # a stranger's paths would make a time series each
        self._requests.labels(path if path in _PATHS else "other", str(status)).inc()

    def count_picture(self, ok: bool) -> None:
        """A picture got its scores, or a reason why not."""
        self._pictures.labels("ok" if ok else "failed").inc()
        with self._lock:
            self.ok += ok
            self.failed += not ok
            self.last_picture = time.monotonic()

    def count_batch(self, pictures: int, seconds: float) -> None:
        """The networks ran once."""
        self._batch.observe(pictures)
        self._seconds.observe(seconds)

    def note_error(self, text: str) -> None:
        """Keep `text` for the status page."""
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        with self._lock:
            self._errors.append(Error(now, text))

    def text(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self.registry)


def resident_bytes() -> tuple[int, int]:
    """Memory of this process now and at its peak; zeros where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0, 0
    values = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    return values.get("VmRSS", 0), values.get("VmHWM", 0)
