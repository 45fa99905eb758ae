"""Check what only the whole set of entries shows: how many, how numbered, and duplicates."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging

from judge_vision.compliance.entry_set import check_set
from judge_vision.compliance.registry import open_competition
from judge_vision.records import store
from judge_vision.workflow import command, paths, shard


def work(arguments: argparse.Namespace) -> None:
    """Check the set."""
    competition = open_competition(store.read_json(paths.RUN_CONFIG)["compliance"])
    shards = store.read_json(paths.MANIFEST)["shards"] if competition else []
    records = [record for name in shards for record in shard.read_records("compliance", name).values()]
    findings = check_set(records, competition)
    store.write_json(paths.ENTRIES, {image: [one.as_dict() for one in found] for image, found in findings.items()})
    logging.info("%d entries, %d with findings about the set", len(records), len(findings))


if __name__ == "__main__":
    command.run(__doc__, work)
