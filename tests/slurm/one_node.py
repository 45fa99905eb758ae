"""A real Slurm of one node: munged, slurmctld and slurmd of Debian's packages, with a GPU that is none."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

MUNGE_SOCKET = Path("/run/munge/munge.socket.2")
# Job steps drop SLURM_CONF from their environment, so the file has to be where Slurm looks by itself.
CONF = Path("/etc/slurm/slurm.conf")
CLUSTER = "judge-vision-test"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")

# More processors and memory than a small test machine has; `config_overrides` makes Slurm believe it.
# `defaults`: what a job may take; `short`: a partition in which a job that asks for more than two minutes never starts.
SLURM_CONF = """
ClusterName={cluster}
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
GresTypes=gpu
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
KillWait=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=32000 Gres=gpu:1 State=UNKNOWN
PartitionName=normal Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName=short Nodes={host} MaxTime=2 State=UP
"""


def missing() -> str | None:
    """Why no Slurm can be started on this machine, or None."""
    absent = [name for name in PROGRAMS if not shutil.which(name, path=_path())]
    if absent:
        return f"Slurm is not installed (no {', '.join(absent)}): apt-get install slurm-wlm munge"
    if os.geteuid() != 0:
        return "Slurm's daemons need root here: munge's socket lies in /run, the configuration in /etc/slurm"
    # a test that was killed leaves its own behind
    if CONF.exists() and CLUSTER not in CONF.read_text(encoding="utf-8", errors="replace"):
        return f"this machine has a Slurm already ({CONF})"
    return None


@dataclass
class OneNode:
    """A running Slurm; its files lie in `folder`."""

    folder: Path
    host: str = field(default_factory=lambda: socket.gethostname().split(".")[0])
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach this Slurm."""
        return {"PATH": _path()}

    def command(self, *words: str) -> str:
        """What a command of Slurm's says."""
        environment = {**os.environ, **self.environment}
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout

    def jobs(self, *more: str) -> list[str]:
        """The numbers of the jobs that wait or run."""
        return self.command("squeue", "--noheader", "--format=%i", *more).split()

    def start(self, daemon: str) -> None:
        """Start slurmctld or slurmd in the foreground, so that it is our child."""
        with (self.folder / f"{daemon}.log").open("ab") as log:
            self.daemons[daemon] = subprocess.Popen(
                [daemon, "-D"], env={**os.environ, **self.environment}, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self, daemon: str) -> None:
        """End one daemon and wait for it."""
        process = self.daemons.pop(daemon, None)
        if process is not None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def wait_until_idle(self, seconds: float = 60) -> None:
        """Until the node takes jobs."""
        deadline = time.monotonic() + seconds
        state = ""
        while time.monotonic() < deadline:
            try:
                state = self.command("sinfo", "--noheader", "--partition=normal", "--format=%T").strip()
            except subprocess.CalledProcessError as error:
                state = error.stderr
            if state == "idle":
                return
            time.sleep(0.5)
        raise TimeoutError(f"the node is {state!r} after {seconds} s; see {self.folder}")


@contextmanager
def running(folder: Path) -> Iterator[OneNode]:
    """A Slurm below `folder` for as long as the block runs; no job and no process outlives it."""
    node = OneNode(folder)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    ports = _free_ports(2)
    text = SLURM_CONF.format(
        cluster=CLUSTER, host=node.host, folder=folder, controller_port=ports[0], node_port=ports[1]
    )
    (folder / "slurm.conf").write_text(text)
    (folder / "gres.conf").write_text(f"NodeName={node.host} Name=gpu File=/dev/null\n")
    with _munge(), _linked(folder):
        try:
            node.start("slurmctld")
            node.start("slurmd")
            node.wait_until_idle()
            yield node
        finally:
            left = node.jobs() if "slurmctld" in node.daemons else []
            if left:
                node.command("scancel", *left)
                time.sleep(3)
            node.stop("slurmd")
            node.stop("slurmctld")


@contextmanager
def _linked(folder: Path) -> Iterator[None]:
    links = [CONF.with_name(name) for name in ("slurm.conf", "gres.conf")]
    CONF.parent.mkdir(exist_ok=True)
    try:
        for link in links:
            link.unlink(missing_ok=True)
            link.symlink_to(folder / link.name)
        yield
    finally:
        for link in links:
            link.unlink(missing_ok=True)


@contextmanager
def _munge() -> Iterator[None]:
    """A munged on its usual socket (Slurm's job steps look nowhere else): the machine's own, or one for the time."""
    if MUNGE_SOCKET.exists() and subprocess.run(["munge", "-n"], capture_output=True, check=False).returncode == 0:
        yield
        return
    MUNGE_SOCKET.parent.mkdir(mode=0o755, exist_ok=True)
    shutil.chown(MUNGE_SOCKET.parent, "munge", "munge")
    # the key, log and seed are those of Debian's package
    command = ["setpriv", "--reuid=munge", "--regid=munge", "--clear-groups", "munged", "--foreground", "--force"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, "PATH": _path()})
    try:
        for _ in range(100):
            if MUNGE_SOCKET.exists():
                break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
