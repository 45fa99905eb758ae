"""Make a results pack for each author."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging

from judge_vision.exports.author_pack import write_packs
from judge_vision.records import paths, store
from judge_vision.workflow import command


def work(arguments: argparse.Namespace) -> None:
    """Write the packs and their list."""
    settings = store.read_json(paths.settings_file("author_packs"))["settings"]
    for path in write_packs(settings["title"]):
        logging.info("wrote %s", path)


if __name__ == "__main__":
    command.run(__doc__, work)
