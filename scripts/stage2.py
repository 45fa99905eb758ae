"""Build the Stage 2 table and its summary out of the critiques of all shards."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging

from judge_vision.workflow import command
from judge_vision.workflow.stage2 import build_table


def work(arguments: argparse.Namespace) -> None:
    """Write the table and the summary."""
    summary = build_table()
    logging.info("%d critiques, %d failed, %d not judged", summary["ok"], summary["failed"], summary["not_judged"])


if __name__ == "__main__":
    command.run(__doc__, work)
