"""The options of the server, as its command line gives them. Standard library only."""

from __future__ import annotations

import argparse
import ipaddress
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from judge_vision.engines.processes import Process, parse
from judge_vision.failure import UserError

TOKEN_VARIABLE = "JUDGE_VISION_TF_TOKEN"
_SHORTEST_TOKEN = 16


@dataclass(frozen=True)
class Options:
    """What the server is told when it starts. The token is not here: command lines can be read by everybody."""

    bundle: str = field(default="embedded", metadata={"help": "which networks: embedded, official or a folder"})
    root: str | None = field(default=None, metadata={"help": "folder of the official weights"})
    variant: str = field(default="spaq", metadata={"help": "the data set on whose scale MUSIQ scores"})
    backend: str = field(default="native", metadata={"help": "native or tfhub"})
    max_side: int = field(default=1024, metadata={"help": "MUSIQ's cap on the longer side, pixels"})
    batch_size: int = field(default=16, metadata={"help": "pictures scored together"})
    threads: int = field(default=0, metadata={"help": "threads of TensorFlow; 0: one per core"})
    address: str = field(default="127.0.0.1", metadata={"help": f"address to listen on; others need {TOKEN_VARIABLE}"})
    port: int = field(default=5105, metadata={"help": "port to listen on; 0: any free one"})
    allow: tuple[str, ...] = field(
        default=(), metadata={"help": "a folder below which image_path may be read; may be given several times"}
    )
    idle_s: float = field(default=0.0, metadata={"help": "end after this many seconds without a picture; 0: never"})
    owner: str | None = field(default=None, metadata={"help": "PID:STARTED of a process; end when it is gone"})
    process: str | None = field(default=None, metadata={"help": "what /health calls this process; for its keeper"})
    max_body_mb: int = field(default=256, metadata={"help": "largest request, MB"})
    max_pixels: int = field(default=200_000_000, metadata={"help": "most pixels of a picture, by its header"})
    max_waiting: int = field(default=256, metadata={"help": "pictures that may wait; more get status 503"})
    decoders: int = field(default=2, metadata={"help": "processes that decode pictures"})
    gather_ms: float = field(default=5.0, metadata={"help": "how long a batch waits for more pictures"})
    restarts: int = field(default=0, metadata={"help": "how often this service was started anew; for its page"})
    last_error: tuple[str, ...] = field(default=(), metadata={"help": "why; for its page; may be given several times"})

    @property
    def own_process(self) -> Process | None:
        """The owner."""
        return parse(self.owner) if self.owner else None

    @property
    def loopback(self) -> bool:
        """Only programs of this machine can connect."""
        return is_loopback(self.address)


def is_loopback(address: str) -> bool:
    """Whether a host name or address, an IPv6 one perhaps in brackets, means this machine and nobody else."""
    if address.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def read_options(arguments: list[str]) -> Options:
    """The options on a command line. Raises SystemExit with a usage line, UserError for a value that cannot be."""
    parser = argparse.ArgumentParser(description="Serve scores of pictures over HTTP; see docs/how-to/service.md.")
    for one in fields(Options):
        flag = "--" + one.name.replace("_", "-")
        text = one.metadata["help"]
        if isinstance(one.default, tuple):
            parser.add_argument(flag, action="append", default=[], help=text)
        else:
            kind = type(one.default) if one.default is not None else str
            parser.add_argument(flag, type=kind, default=one.default, help=f"{text} (default: {one.default})")
    given = vars(parser.parse_args(arguments))
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    options = Options(**values)
    for folder in options.allow:
        if not Path(folder).is_dir():
            raise UserError(f"--allow {folder}: there is no such folder; name one that exists")
    try:
        assert options.own_process is None or options.owner
    except ValueError as error:
        raise UserError(f"--owner: {error}") from None
    return options


def command_line(options: Options) -> list[str]:
    """The arguments that `read_options` reads as `options`; those at their defaults are left out."""
    arguments = []
    for one in fields(Options):
        value = getattr(options, one.name)
        if value == one.default:
            continue
        for part in value if isinstance(value, tuple) else (value,):
            # one word: a value may begin with a dash
            arguments.append(f"--{one.name.replace('_', '-')}={part}")
    return arguments


def required_token(options: Options) -> str | None:
    """The token that requests must bring; None where none is needed.

    Raises UserError where one is needed and there is none that deserves the name.
    """
    token = os.environ.get(TOKEN_VARIABLE) or None
    if token is None and not options.loopback:
        raise UserError(
            f"--address {options.address} can be reached by others; set {TOKEN_VARIABLE} to a secret of at least "
            f"{_SHORTEST_TOKEN} characters, or listen on 127.0.0.1"
        )
    if token is not None and (len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable()):
        raise UserError(
            f"{TOKEN_VARIABLE} must have at least {_SHORTEST_TOKEN} printable ASCII characters; choose a longer secret"
        )
    return token
