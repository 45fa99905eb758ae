"""Check what only the whole set of entries shows: how many, how numbered, duplicates and re-entries."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import logging

from judge_vision.compliance.entry_set import check_set
from judge_vision.compliance.registry import beside_registry, open_competition
from judge_vision.photograph.settings import ListingSettings, PrepareSettings
from judge_vision.records import paths, store
from judge_vision.workflow import command, shard
from judge_vision.workflow.archive import Found, find_earlier


def work(arguments: argparse.Namespace) -> None:
    """Check the set."""
    run = store.read_json(paths.RUN_CONFIG)
    competition = open_competition(run["compliance"])
    shards = store.read_json(paths.MANIFEST)["shards"] if competition else []
    records = [record for name in shards for record in shard.read_records("compliance", name).values()]
    found = Found({}, [])
    if competition and competition.rules.archive:
        found = find_earlier(
            competition,
            beside_registry(run["compliance"], competition.rules.archive),
            Path(run["photos"]),
            records,
            ListingSettings(**run["listing"]),
            PrepareSettings(**run["prepare"]),
            shard.ShardJob("prepare", "").settings()["measured_by"],
            arguments.threads,
        )
    findings = check_set(records, competition, found.by_sha256)
    store.write_json(paths.ARCHIVE, found.notes)
    store.write_json(paths.ENTRIES, {image: [one.as_dict() for one in found] for image, found in findings.items()})
    logging.info("%d entries, %d with findings about the set", len(records), len(findings))


if __name__ == "__main__":
    command.run(__doc__, work, threaded=True)
