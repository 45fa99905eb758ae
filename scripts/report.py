"""Make the page out of the Stage 1 table and the records."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging

from judge_vision.exports.settings import ReportSettings
from judge_vision.records import paths, store
from judge_vision.report.build import build_report
from judge_vision.workflow import command


def work(arguments: argparse.Namespace) -> None:
    """Write the page."""
    settings = store.read_json(paths.settings_file("report"))["settings"]
    page = build_report(ReportSettings(settings["title"], settings["max_photographs"]))
    logging.info("wrote %s", page)


if __name__ == "__main__":
    command.run(__doc__, work)
