"""Measure the colourfulness of the photographs of one shard."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.metrics.colour import colourfulness
from judge_vision.workflow import command, shard
from judge_vision.workflow.pixels import PixelJob


def work(arguments: argparse.Namespace) -> None:
    """Measure the shard."""
    job = PixelJob("colour", arguments.shard)

    def measure(item: shard.Item) -> shard.Figures:
        return {"colourfulness": colourfulness(job.proof(item, "linear").linear)}

    job.run(job.items(), shard.each(measure, arguments.threads), job.key)
    job.release()


if __name__ == "__main__":
    command.run(__doc__, work, sharded=True)
