"""Draw the plots that Snakemake's own report shows."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging

from judge_vision.report.plots import write_plots
from judge_vision.workflow import command


def work(arguments: argparse.Namespace) -> None:
    """Write the plots."""
    for path in write_plots():
        logging.info("wrote %s", path)


if __name__ == "__main__":
    command.run(__doc__, work)
