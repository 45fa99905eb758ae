"""Which test provokes which message: `python -m pytest -p tests.record_messages ...` adds to tests/messages.json.

Every text that an exception for people is made with, that a server answers or that a command prints while a test runs
is held against the messages of the code (judge_vision/reference/errors.py). A message keeps the test that it has.
"""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import requests

from judge_vision import failure
from judge_vision.critique import reply
from judge_vision.engines import container, engine
from judge_vision.models import download
from judge_vision.reference.errors import TESTS, Message, messages
from judge_vision.service import bodies

# Of a long output the end has the message.
_MOST = 4_000
# In an output, letters of its own by which a message is known: an almost empty one would be found everywhere.
_LEAST = 15
# Room of the package (none for outputs) and text, with the test in which it was said first.
_SAID: dict[tuple[str, str], str] = {}


def pattern(text: str) -> re.Pattern[str]:
    """What a message looks like when it is said: anything stands for what is filled in."""
    words = re.split(r"(‹.*?›)", text)
    return re.compile("".join(".*?" if number % 2 else re.escape(part) for number, part in enumerate(words)), re.S)


def _note(text: object, room: str = "") -> None:
    test = os.environ.get("PYTEST_CURRENT_TEST", "").split(" (")[0].split("[")[0]
    if test and isinstance(text, str):
        _SAID.setdefault((room, text[-_MOST:]), test)


def _room(path: str) -> str:
    """The room of the package that a file lies in, or scripts; empty for files elsewhere."""
    parts = Path(path).parts
    return "scripts" if parts[-2:-1] == ("scripts",) else dict(pairwise(parts)).get("judge_vision", "")


def _is(message: Message, room: str, text: str) -> bool:
    own = re.sub(r"‹.*?›", "", message.text)
    known = room == message.source.split("/")[0] if room else len(own) >= _LEAST
    return known and bool(pattern(message.text).search(text))


def _watch(made: type[Any], place: int) -> None:
    first: Callable[..., None] = made.__init__

    @functools.wraps(first)
    def noting(self: Any, *arguments: Any, **named: Any) -> None:
        room = _room(sys._getframe(1).f_code.co_filename)
        # an exception that a test makes itself is nothing that the code said
        if len(arguments) > place and (room or not issubclass(made, Exception)):
            _note(arguments[place], room if issubclass(made, Exception) else "")
        first(self, *arguments, **named)

    made.__init__ = noting


def pytest_configure() -> None:
    """Listen."""
    for made, place in (
        (failure.UserError, 0),
        (failure.PhotographError, 1),
        (container.ContainerError, 0),
        (download.DownloadError, 0),
        (engine.EngineUnavailable, 0),
        (reply.ReplyError, 1),
        (bodies.Refused, 2),
    ):
        _watch(made, place)
    _watch(subprocess.CompletedProcess, 2)
    _watch(subprocess.CompletedProcess, 3)
    send = requests.Session.send

    def noting(*arguments: Any, **named: Any) -> requests.Response:
        answer = send(*arguments, **named)
        _note(None if named.get("stream") else answer.text)
        return answer

    requests.Session.send = noting  # type: ignore[method-assign]


def pytest_sessionfinish() -> None:
    """Write down what was heard."""
    known: dict[str, str] = json.loads(TESTS.read_text()) if TESTS.exists() else {}
    for message in messages():
        found = next((test for said, test in _SAID.items() if _is(message, *said)), None)
        if found:
            known.setdefault(message.text, found)
    wanted = {message.text for message in messages()}
    kept = {text: known[text] for text in sorted(known) if text in wanted}
    TESTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
