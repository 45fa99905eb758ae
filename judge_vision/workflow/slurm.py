"""What Snakemake's Slurm executor (snakemake-executor-plugin-slurm 2.6.1) leaves to us.

- It submits every job of a run under one name. Interrupted, it cancels the jobs that it knows; those that it was
  submitting or asking about at that moment it forgets, those that wait for their turn it still submits, and SIGTERM it
  does not know at all. We cancel by the name.
- When the controller does not answer, as in a restart, it forgets the jobs that it asked about, and the run waits for
  ever. We hand them back to it.
- Slurm keeps a job that asks for more than there is in the queue for ever, without a word. We say so and give it up.

Slurm's own commands are all it takes, so all this works without an accounting database.
"""

from __future__ import annotations

import atexit
import contextlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

# Reasons of `squeue` that time alone does not change: the job asks for what its partition, account or QOS does not
# give. `PartitionConfig` is what Slurm says of a job that wants more processors than any node has.
_NEVER = re.compile(
    r"Partition(Config|TimeLimit|NodeLimit)|BadConstraints|Invalid(Account|QOS)|(Account|QOS)NotAllowed|MaxMemPerLimit"
    r"|(QOS|Assoc)M(ax|in)\w*(PerJob|NotSatisfied)\w*"
)
# Reasons that last until a person acts.
_HELD = re.compile(r"JobHeld(User|Admin)|Partition(Down|Inactive)|ReservationDeleted|NodeDown|ReqNodeNotAvail.*")

_LOOK_EVERY_S = 30.0
_GONE_WITHIN_S = 60.0


@dataclass(frozen=True, order=True)
class Waiting:
    """A job in the queue, and why it waits."""

    job: str
    reason: str
    asks_for: str

    @property
    def can_never_start(self) -> bool:
        """Whether waiting does not help."""
        return _NEVER.fullmatch(self.reason) is not None

    @property
    def needs_a_person(self) -> bool:
        """Whether it waits for somebody to act."""
        return _HELD.fullmatch(self.reason) is not None


def watch_over(executor: Any) -> None:
    """Watch over the run of `executor`, Snakemake's own object, if that is Slurm's; call it in the main thread.

    From here on SIGINT, SIGTERM and SIGHUP cancel all jobs of the run and then end it as Ctrl-C does; whatever is left
    when the process ends is cancelled too; no job is forgotten while the controller is away; and jobs that can never
    start are reported and given up.
    """
    run = getattr(executor, "run_uuid", None)
    if run is None:
        return
    _cancel_when_stopped(executor, run)
    _keep_asking(executor)
    threading.Thread(target=_watch, args=(run,), daemon=True).start()


def _cancel_when_stopped(executor: Any, run: str) -> None:
    def stop(number: int, frame: object) -> None:
        # once: a second signal of the same kind must not cut off the cancelling, a second Ctrl-C may
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_IGN)
        executor._job_submission_executor.shutdown(wait=False, cancel_futures=True)
        _cancel(run)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # `nohup` and a script's `&` ask for signals to be ignored
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)
    atexit.register(cancel_everything, run)


def _keep_asking(executor: Any) -> None:
    """Hand back to `executor` the jobs whose state it could not learn."""
    ask = executor.check_active_jobs
    decided: set[int] = set()

    def noting(report: Callable[..., None]) -> Callable[..., None]:
        def noted(job: Any, *more: Any, **named: Any) -> None:
            decided.add(id(job))
            report(job, *more, **named)

        return noted

    async def check(jobs: list[Any]) -> AsyncIterator[Any]:
        decided.clear()
        kept: set[int] = set()
        async for job in ask(jobs):
            kept.add(id(job))
            yield job
        for job in jobs:
            if id(job) not in kept | decided:
                yield job

    executor.report_job_success = noting(executor.report_job_success)
    executor.report_job_error = noting(executor.report_job_error)
    executor.check_active_jobs = check


def cancel_everything(run: str) -> None:
    """Cancel the jobs of `run` and wait until they are gone. Says so if that is not certain after a minute."""
    deadline = time.monotonic() + _GONE_WITHIN_S
    while (left := _jobs(run)) != "":
        if time.monotonic() > deadline:
            trouble = "does not answer" if left is None else "still has jobs of this run"
            _say(f"Slurm {trouble}; make sure that none are left with: scancel --name={run}")
            return
        _cancel(run)
        time.sleep(1)


def waiting_jobs(listing: str) -> Iterator[Waiting]:
    """The lines of `squeue --format=%i|%r|%C|%m|%l|%b` as waiting jobs."""
    for line in listing.splitlines():
        job, reason, processors, memory, limit, gres = line.split("|")
        asks_for = f"{processors} processors, {memory} memory, {limit} time"
        yield Waiting(job, reason, asks_for if gres == "N/A" else f"{asks_for}, {gres}")


def _watch(run: str) -> None:
    before: set[Waiting] = set()
    said: set[Waiting] = set()
    while True:
        time.sleep(_LOOK_EVERY_S)
        listing = _ask("squeue", f"--name={run}", "--states=PENDING", "--noheader", "--format=%i|%r|%C|%m|%l|%b")
        if listing is None:
            continue
        now = set(waiting_jobs(listing))
        # at the second look: a controller that has just started does not know its nodes yet
        for waiting in sorted((now & before) - said):
            _report(waiting)
        said |= now & before
        before = now


def _report(waiting: Waiting) -> None:
    if waiting.can_never_start:
        _say(
            f"Slurm job {waiting.job} can never start ({waiting.reason}) and is given up: it asks for "
            f"{waiting.asks_for}. Ask for less (jobs in the configuration, set-resources in the profile) or for "
            "another partition (slurm_partition in the profile)."
        )
        _ask("scancel", waiting.job)
    elif waiting.needs_a_person:
        _say(f"Slurm job {waiting.job} waits until somebody acts ({waiting.reason}); see: squeue -j {waiting.job}")


def _say(message: str) -> None:
    print(f"judge-vision: {message}", file=sys.stderr, flush=True)


def _jobs(run: str) -> str | None:
    return _ask("squeue", f"--name={run}", "--noheader", "--format=%i")


def _cancel(run: str) -> None:
    _ask("scancel", f"--name={run}")


def _ask(*command: str) -> str | None:
    """What a command of Slurm's says, or None where the controller does not answer just now."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    return None
