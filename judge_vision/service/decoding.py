"""Decoding pictures that strangers send: each in a process of its own, so that a crash costs one answer.

Each thread of the pool keeps one worker process and gives it one picture after another. The worker sends back what the
networks need, not the picture. A worker that dies, hangs or grows is replaced; the server does not notice. When the
server is killed its workers read the end of their pipe and go.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import threading
import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from judge_vision.failure import ErrorType, PhotographError
from judge_vision.models.inputs import ScaledPicture
from judge_vision.photograph.limits import cause_of_death, limit_memory
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.photograph.showing import show_bytes


def reduced(data: bytes, settings: PrepareSettings, max_side: int) -> ScaledPicture:
    """What the networks need of a file's bytes. Raises PhotographError."""
    with warnings.catch_warnings():
        # about what a file's metadata lacks
        warnings.simplefilter("ignore")
        image = show_bytes(data, hashlib.sha256(data).hexdigest(), settings).image
    return ScaledPicture.of(np.asarray(image), max_side)


class Decoders:
    """A pool of decoding processes."""

    def __init__(self, count: int, settings: PrepareSettings, max_side: int) -> None:
        """`count` processes, started when first needed; `settings` are the limits of one picture."""
        self._settings = settings
        self._max_side = max_side
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="decoder")
        self._own = threading.local()
        self._workers: list[_Worker] = []
        self._lock = threading.Lock()
        self._closed = False

    def decode(self, data: bytes) -> Future[ScaledPicture | PhotographError]:
        """The inputs of a file's bytes, or why it has none."""
        return self._threads.submit(self._decode, data)

    def close(self) -> None:
        """End the workers, also those that are busy."""
        with self._lock:
            self._closed = True
            for worker in self._workers:
                worker.end()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _decode(self, data: bytes) -> ScaledPicture | PhotographError:
        worker = getattr(self._own, "worker", None)
        if worker is None or not worker.alive:
            with self._lock:
                if self._closed:
                    return PhotographError(ErrorType.INTERNAL, "the service is stopping")
                worker = self._own.worker = _Worker(self._settings, self._max_side)
                self._workers = [other for other in self._workers if other.alive] + [worker]
        answer: ScaledPicture | PhotographError = worker.ask(data)
        return answer


class _Worker:
    """One decoding process, seen from the server."""

    def __init__(self, settings: PrepareSettings, max_side: int) -> None:
        # spawned, not forked: a fork would copy TensorFlow's threads, locks and GPU context
        context = multiprocessing.get_context("spawn")
        self._timeout_s = settings.timeout_s
        self._pipe, far_end = context.Pipe()
        self._process = context.Process(target=_work, args=(far_end, settings, max_side), daemon=True)
        self._process.start()
        far_end.close()

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def ask(self, data: bytes) -> ScaledPicture | PhotographError:
        try:
            self._pipe.send_bytes(data)
            if not self._pipe.poll(self._timeout_s):
                self.end()
                message = f"decoding took longer than prepare.timeout_s = {self._timeout_s:g} s and was stopped"
                return PhotographError(ErrorType.DECODER_TIMEOUT, message)
            answer: Any = self._pipe.recv()
        except (EOFError, OSError):
            self._process.join(5)
            message = f"the decoder's process {cause_of_death(self._process.exitcode)}; save the picture again as JPEG"
            self.end()
            return PhotographError(ErrorType.DECODER_CRASHED, message)
        return answer if isinstance(answer, ScaledPicture) else PhotographError(ErrorType(answer[0]), answer[1])

    def end(self) -> None:
        self._process.kill()
        self._process.join(5)


def _work(pipe: Connection, settings: PrepareSettings, max_side: int) -> None:
    """In the worker process: one picture after another, until the server is gone."""
    limit_memory(settings.memory_mb)
    while True:
        try:
            data = pipe.recv_bytes()
        except EOFError:
            return
        answer: ScaledPicture | tuple[str, str]
        try:
            answer = reduced(data, settings, max_side)
        except PhotographError as failure:
            answer = (failure.error_type.value, failure.message)
        except MemoryError:
            answer = (ErrorType.DECODER_MEMORY.value, "decoding needs more memory than prepare.memory_mb allows")
        except Exception as error:
            answer = (ErrorType.INTERNAL.value, f"a defect of this program ({type(error).__name__})")
        del data
        try:
            pipe.send(answer)
        except OSError:
            return  # the server is gone
