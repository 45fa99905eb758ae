"""Measuring: ways of doing the same thing side by side, the peak memory of processes, and the machine."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def fastest(
    ways: Mapping[str, Callable[[], Any]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Seconds that each way takes at best, out of `rounds` rounds in which every way has its turn.

    Taking turns gives each way its share of a machine's quiet and busy moments; the best of several is what it takes
    when nothing disturbs it. The order turns round, so that no way always finds the caches as the same one left them.
    With `time.process_time` as the clock, work on one thread is measured on a busy machine too.
    """
    return {name: seconds[0] for name, seconds in fastest_by(ways, rounds, clock).items()}


def fastest_by(
    ways: Mapping[str, Callable[[], Any]], rounds: int, *clocks: Callable[[], float]
) -> dict[str, list[float]]:
    """`fastest` by several clocks at once, each with its own best round."""
    seconds = {name: [float("inf")] * len(clocks) for name in ways}
    names = list(ways)
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            started = [clock() for clock in clocks]
            ways[name]()
            took = [clock() - start for clock, start in zip(clocks, started, strict=True)]
            seconds[name] = [min(pair) for pair in zip(seconds[name], took, strict=True)]
    return seconds


@dataclass
class Spent:
    """What a command took."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Of all its processes, those included that outlived it for a moment."""


def spent(command: Sequence[str | Path], **environment: str) -> Spent:
    """Run a command. Raises RuntimeError, with the end of what it said, where it fails."""
    with counting() as found:
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return found


@contextlib.contextmanager
def counting() -> Iterator[Spent]:
    """What the processes take that are started and ended within the block; filled in at its end."""
    _adopt_orphans()
    found, before, started = Spent(), _children_cpu_seconds(), time.perf_counter()
    yield found
    found.seconds = time.perf_counter() - started
    # the processes in which pictures are decoded end a little after the job that started them
    with contextlib.suppress(ChildProcessError):
        while time.perf_counter() - started < found.seconds + 5:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.05)
    found.cpu_seconds = _children_cpu_seconds() - before


def _adopt_orphans() -> None:
    """Let processes whose parent has ended become children of this one: else nobody would know what they took."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def _children_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def peak_memory_mb(command: Sequence[str | Path], cwd: Path | None = None) -> dict[str, float]:
    """Most memory (proportional set size, MB) that a command and its children held at once, looked at 50 times a
    second, and the most that one process of them ever held (`largest_process`, from the kernel's own mark)."""
    import psutil

    process = psutil.Popen([str(part) for part in command], cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    together, largest = 0, 0
    while process.poll() is None:
        held = 0
        for one in [process, *_children(process)]:
            try:
                held += one.memory_full_info().pss
                largest = max(largest, high_water_bytes(one.pid))
            except (psutil.Error, OSError):
                continue  # it ended between two looks
        together = max(together, held)
        time.sleep(0.02)
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{process.stderr.read().decode()[-3000:]}")
    return {"together": together / 1e6, "largest_process": largest / 1e6}


def _children(process: Any) -> list[Any]:
    import psutil

    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def high_water_bytes(pid: int) -> int:
    """Most memory that a process ever held, by the kernel's own mark; 0 where it keeps none."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return 1024 * int(found[1]) if found else 0


def machine() -> dict[str, Any]:
    """What the figures were measured on and with."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.M)
    memory = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    libraries = ("tensorflow", "numpy", "pillow", "opencv-python-headless", "snakemake")
    return {
        "processor": model[1] if model else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(int(memory[1]) / 1e6) if memory else None,
        "system": f"{platform.system()} {platform.release().split('-')[0]} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: number for name in libraries if (number := _version(name))},
        "date": time.strftime("%Y-%m-%d"),
        "commit": _commit(),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def python_script(name: str, *arguments: str | Path) -> list[str | Path]:
    """The command that runs a script of the workflow."""
    return [sys.executable, ROOT / "scripts" / f"{name}.py", *arguments]
