"""Compare the best of each category in pairs, by a model on a server."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.workflow import command
from judge_vision.workflow.ranking import play


def work(arguments: argparse.Namespace) -> None:
    """Compare the best of each category in pairs."""
    play()


if __name__ == "__main__":
    command.run(__doc__, work)
