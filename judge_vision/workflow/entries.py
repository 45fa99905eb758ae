"""The job of `entries` where there is a competition: what only the whole set of entries shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judge_vision.compliance.entry_set import check_set
from judge_vision.compliance.registry import beside_registry, open_competition
from judge_vision.photograph.settings import ListingSettings, PrepareSettings
from judge_vision.records import paths, store
from judge_vision.workflow import shard
from judge_vision.workflow.archive import Found, find_earlier


def check_entries(run: dict[str, Any], workers: int) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    """The findings on the set, by image, and notes on the archive of earlier seasons; `run` is the configuration."""
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
            workers,
        )
    findings = check_set(records, competition, found.by_sha256)
    return {image: [one.as_dict() for one in about] for image, about in findings.items()}, found.notes
