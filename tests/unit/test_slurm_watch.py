"""What we add to Snakemake's Slurm executor, as far as it needs no Slurm; the rest is in tests/slurm."""

import asyncio
from types import SimpleNamespace

import pytest

from judge_vision.workflow import slurm


def reasons(listing):
    return {waiting.job: (waiting.can_never_start, waiting.needs_a_person) for waiting in slurm.waiting_jobs(listing)}


# From Slurm's list of job reason codes; PartitionConfig, PartitionTimeLimit and PartitionNodeLimit were also seen.
@pytest.mark.parametrize(
    "reason",
    [
        "PartitionConfig",
        "PartitionTimeLimit",
        "PartitionNodeLimit",
        "BadConstraints",
        "InvalidAccount",
        "InvalidQOS",
        "QOSNotAllowed",
        "MaxMemPerLimit",
        "QOSMaxCpuPerJobLimit",
        "QOSMaxWallDurationPerJobLimit",
        "QOSMinCpuNotSatisfied",
        "AssocMaxMemPerJob",
        "AssocMaxGRESPerJob",
    ],
)
def test_what_waiting_does_not_help(reason):
    assert reasons(f"7|{reason}|16|3000M|44:00|N/A") == {"7": (True, False)}


@pytest.mark.parametrize(
    "reason", ["JobHeldUser", "PartitionDown", "NodeDown", "ReqNodeNotAvail, UnavailableNodes:a[1-3]"]
)
def test_what_waits_for_a_person(reason):
    assert reasons(f"7|{reason}|16|3000M|44:00|N/A") == {"7": (False, True)}


@pytest.mark.parametrize(
    "reason",
    ["Resources", "Priority", "None", "Dependency", "QOSMaxCpuPerUserLimit", "AssocGrpGRES", "BeginTime", "Licenses"],
)
def test_what_passes_by_itself(reason):
    assert reasons(f"7|{reason}|16|3000M|44:00|N/A") == {"7": (False, False)}


def test_what_a_job_asks_for_is_said_with_its_gpu():
    (waiting,) = slurm.waiting_jobs("12_3|PartitionConfig|2|4000M|15:00|gres:gpu:9\n")
    assert (waiting.job, waiting.asks_for) == ("12_3", "2 processors, 4000M memory, 15:00 time, gres:gpu:9")


def test_another_executor_is_left_alone(monkeypatch):
    monkeypatch.setattr(slurm.signal, "signal", lambda *_: pytest.fail("a handler was set"))
    slurm.watch_over(SimpleNamespace())


class Forgetful:
    """Stands in for the plugin's executor: reports what `states` knows, and forgets the rest as the plugin does."""

    def __init__(self):
        self.states, self.reported = {}, []

    def report_job_success(self, job):
        self.reported.append((job, "success"))

    def report_job_error(self, job, msg=None):
        self.reported.append((job, msg))

    async def check_active_jobs(self, jobs):
        for job in jobs:
            state = self.states.get(job)
            if state == "COMPLETED":
                self.report_job_success(job)
            elif state == "FAILED":
                self.report_job_error(job, msg="why")
            elif state == "RUNNING":
                yield job


def test_a_job_whose_state_could_not_be_learned_is_asked_for_again():
    executor = Forgetful()
    slurm._keep_asking(executor)

    async def look(jobs):
        return [job async for job in executor.check_active_jobs(jobs)]

    jobs = [("a",), ("b",), ("c",)]
    assert asyncio.run(look(jobs)) == jobs
    executor.states = {("a",): "COMPLETED", ("b",): "FAILED", ("c",): "RUNNING"}
    assert asyncio.run(look(jobs)) == [("c",)]
    assert executor.reported == [(("a",), "success"), (("b",), "why")]
    executor.states = {}
    assert asyncio.run(look([("c",)])) == [("c",)]


@pytest.mark.parametrize(
    ("answer", "said"), [("7\n", "still has jobs of this run"), (None, "does not answer"), ("", None)]
)
def test_what_cancelling_could_not_make_sure_is_said(monkeypatch, capsys, answer, said):
    monkeypatch.setattr(slurm, "_GONE_WITHIN_S", 0.0)
    monkeypatch.setattr(slurm, "_ask", lambda *command: answer)
    monkeypatch.setattr(slurm.time, "sleep", lambda seconds: None)
    slurm.cancel_everything("run-1")
    screen = capsys.readouterr().err
    assert (said is None and not screen) or (said in screen and "scancel --name=run-1" in screen)
