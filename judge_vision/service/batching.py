"""The one thread that runs the networks. Requests that wait at the same time are scored together."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from judge_vision.failure import ErrorType, PhotographError
from judge_vision.models.inputs import ScaledPicture
from judge_vision.models.scorer import Scores

log = logging.getLogger(__name__)

Outcome = Scores | PhotographError


class Networks(Protocol):
    """What a `Scorer` offers."""

    device: str

    @property
    def batch_size(self) -> int:
        """Pictures that go through a network at once."""

    @property
    def gpu_memory_bytes(self) -> int | None:
        """Memory of the GPU in use; None without one."""

    def score(self, pictures: Sequence[ScaledPicture]) -> list[Outcome]:
        """An outcome for each picture."""


class QueueFull(Exception):
    """More pictures wait than the service wants to hold in memory."""


@dataclass
class _Job:
    pictures: list[ScaledPicture]
    future: Future[list[Outcome]] = field(default_factory=Future)


class Batcher:
    """Loads the networks in a thread of its own and scores there, one batch after the other.

    `state` is loading, ready, failed (`problem` says why) or stopped.
    """

    def __init__(
        self,
        load: Callable[[], Networks],
        batch_size: int,
        gather_s: float,
        most_waiting: int,
        observe: Callable[[int, float], None] = lambda pictures, seconds: None,
    ) -> None:
        """A batch is closed at `batch_size` pictures, or `gather_s` after its first. `observe` sees each batch."""
        self.state = "loading"
        self.problem: str | None = None
        self.device: str | None = None
        self._load = load
        self._gather_s = gather_s
        self._batch_size = batch_size
        self._most_waiting = most_waiting
        self._observe = observe
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._running_since: float | None = None
        self._networks: Networks | None = None
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self._changed = threading.Event()

    def start(self) -> None:
        """Begin to load."""
        self._thread.start()

    def wait_until_loaded(self, timeout_s: float) -> bool:
        """Whether the networks are ready, waiting at most `timeout_s` for it."""
        self._changed.wait(timeout_s)
        return self.state == "ready"

    @property
    def waiting(self) -> int:
        """Pictures that were accepted and have no scores yet."""
        return self._waiting

    @property
    def running_s(self) -> float:
        """Seconds since the batch that runs now began; 0 where none runs."""
        since = self._running_since
        return time.monotonic() - since if since is not None else 0.0

    @property
    def batch_size(self) -> int:
        """Pictures scored together at most; less than set where memory was short."""
        return self._networks.batch_size if self._networks else self._batch_size

    @property
    def gpu_memory_bytes(self) -> int | None:
        """Memory of the GPU in use; None without one, or while loading."""
        return self._networks.gpu_memory_bytes if self._networks else None

    def submit(self, pictures: list[ScaledPicture]) -> Future[list[Outcome]]:
        """The outcomes of `pictures`, in their order, later. Raises QueueFull."""
        job = _Job(pictures)
        with self._lock:
            if self._waiting and self._waiting + len(pictures) > self._most_waiting:
                raise QueueFull
            self._waiting += len(pictures)
        self._jobs.put(job)
        return job.future

    def stop(self, timeout_s: float) -> bool:
        """Finish what was accepted, then end the thread; whether it ended in time."""
        self._jobs.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._networks = self._load()
            self.device = self._networks.device
            self.state = "ready"
        except Exception as error:
            log.exception("the networks cannot be loaded")
            self.problem = f"{type(error).__name__}: {error}"
            self.state = "failed"
            return
        finally:
            self._changed.set()
        while True:
            jobs, last = self._gather()
            if jobs:
                self._score(jobs)
            if last:
                self.state = "stopped"
                return

    def _gather(self) -> tuple[list[_Job], bool]:
        """The jobs of the next batch, and whether it is the last."""
        jobs: list[_Job] = []
        count = 0
        until: float | None = None
        while count < self.batch_size:
            try:
                job = self._jobs.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if job is None:
                return jobs, True
            if not job.future.set_running_or_notify_cancel():
                self._leave(len(job.pictures))
                continue
            jobs.append(job)
            count += len(job.pictures)
            until = until or time.monotonic() + self._gather_s
        return jobs, False

    def _score(self, jobs: list[_Job]) -> None:
        pictures = [picture for job in jobs for picture in job.pictures]
        started = self._running_since = time.monotonic()
        outcomes: list[Outcome] = []
        try:
            assert self._networks is not None
            outcomes = self._networks.score(pictures)
        except Exception as error:
            log.exception("%d pictures could not be scored", len(pictures))
            if len(jobs) > 1:
                # one request's pictures must not cost the others theirs
                for job in jobs:
                    self._score([job])
                return
            message = f"the networks failed ({type(error).__name__}); the service's log has the details"
            outcomes = [PhotographError(ErrorType.MODEL_FAILED, message) for _ in pictures]
        finally:
            self._running_since = None
        self._observe(len(pictures), time.monotonic() - started)
        self._leave(len(pictures))
        for job in jobs:
            job.future.set_result(outcomes[: len(job.pictures)])
            outcomes = outcomes[len(job.pictures) :]

    def _leave(self, pictures: int) -> None:
        with self._lock:
            self._waiting -= pictures
