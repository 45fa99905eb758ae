"""Fail if a photograph failed: what `strict=true` adds to a run."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.failure import UserError
from judge_vision.records import paths, store
from judge_vision.workflow import command


def work(arguments: argparse.Namespace) -> None:
    """Raise UserError if a photograph failed."""
    failed = store.read_json(paths.SUMMARY)["failed"]
    if failed:
        raise UserError(f"{failed} photographs failed and strict is set; see {paths.SUMMARY}")
    store.write_bytes(paths.STRICT, b"no photograph failed\n")


if __name__ == "__main__":
    command.run(__doc__, work)
