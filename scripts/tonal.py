"""Measure tonal and light figures of the photographs of one shard."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.metrics import light, tonal
from judge_vision.photograph.counts import Counts
from judge_vision.workflow import command, shard
from judge_vision.workflow.pixels import PixelJob


def work(arguments: argparse.Namespace) -> None:
    """Measure the shard."""
    job = PixelJob("tonal", arguments.shard)
    settings = tonal.TonalSettings(**job.parameters["tonal"])
    light_settings = light.LightSettings(**job.parameters["light"])

    def measure(item: shard.Item) -> shard.Figures:
        return tonal.record(Counts.from_arrays(job.proof(item).counts), settings, light_settings)

    job.run(job.items(), shard.each(measure, arguments.threads), job.key)
    job.release()


if __name__ == "__main__":
    command.run(__doc__, work, sharded=True)
