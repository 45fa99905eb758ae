"""A stand-in for scripts/iqa.py, for simulations only: scores drawn from a photograph's hash instead of networks.

`benchmarks/scale.py` puts it in the place of the real one in a copy of the project, to see what everything else costs.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.workflow import command, shard
from judge_vision.workflow.pixels import PixelJob


def work(arguments: argparse.Namespace) -> None:
    """Give every photograph of the shard its recorded scores."""
    job = PixelJob("iqa", arguments.shard)
    bundle = job.parameters["bundle"]

    def score(item: shard.Item) -> shard.Figures:
        drawn = bytes.fromhex((item.facts or {})["sha256"])
        return {
            "nima_aesthetic_mean": 1 + 9 * drawn[0] / 255,
            "nima_aesthetic_std": 1 + drawn[1] / 255,
            "nima_technical_mean": 1 + 9 * drawn[2] / 255,
            "nima_technical_std": 1 + drawn[3] / 255,
            "musiq_mos": 100 * drawn[4] / 255,
            "model_bundle": f"{bundle['name']} {bundle['version']}",
            "human_ratings": bundle["human_ratings"],
            "models": {},
            "iqa_engine": "recorded",
            "iqa_device": "none",
        }

    job.run(job.items(), shard.each(score, 1), job.key)


if __name__ == "__main__":
    command.run(__doc__, work, sharded=True)
