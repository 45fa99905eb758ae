"""Write the score sheet as CSV and XLSX."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging

from judge_vision.exports.score_sheet import write_score_sheet
from judge_vision.records import paths, store
from judge_vision.workflow import command


def work(arguments: argparse.Namespace) -> None:
    """Write both files."""
    settings = store.read_json(paths.settings_file("score_sheet"))["settings"]
    for path in write_score_sheet(settings["title"]):
        logging.info("wrote %s", path)


if __name__ == "__main__":
    command.run(__doc__, work)
