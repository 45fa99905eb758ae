"""Decode, check and describe the photographs of one shard."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.workflow import command
from judge_vision.workflow.preparing import prepare_shard


def work(arguments: argparse.Namespace) -> None:
    """Prepare the shard."""
    prepare_shard(arguments.shard, arguments.threads)


if __name__ == "__main__":
    command.run(__doc__, work, sharded=True)
