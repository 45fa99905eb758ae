"""Make the contact sheet as PDF."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging

from judge_vision.exports.contact_sheet import build_contact_sheet
from judge_vision.exports.settings import ContactSheetSettings
from judge_vision.records import paths, store
from judge_vision.workflow import command


def work(arguments: argparse.Namespace) -> None:
    """Write the PDF."""
    settings = store.read_json(paths.settings_file("contact_sheet"))["settings"]
    path = build_contact_sheet(settings["title"], ContactSheetSettings(**settings["sheet"]))
    logging.info("wrote %s", path)


if __name__ == "__main__":
    command.run(__doc__, work)
