"""Starting the resident service when it is first needed, and ending it. Runs on the host.

Snakemake cannot do this: its service rules run beside all of their consumers at the same time, and a rule that starts
one is skipped when only some shards are new. So the first client starts the service, under a lock; it ends by itself
when the run that it belongs to is gone, or when it idles; `stop_own` only makes that sooner.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from judge_vision.engines import ladder, notes, processes
from judge_vision.engines.client import Client
from judge_vision.engines.engine import EngineUnavailable
from judge_vision.engines.notes import Note
from judge_vision.engines.options import TOKEN_VARIABLE, Options, command_line
from judge_vision.engines.owner import CORES_VARIABLE, owner
from judge_vision.engines.processes import Process
from judge_vision.engines.settings import ServiceSettings
from judge_vision.failure import UserError

log = logging.getLogger(__name__)

_SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
_FINISH_S = 60.0
# a keeper removes its container before it goes
_TERMINATE_S = 10.0
_ERRORS_KEPT = 5


def is_kept() -> bool:
    """A service started now outlives its run."""
    return os.environ.get("JUDGE_VISION_TF_AUTO_SHUTDOWN", "1") == "0"


@dataclass(frozen=True)
class Plan:
    """How to start a service."""

    options: Options
    settings: ServiceSettings
    config: Path | None = None
    """The configuration of a run (JSON) that asks for a container; None: the server runs on the host."""


def plan_of(run: Mapping[str, Any], config: Path, **more: Any) -> Plan:
    """The plan of the configuration `run`, which lies as JSON in the file `config`.

    `more` are options of the server that the configuration does not have.
    """
    service, iqa = run["service"], run["iqa"]
    options = Options(
        bundle=run["models"]["bundle"],
        root=run["models"]["root"],
        variant=run["musiq"]["variant"],
        backend=run["musiq"]["backend"],
        max_side=iqa["max_side"],
        batch_size=iqa["batch_size"],
        max_pixels=run["prepare"]["max_pixels"],
        max_body_mb=service["max_body_mb"],
        decoders=service["decoders"],
        port=int(os.environ.get("JUDGE_VISION_TF_PORT") or service["port"]),
        **more,
    )
    contained = iqa["runtime"] is not None and ladder.may_use_container(iqa, os.environ)
    return Plan(options, ServiceSettings(**service), config.absolute() if contained else None)


def ensure(plan: Plan, wanted: Mapping[str, Any], broken: Note | None = None, why: str = "") -> Note:
    """A service that is ready and has the `wanted` identity: one that runs, else a new one.

    `broken` is one that was tried and did not work, and `why`: if it is still the one of this run, it is replaced.
    Raises EngineUnavailable; UserError where the run that this process belongs to is gone.
    """
    mine = owner()
    if not mine.alive:
        raise UserError("the run that this job belongs to was ended; start it again")
    with notes.lock():
        _sweep()
        known = notes.read_all()
        own = next((note for note in known if note.owner == mine.text), None)
        kept = [note for note in known if note.owner is None]
        for note in [own, *kept] if own else kept:
            if broken is not None and note.process == broken.process:
                continue
            with contextlib.suppress(EngineUnavailable):
                _await_ready(note, plan.settings, wanted, None)
                return note
        if broken is not None:
            _end(broken)
        if own is not None:
            # one that idled or was stopped did not fail
            failed = own.server.alive or (broken is not None and own.process == broken.process)
            _end(own)
            own = _with_failure(own, why or "it did not answer") if failed else own
            if own.failures >= plan.settings.starts:
                notes.write(own)
                raise EngineUnavailable(f"the service failed {own.failures} times in this run; last: {own.errors[-1]}")
        return _start(plan, wanted, mine, own)


def stop_own() -> list[str]:
    """End the services of this run, and those whose run is gone; wait until their memory is free.

    A kept service (JUDGE_VISION_TF_AUTO_SHUTDOWN=0) stays. Returns a line for each that was ended.
    """
    mine = owner().text
    lines = []
    with notes.lock():
        for note in notes.read_all():
            if note.owner == mine or note.orphaned:
                ran = note.server.alive
                how = _end(note)
                lines += [f"the scoring service at {note.url} {how}"] if ran else []
    return lines


def stop_kept(port: int) -> list[str]:
    """End the kept service on `port`. Returns a line for each that was ended."""
    with notes.lock():
        _sweep()
        found = [note for note in notes.read_all() if note.owner is None and note.url.endswith(f":{port}")]
        return [f"the kept scoring service at {note.url} {_end(note)}" for note in found]


def start_kept(plan: Plan, log_file: Path) -> Note:
    """A service that runs until it is stopped. Raises EngineUnavailable."""
    with notes.lock():
        _sweep()
        return _launch(plan, None, None, log_file)


def _start(plan: Plan, wanted: Mapping[str, Any], mine: Process, earlier: Note | None) -> Note:
    owned = None if is_kept() else mine.text
    restarts, errors = (earlier.starts, earlier.errors) if earlier else (0, ())
    told = replace(
        plan.options,
        owner=owned,
        idle_s=plan.settings.idle_s if owned else 0.0,
        threads=int(os.environ.get(CORES_VARIABLE) or 0) or plan.options.threads,
        restarts=restarts,
        last_error=errors,
    )
    if not _is_free(told.port):
        log.info("port %d is taken by another program; the service gets a free one", told.port)
        told = replace(told, port=_free_port())
    seed = Note("", "", owned, "", restarts + 1, earlier.failures if earlier else 0, errors)
    return _launch(replace(plan, options=told), wanted, seed, Path("logs/service.log").absolute())


def _launch(plan: Plan, wanted: Mapping[str, Any] | None, seed: Note | None, log_file: Path) -> Note:
    """Start the server and wait until it is ready."""
    options = plan.options
    log_file.parent.mkdir(parents=True, exist_ok=True)
    first = [str(_SCRIPTS / "keep_service.py"), str(plan.config)] if plan.config else [str(_SCRIPTS / "iqa_service.py")]
    with log_file.open("ab") as said:
        begin = said.tell()
        process = subprocess.Popen(
            [sys.executable, *first, *command_line(options)],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            # not in the run's group: Ctrl-C is for the run, which then ends its service in order
            start_new_session=True,
        )
    try:
        started = processes.process_of(process.pid)
    except ProcessLookupError:
        raise EngineUnavailable(f"the service ended at once: {_last_line(log_file, begin)}") from None
    url = f"http://{_reachable(options.address)}:{options.port}"
    note = replace(seed or Note("", "", None, ""), url=url, process=started.text, log=str(log_file))
    notes.write(note)
    try:
        _await_ready(note, plan.settings, wanted, process)
    except EngineUnavailable as error:
        _end(note)
        process.wait()
        said_last = _last_line(log_file, begin)
        reason = f"{error}: {said_last}" if said_last else str(error)
        if note.owner is not None:
            notes.write(_with_failure(note, reason))
        raise EngineUnavailable(reason) from None
    except BaseException:
        _end(note)
        raise
    log.info("started the scoring service at %s", note.url)
    return note


def _reachable(address: str) -> str:
    """Where this machine reaches a server that listens on `address`."""
    if address in ("0.0.0.0", "::"):
        return "127.0.0.1" if address == "0.0.0.0" else "[::1]"
    return f"[{address}]" if ":" in address else address


def _with_failure(note: Note, reason: str) -> Note:
    return replace(note, failures=note.failures + 1, errors=(*note.errors, reason)[-_ERRORS_KEPT:])


def _await_ready(
    note: Note, settings: ServiceSettings, wanted: Mapping[str, Any] | None, process: subprocess.Popen[bytes] | None
) -> None:
    """Wait while the service loads. Raises EngineUnavailable where it ends, hangs, or is another than `wanted`."""
    client = Client(note.url, settings, os.environ.get(TOKEN_VARIABLE))
    until = time.monotonic() + settings.start_timeout_s
    try:
        while True:
            if (process is not None and process.poll() is not None) or not note.server.alive:
                raise EngineUnavailable("the service ended")
            health: dict[str, Any] = {}
            # a server that we have just started may not listen yet; one that runs answers at once
            with contextlib.suppress(EngineUnavailable) if process else contextlib.nullcontext():
                health = client.health()
            if health.get("process") == note.process and health.get("state") in ("ready", "stopping", "failed"):
                if health["state"] != "ready":
                    raise EngineUnavailable(f"the service is {health['state']}: {health.get('problem')}")
                if wanted is not None:
                    check_identity(note.url, health, wanted)
                return
            if time.monotonic() > until:
                raise EngineUnavailable(f"the service was not ready within {settings.start_timeout_s:g} s")
            time.sleep(0.1)
    finally:
        client.close()


def check_identity(url: str, health: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raise EngineUnavailable where the service would give other scores than this run's own networks."""
    for key, words in (
        ("models", "has other networks"),
        ("max_side", "has another cap on the longer side (iqa.max_side)"),
        ("code", "is of another version of this program"),
    ):
        if health.get(key) != wanted[key]:
            raise EngineUnavailable(f"the service at {url} {words}")


