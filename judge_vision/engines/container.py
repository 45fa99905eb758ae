"""One script of this project in a one-off container: Docker or Podman, for hosts without Apptainer.

The container sees the code, the photographs and the models, all read-only and at their own paths, and the results
folder, which alone it may write. It has no network, no capabilities, a read-only root file system, and the user and
groups of whoever started the run. It lives for one shard and ends with the process that asked for it, also when that
one is killed: see `scripts/in_container.py`. Standard library only.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shlex
import subprocess
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge_vision.models import bundle

log = logging.getLogger(__name__)

INSIDE = "JUDGE_VISION_INSIDE_CONTAINER"
"""Set to 1 in every scoring container: what runs there must not start another."""

# What the scoring code reads from its environment; everything else stays outside.
_PASSED_ON = ("CUDA_VISIBLE_DEVICES", "IMAGEWORKS_MODEL_ROOT", "TFHUB_CACHE_DIR", "TFHUB_CACHE")
# Docker and Podman split --mount at commas and give quotes a meaning.
_UNMOUNTABLE = ',"\n\r'
# Answers of the container engine itself: a healthy one needs well under a second.
_ANSWER_S = 60
_LAST_LINES = 5
# A killed engine can leave its container's remains; a younger one may be another job's, about to start.
_LABEL = "judge-vision"
_ABANDONED = "10m"


class ContainerError(Exception):
    """No container did the work. One line: what happened and what to do; another engine can still be tried."""


@dataclass(frozen=True)
class OneOff:
    """A container for one command. All paths are absolute."""

    runtime: str
    """`docker` or `podman`: the command that is called."""
    image: str
    """The image's name in the engine's own store; nothing is ever pulled."""
    code: Path
    """This project: mounted read-only."""
    results: Path
    """The results folder: mounted writable, and the working folder."""
    readable: tuple[Path, ...]
    """Photographs, models: mounted read-only. What does not exist is left out."""
    gpu: bool = False
    """Give the container the GPUs."""
    network: str = "none"
    """`none`, or `host` for the resident service."""
    secrets: tuple[str, ...] = ()
    """Environment variables that it also gets, and whose values no command line may show."""

    def run(self, script: str, arguments: Sequence[str], variables: Mapping[str, str] | None = None) -> None:
        """Run `scripts/SCRIPT ARGUMENTS` in the container and wait; what it says goes to the log, line by line.

        `variables` are added to its environment.

        Raises ContainerError where the engine or the image is missing, a path cannot be mounted, or the command does
        not end well.
        """
        user = self._user()
        self._ask("container", "prune", "--force", f"--filter=label={_LABEL}", f"--filter=until={_ABANDONED}")
        name = f"judge-vision-{os.getpid()}-{secrets.token_hex(4)}"
        command = self.command(name, user, script, arguments, variables)
        log.info("starting %s", shlex.join(command))
        last: deque[str] = deque(maxlen=_LAST_LINES)
        # Whoever holds the other end of its standard input is alive; the container ends when nobody is.
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
        )
        try:
            for line in process.stdout or ():
                log.info("%s: %s", self.runtime, line.rstrip())
                last.append(line.strip())
            status = process.wait()
        except BaseException:
            self._remove(name)
            process.kill()
            process.wait()
            raise
        if status != 0:
            self._remove(name)  # a client that lost its engine leaves the container running
            raise ContainerError(_failure(self.runtime, self.image, status, last))

    def command(
        self,
        name: str,
        user: Sequence[str],
        script: str,
        arguments: Sequence[str],
        variables: Mapping[str, str] | None = None,
    ) -> list[str]:
        """The command line of a container called `name`; `user` are the options that `_user` gives."""
        code, results = self.code.resolve(), self.results.resolve()
        environment = {
            INSIDE: "1",
            "HOME": "/tmp",  # the user may have no entry, and so no home, in the image
            **{key: os.environ[key] for key in _PASSED_ON if key in os.environ},
            **(variables or {}),
        }
        inside = str(code / "scripts" / "in_container.py")
        return [
            self.runtime,
            "run",
            "--rm",
            "--interactive",
            f"--name={name}",
            f"--label={_LABEL}",
            "--pull=never",
            f"--network={self.network}",
            "--read-only",
            "--tmpfs=/tmp",
            "--security-opt=no-new-privileges",
            "--security-opt=label=disable",  # relabelling for SELinux would change the photographs' metadata
            *user,
            *self._gpu(),
            *(_mount(path, writable=False) for path in self._readable()),
            _mount(results, writable=True),
            f"--workdir={results}",
            *(f"--env={key}={value}" for key, value in environment.items()),
            *(f"--env={key}" for key in self.secrets if key in os.environ),
            "--entrypoint=python",
            self.image,
            inside,
            str(code / "scripts" / script),
            *arguments,
        ]

    def _readable(self) -> list[Path]:
        found = (path.resolve() for path in (self.code, *self.readable) if path.exists())
        return list(dict.fromkeys(found))

    def _gpu(self) -> list[str]:
        if not self.gpu:
            return []
        return ["--gpus=all"] if self.runtime == "docker" else ["--device=nvidia.com/gpu=all"]

    def _user(self) -> list[str]:
        """Options that make the container run as the calling user. Raises ContainerError where there is no image."""
        found = self._ask("image", "inspect", "--format={{.Id}}", self.image)
        if found.returncode != 0:
            raise ContainerError(_no_image(self.runtime, self.image, found.stderr))
        key = "{{.SecurityOptions}}" if self.runtime == "docker" else "rootless={{.Host.Security.Rootless}}"
        rootless = self._ask("info", f"--format={key}").stdout
        return user_options("rootless=true" in rootless or "name=rootless" in rootless, os.getuid(), os.getgid())

    def _ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [self.runtime, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="backslashreplace",
                timeout=_ANSWER_S,
                check=False,
            )
        except FileNotFoundError:
            raise ContainerError(
                f"there is no command {self.runtime}; install it, or set iqa.runtime to what is installed"
            ) from None
        except OSError as error:
            raise ContainerError(
                f"the command {self.runtime} cannot be started ({error.strerror}); "
                "see that you may run it, or set iqa.runtime to another"
            ) from None
        except subprocess.TimeoutExpired:
            raise ContainerError(
                f"{self.runtime} has not answered for {_ANSWER_S} seconds; restart its service"
            ) from None

    def _remove(self, name: str) -> None:
        with contextlib.suppress(ContainerError):
            self._ask("rm", "--force", name)


def one_off(run: Mapping[str, Any], code: Path, results: Path) -> OneOff | None:
    """The container that the configuration asks for; None where `iqa.runtime` names no engine.

    `run` is the configuration as JSON (`state/config.json`), with absolute paths.
    Raises ContainerError where `containers.iqa` is no image that Docker or Podman could run.
    """
    runtime = run["iqa"]["runtime"]
    if runtime is None:
        return None
    root = run["models"]["root"]
    readable = [Path(run["photos"]), bundle.folder(run["models"]["bundle"], root)]
    if run["musiq"]["backend"] == "tfhub":
        readable.append(bundle.tfhub_cache(root))
    return OneOff(
        runtime, image_name(run["containers"]["iqa"]), code, results, tuple(readable), gpu=bool(run["iqa"]["gpu"])
    )


def image_name(text: str) -> str:
    """The name that Docker and Podman know an image by, from `containers.iqa`. Raises ContainerError for a file."""
    if text.startswith("docker://"):
        return text.removeprefix("docker://")
    raise ContainerError(
        f"containers.iqa is {text}, which only Apptainer can run; for iqa.runtime give an image as docker://NAME:TAG"
    )


def user_options(rootless: bool, user: int, group: int) -> list[str]:
    """Options that make the container run as `user` and `group`, so that its files belong to whoever started the run.

    In an engine without root, whoever started it is shown as root inside, and is an ordinary user all the same.
    """
    if rootless or user == 0:
        # root reads what belongs to others, as it does outside; every other capability goes
        return ["--user=0:0", "--cap-drop=ALL", "--cap-add=DAC_OVERRIDE"]
    groups = [f"--group-add={number}" for number in os.getgroups() if number != group]
    return [f"--user={user}:{group}", *groups, "--cap-drop=ALL"]


def _mount(path: Path, writable: bool) -> str:
    if any(character in _UNMOUNTABLE for character in str(path)):
        raise ContainerError(f"{path} cannot be given to a container; rename it without commas and quotes")
    return f"--mount=type=bind,source={path},target={path}" + ("" if writable else ",readonly")


def _no_image(runtime: str, image: str, said: str) -> str:
    lowered = said.lower()
    if "no such image" in lowered or "not known" in lowered or "no such object" in lowered:
        return f"{runtime} has no image {image}: build it with `make image RUNTIME={runtime}`, or `{runtime} pull` it"
    if "permission denied" in lowered:
        return f"you may not use {runtime}: ask for access to its socket, or set iqa.runtime=podman"
    if "cannot connect" in lowered or "connection refused" in lowered:
        return f"{runtime} does not answer: start its service"
    return f"{runtime} cannot look for the image {image}: {_one_line(said.splitlines())}"


def _failure(runtime: str, image: str, status: int, last: Iterable[str]) -> str:
    said = _one_line(last)
    if status == 125:
        return f"{runtime} could not start a container of {image}: {said}"
    if status in (126, 127):
        return f"the image {image} cannot run python ({said}): build it with `make image RUNTIME={runtime}`"
    if status == 137:
        return f"the container of {image} was killed, probably for want of memory: {said}"
    return f"the container of {image} ended with status {status}: {said}"


def _one_line(lines: Iterable[str]) -> str:
    return " / ".join(line.strip() for line in lines if line.strip()) or "it said nothing"
