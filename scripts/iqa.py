"""Score the photographs of one shard with NIMA and MUSIQ. Runs in the scoring container or on the host."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.records import paths, store
from judge_vision.workflow import command
from judge_vision.workflow.scoring import score_shard


def work(arguments: argparse.Namespace) -> None:
    """Score the shard."""
    # As configured, not as started: Snakemake lowers a job's threads to the cores there are, and the last digits of a
    # score depend on their number.
    score_shard(arguments.shard, int(store.read_json(paths.RUN_CONFIG)["jobs"]["iqa_threads"]))


if __name__ == "__main__":
    command.run(__doc__, work, sharded=True)
