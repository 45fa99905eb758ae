"""Write the results out of the judges' marks."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging

from judge_vision.workflow import command
from judge_vision.workflow.competing import RESULTS, write_results


def work(arguments: argparse.Namespace) -> None:
    """Write the results."""
    write_results()
    logging.info("wrote %s", RESULTS)


if __name__ == "__main__":
    command.run(__doc__, work)
