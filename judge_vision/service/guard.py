"""Who may talk to the server: programs of this machine, or whoever brings the token; never a foreign web page."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from judge_vision.engines.options import is_loopback


class Guard:
    """ASGI middleware: refuses what has no business here and counts every answer."""

    def __init__(self, app: ASGIApp, token: str | None, loopback: bool, count: Callable[[str, int], None]) -> None:
        """`count` is called with the path and the status of each answer."""
        self._app = app
        self._token = token
        self._loopback = loopback
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 401 or 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._count(scope["path"], message["status"])
            await send(message)

        refusal = self._refusal(Headers(scope=scope))
        await (refusal or self._app)(scope, receive, counted)

    def _refusal(self, headers: Headers) -> JSONResponse | None:
        host = headers.get("host", "")
        # A page in a browser on this machine can send requests to 127.0.0.1, and by rebinding its own name to that
        # address even read the answers. Then `Host` is that name; otherwise `Origin` is the page's.
        if self._token is None and self._loopback and not is_loopback(urlsplit(f"//{host}").hostname or ""):
            return _error(403, "this service answers to its address only, not to a name")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return _error(403, "this service does not answer to web pages of others")
        if self._token is not None and not self._authorised(headers.get("authorization", "")):
            answer = _error(401, "a token is needed: send it as `Authorization: Bearer TOKEN`")
            # a browser then asks; the token is the password, the user's name does not matter
            answer.headers["www-authenticate"] = 'Basic realm="judge-vision"'
            return answer
        return None

    def _authorised(self, header: str) -> bool:
        kind, _, given = header.partition(" ")
        if kind.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).decode().partition(":")[2]
            except (binascii.Error, ValueError):
                return False
        elif kind.lower() != "bearer":
            return False
        return hmac.compare_digest(given.strip().encode(), (self._token or "").encode())


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error_type": "refused", "error": message}, status)
