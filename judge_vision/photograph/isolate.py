"""Preparing many photographs in processes of their own, so that a decoder that crashes, hangs or grows costs one row.

A worker prepares one photograph after another. When one of them kills it, or has to be killed, a fresh worker takes its
place and the neighbours do not notice. When this process is killed, a worker may finish its photograph; it writes what
its successor would write, atomically, so the two cannot disagree.
"""

from __future__ import annotations

import importlib
import logging
import multiprocessing
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from judge_vision.failure import ErrorType, PhotographError, UserError
from judge_vision.memory import keep_freed_memory
from judge_vision.photograph.limits import cause_of_death, limit_memory
from judge_vision.photograph.proof import ProofSizes
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.photograph.showing import Facts
from judge_vision.records import store

log = logging.getLogger(__name__)

Key = TypeVar("Key", bound=Hashable)
Prepare = Callable[[Path, PrepareSettings, ProofSizes, Path], Facts]

_PREPARE = "judge_vision.photograph.prepare"
"""Loaded by the workers only: this process decodes nothing."""

# Photographs handed to a worker ahead of time; enough to keep it busy, few enough to keep memory flat.
_AHEAD_PER_WORKER = 4


def prepare_all(
    items: Iterable[tuple[Key, Path, Path]],
    settings: PrepareSettings,
    sizes: ProofSizes,
    workers: int,
    prepare: Prepare | None = None,
    below: Path | None = None,
) -> Iterator[tuple[Key, Facts | PhotographError]]:
    """For each item (key, path, proof path), in the order given: its key and its facts, or why it has none.

    Raises UserError where a proof cannot be written (a full disk, say): that is no photograph's fault.
    `prepare` takes the place of `prepare_photograph`, which takes `below`.
    """
    with _pool(settings, workers) as pool:
        todo = iter(items)
        running: deque[tuple[Key, Path, Any]] = deque()
        try:
            while True:
                for key, path, proof_path in islice(todo, workers * _AHEAD_PER_WORKER - len(running)):
                    arguments = (prepare, path, settings, sizes, proof_path, below)
                    running.append((key, path, pool.schedule(_run, args=arguments, timeout=settings.timeout_s)))
                if not running:
                    return
                key, path, future = running.popleft()
                yield key, _outcome(future, path, settings)
        finally:
            pool.stop()


def _pool(settings: PrepareSettings, workers: int) -> ProcessPool:
    # forkserver: workers start from a small process with the decoders loaded, in milliseconds, and inherit neither
    # our threads nor our locks
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_PREPARE])
    return ProcessPool(max_workers=workers, initializer=_begin, initargs=[settings.memory_mb], context=context)


def _begin(memory_mb: int) -> None:
    keep_freed_memory()
    limit_memory(memory_mb)


def _run(
    prepare: Prepare | None,
    path: Path,
    settings: PrepareSettings,
    sizes: ProofSizes,
    proof_path: Path,
    below: Path | None,
) -> Facts | tuple[str, str, str | None]:
    """In the worker: facts, or error type, message and SHA-256 (exceptions of ours do not survive the way back)."""
    try:
        prepare = prepare or partial(importlib.import_module(_PREPARE).prepare_photograph, below=below)
        return prepare(path, settings, sizes, proof_path)
    except PhotographError as failure:
        return failure.error_type.value, failure.message, failure.sha256
    except MemoryError:
        return ErrorType.DECODER_MEMORY.value, _memory_message(settings), None


def _outcome(future: Any, path: Path, settings: PrepareSettings) -> Facts | PhotographError:
    try:
        result = future.result()
    except FutureTimeoutError:
        message = f"decoding took longer than prepare.timeout_s = {settings.timeout_s:g} s and was stopped"
        return PhotographError(ErrorType.DECODER_TIMEOUT, message, _hash(path))
    except ProcessExpired as expired:
        message = (
            f"the decoder's process {cause_of_death(expired.exitcode)}; save the photograph again as JPEG, PNG or TIFF"
        )
        return PhotographError(ErrorType.DECODER_CRASHED, message, _hash(path))
    except UserError:
        raise
    except Exception as error:
        log.error("preparing %r failed unexpectedly", str(path), exc_info=error)
        message = f"a defect of this program ({type(error).__name__}); the job's log has the details"
        return PhotographError(ErrorType.INTERNAL, message, _hash(path))
    if isinstance(result, tuple):
        error_type, message, sha256 = result
        # what has changed is another file by now, perhaps a link to one that is nobody's business
        known = error_type != ErrorType.CHANGED.value
        return PhotographError(ErrorType(error_type), message, sha256 or (_hash(path) if known else None))
    return dict(result)


def _memory_message(settings: PrepareSettings) -> str:
    return f"decoding needs more than prepare.memory_mb = {settings.memory_mb}; allow more, or save a smaller copy"


def _hash(path: Path) -> str | None:
    """The identity of a file whose preparation ended badly; None where even that cannot be had."""
    try:
        return store.file_sha256(path) if path.is_file() else None
    except OSError:
        return None
