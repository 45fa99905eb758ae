"""The resident service in a container: a process on the host that keeps the container for as long as it lives itself.

The container cannot see the host's processes, so the keeper watches the run that the service belongs to; and the
container ends when the keeper does, also when that one is killed (see `container.OneOff`).
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from judge_vision.engines import container
from judge_vision.engines.options import TOKEN_VARIABLE, Options, command_line, read_options
from judge_vision.engines.processes import this_process
from judge_vision.failure import UserError
from judge_vision.records import store

log = logging.getLogger(__name__)

_CODE = Path(__file__).resolve().parents[2]
_WATCH_S = 1.0


def main(arguments: Sequence[str]) -> None:
    """Keep a service: `arguments` are the configuration as a JSON file, then the server's options."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        keep(Path(arguments[0]), read_options(list(arguments[1:])))
    except (UserError, container.ContainerError) as error:
        sys.exit(f"judge-vision: {error}")


def keep(config: Path, options: Options) -> None:
    """Run the server in a container until it ends. Raises ContainerError, and SystemExit when told to end."""
    run = store.read_json(config)
    image = os.environ.get("JUDGE_VISION_TF_IMAGE")
    if image:
        run = {**run, "containers": {**run["containers"], "iqa": f"docker://{image}"}}
    one_off = container.one_off(run, _CODE, Path.cwd())
    if one_off is None:
        raise container.ContainerError("iqa.runtime names no container engine; set it to docker, podman or apptainer")
    one_off = replace(
        one_off,
        readable=(*one_off.readable, *(Path(folder) for folder in options.allow)),
        network="host",
        secrets=(TOKEN_VARIABLE,),
    )
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_watch, args=(options,), daemon=True).start()
    inside = replace(options, owner=None, process=this_process().text)
    one_off.run("iqa_service.py", command_line(inside))


def _end(number: int, frame: FrameType | None) -> None:
    # on its way out `OneOff.run` removes the container
    sys.exit(f"ended by {signal.Signals(number).name}")


def _watch(options: Options) -> None:
    owner = options.own_process
    while owner is not None and owner.alive:
        time.sleep(_WATCH_S)
    if owner is not None:
        log.info("the run that this service belongs to is gone")
        os.kill(os.getpid(), signal.SIGTERM)
