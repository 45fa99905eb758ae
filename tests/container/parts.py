"""Real parts for the tests of containers: a base image from Debian's packages, a Docker Engine and a Podman.

Everything lies in one folder that the tests delete: image stores, sockets, settings. No registry is asked.
"""

import contextlib
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASE = "debian-python:12"
IMAGE = "localhost/judge-vision/iqa:latest"
COMMANDS = ("dockerd", "docker", "podman", "runc", "debootstrap", "bwrap", "mount", "tar")
ORDINARY = 1234
"""The number of a user without any rights of its own, and without a name."""
NOBODY = 65534
"""The number of the user that every Debian has and nothing belongs to."""
MEMORY_KB = 16_000_000
"""Twice what the images take at most."""
MIRROR = "http://deb.debian.org/debian"


def require_real_parts() -> None:
    """Skip where the parts cannot be installed; fail where they can be and are not."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("apt-get"):
        pytest.skip("container engines are installed and started only by root on Debian or its relatives")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets not even root mount anything, so no container engine can run here")
    missing = [command for command in COMMANDS if not shutil.which(command)]
    assert not missing, f"not installed: {', '.join(missing)}; .ci/run names the packages"


def call(*words, timeout: float = 600, **options) -> str:
    """Run a command and give its standard output; its standard error is in the failure."""
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=timeout, check=False, **options
    )
    assert done.returncode == 0, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def keep_in_memory(folder: Path) -> None:
    """Put `folder` into memory where there is plenty: some disks take minutes to delete an image's files."""
    facts = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    if int(facts["MemAvailable"].split()[0]) > MEMORY_KB:
        call("mount", "-t", "tmpfs", "-o", "size=12g", "judge-vision", folder)


def debian_base(folder: Path) -> Path:
    """A root file system of Debian 12 with Python and pip, as a tar file."""
    root, archive = folder / "rootfs", folder / "base.tar"
    call("debootstrap", "--variant=minbase", "--include=python3,python3-pip", "bookworm", root, _mirror())
    call("tar", "-C", root, "-cf", archive, ".")
    shutil.rmtree(root)
    return archive


def _mirror() -> str:
    """The Debian mirror that this machine itself uses."""
    sources = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    for source in sources:
        text = source.read_text() if source.is_file() else ""
        if found := re.search(r"^(?:URIs:|deb(?: \[[^]]*\])?)\s+(\S+/debian)/?(?:\s|$)", text, flags=re.MULTILINE):
            return found[1]
    return MIRROR


class Docker:
    """A Docker Engine of our own: its own socket, store and process."""

    name = "docker"
    user = ORDINARY

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "docker.sock"
        self.environment = {"DOCKER_HOST": f"unix://{self._socket}", "DOCKER_BUILDKIT": "0"}
        self._log = (folder / "dockerd.log").open("w")
        self._daemon = subprocess.Popen(
            [
                *("dockerd", "--iptables=false", "--bridge=none", "--host", f"unix://{self._socket}"),
                *("--data-root", folder / "data", "--exec-root", folder / "exec", "--pidfile", folder / "pid"),
            ],
            stdout=self._log,
            stderr=self._log,
        )
        for _ in range(120):
            if self._socket.exists() and self._call_raw("info").returncode == 0:
                break
            assert self._daemon.poll() is None, (folder / "dockerd.log").read_text()[-2000:]
            time.sleep(0.5)
        # the folder is ours alone to enter but for the path to the socket
        self._socket.chmod(0o666)

    def _call_raw(self, *words) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["docker", *words], capture_output=True, env={**os.environ, **self.environment}, check=False
        )

    def call(self, *words) -> str:
        return call("docker", *words, env={**os.environ, **self.environment})

    def build(self, context: Path, base: str, tag: str) -> None:
        """Build an image by the Containerfile in `context`, without a network."""
        name, _, version = base.partition(":")
        arguments = ("--build-arg", f"BASE={name}", "--build-arg", f"TAG={version}")
        self.call("build", "--network=none", "--tag", tag, *arguments, "--file", context / "Containerfile", context)

    def containers(self, *more: str) -> list[str]:
        """The containers of jobs that run; with `--all` the remains of others too."""
        return self.call("ps", "--quiet", "--filter=label=judge-vision", *more).split()

    def stop(self) -> None:
        self._daemon.send_signal(signal.SIGTERM)
        try:
            self._daemon.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait()
        self._log.close()
        unmount_below(self._folder)


class Podman:
    """Podman without root, as its users have it, with settings and a store of its own.

    runc: crun refuses machines with both kinds of cgroups. The user has one number only, so all files are theirs.
    """

    name = "podman"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.user = NOBODY
        (folder / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/data"\nrunroot = "{folder}/run"\n'
            f'rootless_storage_path = "{folder}/data"\n'
            '[storage.options.overlay]\nignore_chown_errors = "true"\n'
        )
        (folder / "containers.conf").write_text(
            '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
            '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
        )
        self.environment = {
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "XDG_RUNTIME_DIR": str(folder / "session"),
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "home"),
        }
        (folder / "session").mkdir(mode=0o700)
        (folder / "home").mkdir()
        give_to(self.user, folder)

    def call(self, *words) -> str:
        environment = {**os.environ, **self.environment}
        return call("podman", *words, env=environment, cwd="/", user=self.user, group=self.user, extra_groups=[])

    def containers(self, *more: str) -> list[str]:
        """The containers of jobs that run; with `--all` the remains of others too."""
        return self.call("ps", "--quiet", "--filter=label=judge-vision", *more).split()

    def stop(self) -> None:
        self.call("rm", "--all", "--force")
        # the process that keeps the user's namespace
        self.call("system", "migrate")
        unmount_below(self._folder)


def unmount_below(folder: Path) -> None:
    """Take away every mount below `folder`, the innermost first."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4].encode().decode("unicode_escape") for line in lines]
    for point in sorted((point for point in points if f"{point}/".startswith(f"{folder}/")), reverse=True):
        with contextlib.suppress(AssertionError):
            call("umount", "--lazy", point)


def give_to(user: int, folder: Path) -> None:
    """Make `user` the owner of `folder` and everything in it."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)


def process_of(user: int, environment: dict[str, str], work: Callable[[], None]) -> multiprocessing.Process:
    """A process of `user`, and group of processes, that does `work`.

    Forked: the user may not be able to read this interpreter's own files.
    """

    def child() -> None:
        os.environ.update({"HOME": "/nonexistent", **environment})
        os.chdir("/")
        os.setsid()
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
        work()

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    return process


def run_as(user: int, environment: dict[str, str], work: Callable[[], None]) -> str:
    """Do `work` in a process of `user`; what went wrong with it, or nothing."""
    here, there = multiprocessing.Pipe()

    def told() -> None:
        try:
            work()
            there.send("")
        except Exception as error:
            there.send(f"{type(error).__name__}: {error}")

    process = process_of(user, environment, told)
    said = here.recv() if here.poll(300) else "no answer"
    process.join()
    return said


def scores(results: Path) -> dict[tuple[str, str], float]:
    """Every score in the records of `iqa`, by photograph and name."""
    found = {}
    for path in (results / "records" / "iqa").rglob("*.json"):
        record = json.loads(path.read_text())
        assert record["status"] == "ok", record
        for name, value in record.items():
            if isinstance(value, float):
                found[record["image"], name] = value
            if name.endswith("_distribution"):
                found |= {(record["image"], f"{name} {rating}"): share for rating, share in enumerate(value)}
    return found
