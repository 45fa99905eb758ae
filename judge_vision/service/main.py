"""The server as a process: its socket, its networks, its end."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from judge_vision.engines.identity import identity
from judge_vision.engines.options import Options, read_options, required_token
from judge_vision.engines.processes import this_process
from judge_vision.failure import UserError
from judge_vision.models import bundle as bundles
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.service.app import Service
from judge_vision.service.batching import Batcher, Networks
from judge_vision.service.decoding import Decoders
from judge_vision.service.metrics import Figures

log = logging.getLogger(__name__)

PORT_TAKEN = 3
"""Exit status where another program has the port."""

_FINISH_S = 60
_WATCH_S = 1.0


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: `serve` handles them, so that its clean-up runs."""
        yield


def main() -> None:
    """Serve until told to stop; exit status 0, 1 where it failed, 3 where the port is taken."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        options = read_options(sys.argv[1:])
        sys.exit(serve(options))
    except UserError as error:
        sys.exit(f"judge-vision: {error}")


def serve(options: Options, load: Callable[[Options], Networks] | None = None) -> int:
    """Run the server until it is told to stop, then end the process; `load` is exchanged by tests.

    Returns only where the port is taken: the exit status for that. Raises UserError.
    """
    token = required_token(options)
    described = bundles.describe(options.bundle, options.root, options.variant, options.backend)
    listener = _listen(options)
    if listener is None:
        log.error("port %d of %s is taken by another program", options.port, options.address)
        return PORT_TAKEN
    figures = Figures(options.restarts, options.last_error)
    batcher = Batcher(
        lambda: (load or load_networks)(options),
        options.batch_size,
        options.gather_ms / 1000,
        options.max_waiting,
        figures.count_batch,
    )
    limits = PrepareSettings(max_pixels=options.max_pixels, max_file_bytes=options.max_body_mb * 1_000_000)
    decoders = Decoders(options.decoders, limits, options.max_side)
    facts = _facts(options, described)
    # `server` is not yet there when the service is made, and needed only when it ends
    service = Service(options, facts, batcher, decoders, figures, lambda: setattr(server, "should_exit", True))
    config = uvicorn.Config(
        service.app(token), log_level="warning", access_log=False, server_header=False, lifespan="off",
        timeout_graceful_shutdown=_FINISH_S, timeout_keep_alive=75,
    )  # fmt: skip
    server = _Server(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.begin_stop())
    batcher.start()
    threading.Thread(target=_watch, args=(options, service), name="watch", daemon=True).start()
    log.info("listening on http://%s:%d", options.address, listener.getsockname()[1])
    server.run(sockets=[listener])
    decoders.close()
    # while the networks load nothing has been accepted, and loading cannot be stopped
    finished = batcher.state in ("loading", "failed") or batcher.stop(_FINISH_S)
    if not finished:
        log.error("the networks did not finish within %d s; ending all the same", _FINISH_S)
    log.info("ended")
    logging.shutdown()
    # a thread inside TensorFlow would keep the process, and the GPU's memory
    os._exit(1 if batcher.problem or not finished else 0)


def load_networks(options: Options) -> Networks:
    """The networks that `options` name, loaded and run once, so that the first request does not wait for tracing."""
    # imported here: the server answers /health while TensorFlow starts
    import numpy as np

    from judge_vision.models.inputs import ScaledPicture
    from judge_vision.models.scorer import Scorer

    bundle = bundles.load_bundle(options.bundle, options.root, options.variant, options.backend)
    scorer = Scorer(bundle, options.batch_size, options.threads or None)
    scorer.score([ScaledPicture.of(np.zeros((64, 64, 3), np.uint8), options.max_side)])
    log.info("%s on %s", bundle.label, scorer.device)
    return scorer


def _facts(options: Options, described: dict[str, Any]) -> dict[str, Any]:
    return {
        "service": "judge-vision",
        "model_bundle": f"{described['name']} {described['version']}",
        "human_ratings": described["human_ratings"],
        **identity(described, options.max_side),
        "process": options.process or this_process().text,
        "limits": {"body_bytes": options.max_body_mb * 1_000_000, "pixels": options.max_pixels},
    }


def _listen(options: Options) -> socket.socket | None:
    """A socket on the wanted address; None where the port is taken. Raises UserError for an impossible address."""
    family = socket.AF_INET6 if ":" in options.address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    # a port whose last connections are still closing is free
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.address.strip("[]"), options.port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        if isinstance(error, socket.gaierror) or error.errno != errno.EADDRINUSE:
            raise UserError(
                f"cannot listen on {options.address}, port {options.port} ({error.strerror}); "
                "choose another with --port"
            ) from None
        return None
    return listener


def _watch(options: Options, service: Service) -> None:
    """End the service when its owner is gone, when it idles, or when the networks cannot be loaded."""
    owner, figures, batcher = options.own_process, service.figures, service.batcher
    while not service.stopping:
        time.sleep(_WATCH_S)
        idle_s = time.monotonic() - figures.last_picture
        if owner is not None and not owner.alive:
            log.info("the run that this service belongs to is gone")
        elif batcher.state == "failed":
            log.error("ending, because the networks cannot be loaded: %s", batcher.problem)
        elif options.idle_s and idle_s > options.idle_s and not batcher.waiting:
            log.info("no picture for %.0f s", idle_s)
        else:
            continue
        service.begin_stop()
