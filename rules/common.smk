# Shared by all steps: the checked configuration, the session, and how to reach a shard's files.

import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT))

from judge_vision.engines import owner
from judge_vision.failure import UserError
from judge_vision.records import paths
from judge_vision.records.steps import METRICS, STEPS
from judge_vision.workflow import apptainer, kubernetes, messages, plan, session, slurm


def bucket_folder(address):
    """The storage plugin's object for s3://BUCKET/FOLDER, with the connection that Snakemake was told."""
    return storage.s3(address).flags["storage_object"]


try:
    CONFIG = session.open_config(config, Path.cwd(), main=workflow.is_main_process)
    if workflow.is_main_process:
        if any(
            method.name == "APPTAINER"
            for method in workflow.deployment_settings.deployment_method
        ):
            apptainer.check(CONFIG, ROOT)
        session.begin(CONFIG, ROOT, bucket_folder, workflow.resource_settings.cores)
        owner.announce_run(workflow.resource_settings.cores)
    session.set_environment(CONFIG, ROOT)
except UserError as error:
    # one line for people instead of a traceback
    sys.exit(f"judge-vision: {error}")

PLAN = plan.read_plan(Path(CONFIG.results))
# A job on a node has what the call that sent it there asked for.
HOST_THREADS = plan.host_threads(
    PLAN,
    CONFIG.jobs.host_threads,
    workflow.resource_settings.cores if workflow.is_main_process else None,
)
# What a job needs of its node's own disk: everything that it keeps lies in the results folder.
SCRATCH_MB = 100
kubernetes.mount_results()


envvars:
    session.RESULTS_VARIABLE,


SHARD_LIST = str(paths.shard_list("{shard}"))


wildcard_constraints:
    shard=r"\d+",


def script(rule):
    """The command line of a rule; an input, so that an edit re-runs it. Braces would be wildcards."""
    return str(ROOT / "scripts" / f"{rule}.py").replace("{", "{{").replace("}", "}}")


def index(rule, shard="{shard}"):
    """The index that `rule` writes for a shard: the declared output of its job."""
    return str(paths.index_file(rule, shard))


def settings(rule):
    """The settings file of a rule, rewritten by the session only when something in it changed."""
    return str(paths.settings_file(rule))


def every_index(rule):
    """Input function: the indexes of `rule` over all shards, known once the manifest is written."""

    def indexes(wildcards):
        manifest = checkpoints.manifest.get().output.manifest
        return [index(rule, shard) for shard in session.shards(manifest)]

    return indexes


def minutes(photographs_per_minute):
    """Resource function: run time for a full shard at a slow machine's rate, doubled with each attempt."""
    return lambda wildcards, attempt: (
        5 + PLAN.photographs_per_shard // photographs_per_minute
    ) * 2 ** (attempt - 1)


def megabytes(first):
    """Resource function: memory, doubled with each attempt."""
    return lambda wildcards, attempt: first * 2 ** (attempt - 1)


def let_jobs_start(scheduler):
    """Drop Snakemake's own limit of 100 jobs a second; one that somebody asked for stays.

    To keep a limit, 9.27 sets a timer after each look at the jobs; one that ends makes it look again and set the next. So
    with every job there is one timer more, and at a thousand jobs it does little else.
    """
    limiter = scheduler.job_rate_limiter
    if limiter and (limiter.max_jobs, limiter.timespan) == (100, 1):
        scheduler.job_rate_limiter = None


def watch_over(executor):
    """Leave no job of a cluster behind, however the run is stopped."""
    slurm.watch_over(executor)
    kubernetes.cancel_when_stopped(executor)


def stop_service():
    """Free the memory of the scoring service, if this run started one."""
    from judge_vision.engines import lifecycle

    for line in lifecycle.stop_own():
        print(line, file=sys.stderr)


def finish():
    stop_service()
    session.remove_proofs()
    print(messages.summary(Path.cwd()), file=sys.stderr)


def say_failure(log):
    stop_service()
    print(messages.failure(Path.cwd(), log), file=sys.stderr)
