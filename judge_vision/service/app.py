"""The HTTP interface of the scoring service; docs/reference/http-api.md is made from its routes and statuses."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from judge_vision.engines import wire
from judge_vision.engines.options import Options
from judge_vision.failure import ErrorType, PhotographError
from judge_vision.models.inputs import ScaledPicture
from judge_vision.models.scorer import Scores
from judge_vision.service import status
from judge_vision.service.batching import Batcher, Outcome, QueueFull
from judge_vision.service.bodies import (
    Budget,
    Refused,
    announced_size,
    parse_json,
    picture_bytes,
    read_body,
)
from judge_vision.service.decoding import Decoders
from judge_vision.service.guard import Guard
from judge_vision.service.metrics import Figures

T = TypeVar("T")

_MOST_IN_A_BATCH = 256
_BODIES_AT_ONCE = 4
# What a client may ask, and the method of `Service` that answers; its docstring is the documentation.
ROUTES = (
    ("GET", "/health", "health"),
    ("POST", "/infer", "infer"),
    ("POST", "/infer/batch", "infer_batch"),
    ("GET", "/metrics", "metrics"),
    ("GET", "/", "page"),
    ("POST", "/shutdown", "shutdown"),
)
# Every status of a refusal or failure, and why.
STATUSES = {
    400: "not JSON, or another form than the service knows; or the client went away",
    401: "no token, or a wrong one",
    403: "`image_path` is outside the allowed folders; a web page of somebody else; a `Host` that is no address of "
    "this machine",
    404: "`image_path` does not exist or cannot be read",
    408: "the request did not arrive in time",
    413: "larger than `service.max_body_mb`",
    422: "a bad picture: not an image, truncated, damaged, too many pixels (`prepare.max_pixels`), its decoder crashed "
    "or took too long. The same request will fail again",
    500: "the networks failed, or a defect of this program",
    503: "loading, stopping, or too much is waiting (`error_type` is `busy`); ask again after `Retry-After`",
}
# whose fault a failure is decides the status: 422 says that the same request will fail again
_OUR_FAULT = frozenset({ErrorType.INTERNAL, ErrorType.MODEL_FAILED})


class Service:
    """The parts of a running server."""

    def __init__(
        self,
        options: Options,
        facts: dict[str, Any],
        batcher: Batcher,
        decoders: Decoders,
        figures: Figures,
        stop: Callable[[], None],
    ) -> None:
        """`facts` say which networks score (see `health`); `stop` begins the end of the server."""
        self.options = options
        self.facts = facts
        self.batcher = batcher
        self.decoders = decoders
        self.figures = figures
        self.stopping = False
        self._stop = stop
        self._most_bytes = options.max_body_mb * 1_000_000
        self._allowed = [Path(folder).resolve() for folder in options.allow]
        self._budget = Budget(_BODIES_AT_ONCE * self._most_bytes)
        self._reading = asyncio.Semaphore(_BODIES_AT_ONCE)
        figures.watch(lambda: batcher.waiting)

    def app(self, token: str | None) -> Starlette:
        """The ASGI application; requests must bring `token` where there is one."""
        routes = [Route(path, getattr(self, answer), methods=[method]) for method, path, answer in ROUTES]
        guard = Middleware(Guard, token=token, loopback=self.options.loopback, count=self.figures.count_request)
        handlers: dict[Any, Any] = {Refused: _refused, Exception: self._unexpected}
        return Starlette(routes=routes, middleware=[guard], exception_handlers=handlers)

    def begin_stop(self) -> None:
        """Accept no more pictures, finish what was accepted, end. Safe to call from any thread, and twice."""
        self.stopping = True
        self._stop()

    @property
    def state(self) -> str:
        """loading, ready, stopping or failed."""
        return "stopping" if self.stopping and self.batcher.state == "ready" else self.batcher.state

    def facts_now(self) -> dict[str, Any]:
        """What /health says."""
        return {"state": self.state, **self.facts, **status.figures(self.batcher, self.figures)}

    async def health(self, request: Request) -> Response:
        """The state of the service as JSON: status 200 when ready, else 503.

        `service` (judge-vision), `state` (loading, ready, stopping, failed), `problem`, `device`, `model_bundle`,
        `human_ratings`, `models` (hash of each file), `max_side`, `code` (hash of the scoring code), `process`,
        `queue_length`, `running_s` (the present batch), `batch_size`, `pictures` (ok, failed), `memory` (resident_mb,
        peak_mb, gpu_mb), `uptime_s`, `restarts`, `last_errors`, `limits`.
        """
        return JSONResponse(self.facts_now(), 200 if self.state == "ready" else 503)

    async def metrics(self, request: Request) -> Response:
        """Figures in the form that Prometheus reads: requests, pictures, batches, queue, memory, restarts."""
        return Response(self.figures.text(), media_type=CONTENT_TYPE_LATEST)

    async def page(self, request: Request) -> Response:
        """A page for people, renewed every 5 s: state, load, restarts, last errors."""
        text, policy = status.page(self.facts_now())
        return HTMLResponse(text, headers={"content-security-policy": policy, "cache-control": "no-store"})

    async def shutdown(self, request: Request) -> Response:
        """Status 202 at once; what was accepted before is finished, then the process ends."""
        self.begin_stop()
        return JSONResponse({"state": "stopping"}, 202)

    async def infer(self, request: Request) -> Response:
        """Scores of one picture: the bytes of its file as the body, or JSON that names or holds it.

        As `application/json`: `image_path` or `image_b64`, and if you like `image_name`, which comes back. `use_gpu` is
        accepted and ignored: the server uses the GPU it has.
        """
        self._check_ready()
        async with self._budget.room(announced_size(request, self._most_bytes)):
            body = await read_body(request, self._most_bytes)
            name = None
            if _content_type(request) == "application/json":
                asked = await _in_thread(parse_json, body)
                name = asked.get("image_name")
                found = await self._read(asked)
            else:
                found = await self._decode(body)
        outcome = found if isinstance(found, PhotographError) else (await self._score([found]))[0]
        self._count([outcome])
        if isinstance(outcome, PhotographError):
            code = 500 if outcome.error_type in _OUR_FAULT else 422
            return JSONResponse(_failure(outcome), code)
        answer = self._answer(outcome)
        return JSONResponse({"image_name": name, **answer} if isinstance(name, str) else answer)

    async def infer_batch(self, request: Request) -> Response:
        """Scores of several pictures: `{"pictures": [...]}`, each as for `/infer` in JSON, 256 at most.

        The answer is `{"results": [...]}` in their order; a bad picture is `{"error_type", "error"}` in its place. The
        workflow's own client sends pictures already reduced, as `application/x-judge-vision-inputs`.
        """
        self._check_ready()
        async with self._budget.room(announced_size(request, self._most_bytes)):
            body = await read_body(request, self._most_bytes)
            if _content_type(request) == wire.CONTENT_TYPE:
                return await self._score_reduced(body)
            asked = (await _in_thread(parse_json, body)).get("pictures")
            if not isinstance(asked, list) or not 1 <= len(asked) <= _MOST_IN_A_BATCH:
                raise Refused(400, "bad_request", f"`pictures` must be a list of 1 to {_MOST_IN_A_BATCH}")
            found: list[ScaledPicture | Outcome] = list(await asyncio.gather(*map(self._read_one, asked)))
        good = [index for index, one in enumerate(found) if isinstance(one, ScaledPicture)]
        outcomes = await self._score([one for one in found if isinstance(one, ScaledPicture)]) if good else []
        for index, outcome in zip(good, outcomes, strict=True):
            found[index] = outcome
        results = [one for one in found if not isinstance(one, ScaledPicture)]
        self._count(results)
        return JSONResponse({"results": [self._answer(one) for one in results]})

    async def _score_reduced(self, body: bytes) -> Response:
        """Scores in the form of the records, for the workflow's own client."""
        try:
            pictures = wire.unpack(body, self.options.max_side)
        except ValueError as error:
            raise Refused(400, "bad_request", str(error)) from None
        outcomes = await self._score(pictures)
        self._count(outcomes)
        results = [_failure(one) if isinstance(one, PhotographError) else one.as_dict() for one in outcomes]
        return JSONResponse({"device": self.batcher.device, "results": results})

    async def _read_one(self, asked: Any) -> ScaledPicture | PhotographError:
        """One picture of a batch; what is wrong with it is its own result and not the batch's."""
        try:
            return await self._read(asked)
        except Refused as refused:
            return PhotographError(ErrorType.UNREADABLE, refused.message)

    async def _read(self, asked: Any) -> ScaledPicture | PhotographError:
        """What a JSON object names or holds. Raises Refused."""
        # a few words of JSON may name files of any size: not all at once
        async with self._reading:
            return await self._decode(await _in_thread(picture_bytes, asked, self._allowed, self._most_bytes))

    async def _decode(self, data: bytes) -> ScaledPicture | PhotographError:
        return await asyncio.wrap_future(self.decoders.decode(data))

    async def _score(self, pictures: list[ScaledPicture]) -> list[Outcome]:
        try:
            return await asyncio.wrap_future(self.batcher.submit(pictures))
        except QueueFull:
            raise Refused(503, "busy", f"{self.batcher.waiting} pictures wait already; ask again later") from None

    def _check_ready(self) -> None:
        if self.state != "ready":
            raise Refused(503, self.state, f"the service is {self.state}")

    def _count(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self.figures.count_picture(not isinstance(outcome, PhotographError))
            if isinstance(outcome, PhotographError) and outcome.error_type in _OUR_FAULT:
                self.figures.note_error(outcome.message)

    def _answer(self, outcome: Outcome) -> dict[str, Any]:
        """Scores in the form of the reference system's service, or a failure."""
        if isinstance(outcome, PhotographError):
            return _failure(outcome)
        return {
            **{role: _nima(outcome, role) for role in ("nima_aesthetic", "nima_technical")},
            f"musiq_{self.options.variant}": outcome.musiq_mos,
            "musiq_max_side": outcome.musiq_max_side,
            "model_bundle": self.facts["model_bundle"],
            "human_ratings": self.facts["human_ratings"],
            "device": self.batcher.device,
        }

    async def _unexpected(self, request: Request, error: Exception) -> Response:
        self.figures.note_error(f"{request.url.path}: {type(error).__name__}: {error}")
        return JSONResponse(_error("internal", "a defect of this program; the service's log has the details"), 500)


def _nima(scores: Scores, role: str) -> dict[str, Any]:
    return {part: getattr(scores, f"{role}_{part}") for part in ("mean", "std", "distribution")}


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _failure(failure: PhotographError) -> dict[str, Any]:
    return _error(failure.error_type.value, failure.message)


def _error(error_type: str, message: str) -> dict[str, Any]:
    return {"error_type": error_type, "error": message}


async def _refused(request: Request, refused: Refused) -> Response:
    headers = {"retry-after": "1"} if refused.status == 503 else None
    return JSONResponse(_error(refused.error_type, refused.message), refused.status, headers)


def _in_thread(function: Callable[..., T], *arguments: Any) -> Awaitable[T]:
    return asyncio.get_running_loop().run_in_executor(None, functools.partial(function, *arguments))
