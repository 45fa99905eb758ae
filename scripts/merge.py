"""Build the Stage 1 table and the summary out of all records."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging

from judge_vision.workflow import command
from judge_vision.workflow.merge import merge


def work(arguments: argparse.Namespace) -> None:
    """Write the table and the summary."""
    summary = merge()
    logging.info("%d rows, %d failed", summary["photographs"], summary["failed"])


if __name__ == "__main__":
    command.run(__doc__, work)
