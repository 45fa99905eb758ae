"""Asking a scoring service over HTTP. Runs on the host.

Whatever answers is not trusted: an answer is limited in size and time and held to its form, so that a hanging, broken
or hostile server costs a try and not the run.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from judge_vision.engines.engine import EngineUnavailable, Outcome
from judge_vision.engines.options import is_loopback
from judge_vision.engines.settings import ServiceSettings
from judge_vision.engines.wire import CONTENT_TYPE, pack
from judge_vision.failure import ErrorType, PhotographError, UserError
from judge_vision.models.inputs import ScaledPicture
from judge_vision.models.scorer import Scores

T = TypeVar("T")

_MOST_ANSWER_BYTES = 8_000_000
_PICTURE_BYTES = 200_000
_BUSY_PAUSE_S = 0.5


class Unreachable(EngineUnavailable):
    """Nothing answers at the address, or the connection broke."""


class Hanging(EngineUnavailable):
    """Something is at the address and does not answer in time."""


class _Token(AuthBase):
    """Sends the token; as an auth object, because requests would let an entry in ~/.netrc replace a plain header."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def within(seconds: float, function: Callable[[], T]) -> T:
    """What `function` returns or raises, if it does within `seconds`. Raises TimeoutError.

    One that does not is left alone in its thread, which ends with the process.
    """
    results: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(function())
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError
    return results[0]


class Client:
    """One service at `url`."""

    def __init__(self, url: str, settings: ServiceSettings, token: str | None) -> None:
        """Raises UserError for an address that is none."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(f"{url!r} is no address of a service; write it as http://HOST:PORT")
        self.url = url.rstrip("/")
        self._settings = settings
        self._token = token
        self._local = is_loopback(parts.hostname)
        self._session = self._new_session()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _new_session(self) -> requests.Session:
        session = requests.Session()
        session.auth = _Token(self._token)
        # a proxy for the world outside must not get what is for this machine
        session.trust_env = not self._local
        return session

    def health(self) -> dict[str, Any]:
        """What /health says, of a service of this project. Raises EngineUnavailable."""
        status, answer = self._ask("GET", "/health", self._settings.connect_timeout_s)
        if status in (401, 403):
            raise EngineUnavailable(f"{self.url} refuses us ({_said(answer)}); set JUDGE_VISION_TF_TOKEN")
        if answer.get("service") != "judge-vision":
            raise EngineUnavailable(f"{self.url} is not a scoring service of this project")
        return answer

    def shutdown(self) -> None:
        """Ask the service to end. Raises EngineUnavailable."""
        status, answer = self._ask("POST", "/shutdown", self._settings.connect_timeout_s)
        if status != 202:
            raise EngineUnavailable(f"{self.url} does not shut down: {_said(answer)}")

    def score(self, pictures: Sequence[ScaledPicture]) -> list[Outcome]:
        """Outcomes in the order of `pictures`; waits while the service is busy. Raises EngineUnavailable."""
        body = pack(pictures)
        until = time.monotonic() + self._settings.timeout_s
        while True:
            left = max(0.1, until - time.monotonic())
            status, answer = self._ask("POST", "/infer/batch", left, body, len(pictures) * _PICTURE_BYTES)
            if status == 200:
                return self._outcomes(answer, len(pictures))
            if status != 503 or answer.get("error_type") != "busy":
                raise EngineUnavailable(f"{self.url} answers with status {status}: {_said(answer)}")
            if time.monotonic() > until:
                raise Hanging(f"{self.url} was too busy for {self._settings.timeout_s:g} s")
            time.sleep(_BUSY_PAUSE_S)

    def _ask(
        self, method: str, path: str, timeout_s: float, body: bytes | None = None, most: int = _MOST_ANSWER_BYTES
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of the answer, within `timeout_s` and `most` bytes. Raises EngineUnavailable."""
        try:
            # requests limits each wait for a byte, not their sum
            status, data = within(timeout_s, lambda: self._send(method, path, timeout_s, body, most))
        except TimeoutError:
            self._session = self._new_session()
            raise Hanging(f"{self.url} has not answered within {timeout_s:.3g} s") from None
        except requests.Timeout as error:
            if isinstance(error, requests.ConnectTimeout):
                raise Unreachable(f"nothing answers at {self.url}") from None
            raise Hanging(f"{self.url} has not answered within {timeout_s:.3g} s") from None
        except requests.RequestException as error:
            raise Unreachable(f"{self.url} cannot be reached ({_reason(error)})") from None
        try:
            answer = json.loads(data)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise EngineUnavailable(f"{self.url} does not answer as a scoring service does (status {status})")
        return status, answer

    def _send(self, method: str, path: str, timeout_s: float, body: bytes | None, most: int) -> tuple[int, bytes]:
        with self._session.request(
            method,
            self.url + path,
            data=body,
            headers={"Content-Type": CONTENT_TYPE} if body else None,
            timeout=(self._settings.connect_timeout_s, timeout_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            data = bytearray()
            for chunk in response.iter_content(1 << 16):
                data += chunk
                if len(data) > max(most, _MOST_ANSWER_BYTES):
                    raise EngineUnavailable(f"{self.url} answers with too many bytes")
            return response.status_code, bytes(data)

    def _outcomes(self, answer: dict[str, Any], count: int) -> list[Outcome]:
        results = answer.get("results")
        if not isinstance(results, list) or len(results) != count:
            raise EngineUnavailable(f"{self.url} did not answer with {count} results")
        try:
            return [_outcome(one) for one in results]
        except (KeyError, TypeError, ValueError) as error:
            raise EngineUnavailable(f"{self.url} answered with a result that is none ({error})") from None


def _outcome(result: Any) -> Outcome:
    """A result as an outcome. Raises KeyError, TypeError or ValueError where it is not of the form."""
    if "error_type" in result:
        return PhotographError(ErrorType(result["error_type"]), str(result["error"])[:500])
    scores = Scores(**result)
    for one in fields(Scores):
        value = getattr(scores, one.name)
        if one.name == "musiq_max_side":
            if value is not None and type(value) is not int:
                raise ValueError(f"{one.name} is {value!r}")
            continue
        numbers = value if isinstance(value, list) else [value]
        if one.name.endswith("_distribution") and (not isinstance(value, list) or len(value) != 10):
            raise ValueError(f"{one.name} is not ten numbers")
        if not all(type(number) in (int, float) and math.isfinite(number) for number in numbers):
            raise ValueError(f"{one.name} is no number")
    return scores


def _said(answer: dict[str, Any]) -> str:
    return str(answer.get("error") or "no reason given")[:200]


def _reason(error: requests.RequestException) -> str:
    """The innermost reason: requests wraps it three times."""
    cause: BaseException = error
    while cause.args and isinstance(cause.args[0], BaseException):
        cause = cause.args[0]
    inner = getattr(cause, "reason", None)
    return str(inner or cause).rpartition(": ")[2][:200]
