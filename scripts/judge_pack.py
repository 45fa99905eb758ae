"""Write the judge's pack: numbered pictures without their entrants."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging

from judge_vision.workflow import command
from judge_vision.workflow.competing import write_pack


def work(arguments: argparse.Namespace) -> None:
    """Write the pack."""
    logging.info("%s", write_pack(arguments.threads))


if __name__ == "__main__":
    command.run(__doc__, work, threaded=True)
