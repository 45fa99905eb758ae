"""The openai client's way to the server, with limits on what a server may do: size and time of a whole answer."""

from __future__ import annotations

import ipaddress
import time
import urllib.request
from collections.abc import Iterator

import httpx2

LONGEST_ANSWER_BYTES = 4_000_000


class _Limited(httpx2.SyncByteStream):
    """The body of an answer, as long as it keeps the limits."""

    def __init__(self, stream: httpx2.SyncByteStream, deadline: float, request: httpx2.Request) -> None:
        self._stream = stream
        self._deadline = deadline
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        for chunk in self._stream:
            read += len(chunk)
            if read > LONGEST_ANSWER_BYTES:
                raise httpx2.RemoteProtocolError("the answer is too long", request=self._request)
            if time.monotonic() > self._deadline:
                raise httpx2.ReadTimeout("the answer takes too long", request=self._request)
            yield chunk

    def close(self) -> None:
        self._stream.close()


class LimitedTransport(httpx2.BaseTransport):
    """A transport whose timeout holds for the whole answer: alone, it would start anew with each byte that arrives."""

    def __init__(self, inner: httpx2.BaseTransport, timeout_s: float) -> None:
        self._inner = inner
        self._timeout_s = timeout_s

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send `request`; what comes back is limited, and must not be compressed: a few bytes could unpack to many."""
        deadline = time.monotonic() + self._timeout_s
        response = self._inner.handle_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            response.close()
            raise httpx2.RemoteProtocolError("the answer is compressed, which was not asked for", request=request)
        assert isinstance(response.stream, httpx2.SyncByteStream)
        response.stream = _Limited(response.stream, deadline, request)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def http_client(base_url: str, timeout_s: float, connections: int) -> httpx2.Client:
    """A client for the server at `base_url`: no redirects (they could lead anywhere), no proxy to this machine."""
    url = httpx2.URL(base_url)
    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    inner = httpx2.HTTPTransport(proxy=_proxy(url), limits=limits)
    return httpx2.Client(
        transport=LimitedTransport(inner, timeout_s),
        timeout=httpx2.Timeout(timeout_s, connect=min(timeout_s, 10.0)),
        follow_redirects=False,
        trust_env=False,
        headers={"Accept-Encoding": "identity"},
    )


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _proxy(url: httpx2.URL) -> str | None:
    if is_loopback(url.host) or urllib.request.proxy_bypass(url.host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(url.scheme) or proxies.get("all")
