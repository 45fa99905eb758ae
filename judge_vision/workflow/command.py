"""The command line that the scripts of the rules share. Standard library only: the scoring container uses it too."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from judge_vision.failure import UserError


def run(
    description: str | None,
    work: Callable[[argparse.Namespace], None],
    *,
    sharded: bool = False,
    threaded: bool = False,
) -> None:
    """Parse the command line, move to the results folder, set up the log, do `work`, and exit.

    A UserError ends the script with one line and status 1; anything else unexpected keeps its traceback, in the log
    and on the screen.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--results", type=Path, default=Path(), help="results folder (default: the current folder)")
    parser.add_argument("--log", type=Path, help="write the log to this file, relative to the results folder")
    if sharded:
        parser.add_argument("--shard", required=True, help="which shard, for example 00000")
    else:
        parser.add_argument("--images-per-job", type=int, default=256, help=argparse.SUPPRESS)
    if sharded or threaded:
        parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="threads to use (default: all)")
    arguments = parser.parse_args()
    os.chdir(arguments.results)
    _log_to(arguments.log)
    try:
        work(arguments)
    except UserError as error:
        logging.error("%s", error)
        sys.exit(f"judge-vision: {error}")
    except Exception:
        logging.exception("stopped by an unexpected error")
        raise


def _log_to(path: Path | None) -> None:
    handler: logging.Handler = logging.StreamHandler()
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, mode="w", encoding="utf-8", errors="backslashreplace")
    logging.basicConfig(level=logging.INFO, handlers=[handler], format="%(asctime)s %(levelname)s %(message)s")