def _sweep() -> None:
    """End what gone runs left behind, and forget what has ended by itself."""
    for note in notes.read_all():
        if note.orphaned or (note.owner is None and not note.server.alive):
            _end(note)


def _end(note: Note) -> str:
    """End a service: politely, then not; wait for it, and forget it. How it went, in words."""
    server = note.server
    how = "had ended already"
    if server.alive:
        client = Client(note.url, ServiceSettings(connect_timeout_s=2.0), os.environ.get(TOKEN_VARIABLE))
        how = "was ended by force"
        with contextlib.suppress(EngineUnavailable):
            # whoever answers must be the process that we mean
            if client.health().get("process") == note.process:
                client.shutdown()
                how = "ended" if _gone(server, _FINISH_S) else how
        client.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            if server.alive:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(server.pid, number)
                _gone(server, _TERMINATE_S)
    notes.forget(note)
    return how


def _gone(server: Process, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while server.alive and time.monotonic() < until:
        time.sleep(0.05)
    return not server.alive


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return port != 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_line(path: Path, begin: int) -> str:
    """The last line of a log from `begin` on; why a server ended, usually."""
    with path.open("rb") as handle:
        handle.seek(begin)
        lines = handle.read()[-4000:].decode(errors="backslashreplace").strip().splitlines()
    return lines[-1][-300:] if lines else ""
