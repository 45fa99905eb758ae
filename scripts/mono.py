"""Judge whether the photographs of one shard are monochrome, and draw where they are not."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.metrics import mono
from judge_vision.records import paths
from judge_vision.workflow import command, shard
from judge_vision.workflow.pictures import write_png
from judge_vision.workflow.pixels import PixelJob


def work(arguments: argparse.Namespace) -> None:
    """Judge the shard."""
    job = PixelJob("mono", arguments.shard)
    settings = mono.MonoSettings(**job.parameters)

    def judge(item: shard.Item) -> shard.Figures:
        figures, heat_map = mono.judge_reduced(job.proof(item, "linear").linear, settings)
        name = None
        if heat_map is not None and item.facts is not None:
            name = paths.by_content(paths.HEAT_MAPS, item.facts["sha256"], ".png")
            write_png(name, heat_map)
        return {**figures, "heat_map": name.as_posix() if name else None}

    def usable(item: shard.Item, figures: shard.Figures) -> bool:
        return figures["heat_map"] is None or Path(figures["heat_map"]).exists()

    job.run(job.items(), shard.each(judge, arguments.threads), job.key, usable)
    job.release()


if __name__ == "__main__":
    command.run(__doc__, work, sharded=True)
