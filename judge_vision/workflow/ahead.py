"""Reading what is needed next while something else is at work. Standard library only: the scoring container uses it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def read_ahead(read: Callable[[T], R], items: Sequence[T], size: int, batches: int = 2) -> Iterator[Iterator[list[R]]]:
    """What `read` makes of `items`, in lists of `size`, read in a thread of its own.

    Reading begins at once and stays at most `batches` lists ahead of who takes them: memory stays flat. An exception of
    `read` is raised where its list is taken.
    """

    def read_all(part: Sequence[T]) -> list[R]:
        return [read(item) for item in part]

    reader = ThreadPoolExecutor(1)
    parts = (items[start : start + size] for start in range(0, len(items), size))
    coming = deque(reader.submit(read_all, part) for part in islice(parts, batches))

    def taken() -> Iterator[list[R]]:
        while coming:
            result = coming.popleft().result()
            coming.extend(reader.submit(read_all, part) for part in islice(parts, 1))
            yield result

    try:
        yield taken()
    finally:
        # not waited for: an interrupted job must not first read what it will not use
        reader.shutdown(wait=False, cancel_futures=True)
