"""Assign the photographs of the inventory to shards and write the shard lists."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging

from judge_vision.records import paths, store
from judge_vision.workflow import command, manifest


def work(arguments: argparse.Namespace) -> None:
    """Write the shard lists and the manifest."""
    written = manifest.write_manifest(paths.INVENTORY, store.read_json(paths.RUN_CONFIG)["photographs_per_job"])
    logging.info("%d photographs in %d shards", written["photographs"], len(written["shards"]))


if __name__ == "__main__":
    command.run(__doc__, work)
