"""Write the secretary's page, the rulings to make and the messages to entrants."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging

from judge_vision.workflow import command
from judge_vision.workflow.competing import SECRETARY, write_secretary


def work(arguments: argparse.Namespace) -> None:
    """Write the pages."""
    write_secretary()
    logging.info("wrote %s", SECRETARY)


if __name__ == "__main__":
    command.run(__doc__, work)
