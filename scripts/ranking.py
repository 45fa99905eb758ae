"""Rank the photographs of each category, with bands and placings."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging

from judge_vision.workflow import command
from judge_vision.workflow.ranking import rank_all


def work(arguments: argparse.Namespace) -> None:
    """Rank the photographs of each category."""
    summary = rank_all()
    logging.info("%d ranked, %d not", summary["ranked"], summary["not_ranked"])


if __name__ == "__main__":
    command.run(__doc__, work)
