"""The command line that the scripts of the rules share. Standard library only: the scoring container uses it too."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from judge_vision.failure import UserError
from judge_vision.records import paths
from judge_vision.workflow.lock import held


def run(
    description: str | None,
    work: Callable[[argparse.Namespace], None],
    *,
    sharded: bool = False,
    threaded: bool = False,
) -> None:
    """Parse the command line, move to the results folder, set up the log, do `work` alone, and exit.

    The job's lock is held before anything is read: an orphan of a killed run that gets it late works on what is there
    by then, and so cannot put back what has changed since.
    A UserError ends the script with one line and status 1; anything else unexpected keeps its traceback, in the log
    and on the screen.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--results", type=Path, default=Path(), help="results folder (default: the current folder)")
    parser.add_argument("--log", type=Path, help="write the log to this file, relative to the results folder")
    if sharded:
        parser.add_argument("--shard", required=True, help="which shard, for example 00000")
    if sharded or threaded:
        parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="threads to use (default: all)")
    arguments = parser.parse_args()
    os.chdir(arguments.results)
    try:
        _log_to(arguments.log)
        with held(paths.job_lock(Path(sys.argv[0]).stem, arguments.shard if sharded else None)):
            work(arguments)
    except UserError as error:
        logging.error("%s", error)
        sys.exit(f"judge-vision: {error}")
    except Exception:
        logging.exception("stopped by an unexpected error")
        raise


def _log_to(path: Path | None) -> None:
    # a log that does not fit on a full disk must not bury the line that says so
    logging.raiseExceptions = False
    handler: logging.Handler = logging.StreamHandler()
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, mode="w", encoding="utf-8", errors="backslashreplace")
    logging.basicConfig(level=logging.INFO, handlers=[handler], format="%(asctime)s %(levelname)s %(message)s")
