"""Judge whether the photographs of one shard are monochrome, and draw where they are not."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.memory import keep_freed_memory
from judge_vision.metrics import mono
from judge_vision.records import paths, store
from judge_vision.workflow import command, shard
from judge_vision.workflow.pictures import write_png
from judge_vision.workflow.pixels import PixelJob


def work(arguments: argparse.Namespace) -> None:
    """Judge the shard."""
    keep_freed_memory()
    job = PixelJob("mono", arguments.shard)
    settings = mono.MonoSettings(**job.parameters)

    def judge(item: shard.Item) -> shard.Figures:
        figures, heat_map = mono.judge_reduced(job.proof(item, "linear").linear, settings)
        if heat_map is None or item.facts is None:
            return {**figures, "heat_map": None}
        name = paths.by_content(paths.HEAT_MAPS, item.facts["sha256"], ".png")
        return {**figures, "heat_map": name.as_posix(), store.COMPANIONS: {name.as_posix(): write_png(name, heat_map)}}

    job.run(job.items(), shard.each(judge, arguments.threads), job.key)
    job.release()


if __name__ == "__main__":
    command.run(__doc__, work, sharded=True)
