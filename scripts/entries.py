"""Check what only the whole set of entries shows: how many, how numbered, duplicates and re-entries."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging
from typing import Any

from judge_vision.records import paths, store
from judge_vision.workflow import command


def work(arguments: argparse.Namespace) -> None:
    """Check the set."""
    run = store.read_json(paths.RUN_CONFIG)
    findings: dict[str, list[dict[str, Any]]] = {}
    notes: list[str] = []
    if run["compliance"]["registry"]:
        # imported here: without rules there is nothing to check, and half a second to save
        from judge_vision.workflow.entries import check_entries

        findings, notes = check_entries(run, arguments.threads)
    store.write_json(paths.ARCHIVE, notes)
    store.write_json(paths.ENTRIES, findings)
    logging.info("%d entries with findings about the set", len(findings))


if __name__ == "__main__":
    command.run(__doc__, work, threaded=True)
