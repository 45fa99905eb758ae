"""Hold the scores against marks that people gave."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.workflow import command
from judge_vision.workflow.calibrating import write_calibration


def work(arguments: argparse.Namespace) -> None:
    """Hold the scores against marks that people gave."""
    write_calibration()


if __name__ == "__main__":
    command.run(__doc__, work)
