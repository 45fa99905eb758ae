"""Write the critiques of one shard: by a model on a server, or by rules out of the Stage 1 figures."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.workflow import command
from judge_vision.workflow.critiquing import critique_shard


def work(arguments: argparse.Namespace) -> None:
    """Write the shard's critiques."""
    critique_shard(arguments.shard)


if __name__ == "__main__":
    command.run(__doc__, work, sharded=True)
