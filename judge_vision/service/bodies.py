"""Reading what a request brings: its body within limits, and the picture that it holds or names."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import os
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request

_BODY_TIMEOUT_S = 120.0


class Refused(Exception):
    """The request cannot be served: `status` for programs, `error_type` and `message` for people."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.message = message


class Budget:
    """Bytes of bodies that are in memory at once; a request waits until there is room for its own."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._size = size
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def room(self, wanted: int) -> AsyncIterator[None]:
        """Hold `wanted` bytes, all there are at most."""
        wanted = min(wanted, self._size)
        async with self._changed:
            await self._changed.wait_for(lambda: self._free >= wanted)
            self._free -= wanted
        try:
            yield
        finally:
            async with self._changed:
                self._free += wanted
                self._changed.notify_all()


def announced_size(request: Request, limit: int) -> int:
    """The size of the body as announced, `limit` where it is not. Raises Refused where it is above `limit`."""
    text = request.headers.get("content-length", "")
    size = int(text) if text.isascii() and text.isdigit() else limit
    if size > limit:
        raise _too_large(limit)
    return size


async def read_body(request: Request, limit: int) -> bytes:
    """The body. Raises Refused where it is larger than `limit` bytes or does not arrive."""
    try:
        return await asyncio.wait_for(_read(request, limit), _BODY_TIMEOUT_S)
    except asyncio.TimeoutError:
        raise Refused(408, "timeout", f"the request did not arrive within {_BODY_TIMEOUT_S:g} s") from None
    except ClientDisconnect:
        raise Refused(400, "disconnected", "the client went away") from None


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> Refused:
    return Refused(413, "too_large", f"the request is larger than {limit // 1_000_000} MB, the limit of this service")


def parse_json(body: bytes) -> dict[str, Any]:
    """A JSON object. Raises Refused."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "bad_request", "the body is not JSON; see docs/reference/http-api.md for its form") from None
    if not isinstance(value, dict):
        raise Refused(400, "bad_request", "the body is not a JSON object; see docs/reference/http-api.md for its form")
    return value


def picture_bytes(asked: Any, allowed: Sequence[Path], limit: int) -> bytes:
    """The file that `image_path` names or `image_b64` holds. Raises Refused."""
    given = [key for key in ("image_path", "image_b64") if isinstance(asked, dict) and isinstance(asked.get(key), str)]
    if len(given) != 1:
        raise Refused(400, "bad_request", "one of image_path and image_b64 is needed, as text")
    text = asked[given[0]]
    if given == ["image_path"]:
        return read_allowed(text, allowed, limit)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(400, "bad_request", "image_b64 is not Base64") from None


def read_allowed(text: str, allowed: Sequence[Path], limit: int) -> bytes:
    """The bytes of a file below one of the folders `allowed`, which are resolved. Raises Refused.

    Links are followed first and the place where they lead is judged; what lies outside is refused in the same words
    whether it exists or not.
    """
    outside = Refused(403, "outside", "image_path is outside the folders that this service may read (--allow)")
    try:
        path = Path(text).resolve()
    except (OSError, ValueError, RuntimeError):
        raise outside from None
    if not Path(text).is_absolute() or not any(path.is_relative_to(folder) for folder in allowed):
        raise outside
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused(404, "missing", f"image_path cannot be read: {error.strerror}") from None
    try:
        # a folder on the way may have been exchanged for a link since
        opened = Path(f"/proc/self/fd/{handle}")
        if opened.exists() and not any(opened.resolve().is_relative_to(folder) for folder in allowed):
            raise outside
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise Refused(422, "not_an_image", "image_path is not a file")
        if facts.st_size > limit:
            raise _too_large(limit)
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(handle)
