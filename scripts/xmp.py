"""Write XMP sidecars, and copies with the same inside where the settings ask for them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.exports.settings import XmpSettings
from judge_vision.exports.sidecars import summary, write_sidecars
from judge_vision.records import paths, store
from judge_vision.workflow import command


def work(arguments: argparse.Namespace) -> None:
    """Write sidecars and copies."""
    settings = XmpSettings(**store.read_json(paths.settings_file("xmp"))["settings"])
    run = store.read_json(paths.RUN_CONFIG)
    made = write_sidecars(settings, Path(run["photos"]), run["prepare"]["max_file_bytes"], arguments.threads)
    print(summary(made), file=sys.stderr)


if __name__ == "__main__":
    command.run(__doc__, work, threaded=True)
