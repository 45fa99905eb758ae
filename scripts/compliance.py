"""Check the photographs of one shard against the rules of their competition."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.compliance.borders import BorderSettings
from judge_vision.compliance.check import check_photograph
from judge_vision.compliance.entry import Entry
from judge_vision.compliance.registry import open_competition
from judge_vision.failure import ErrorType, PhotographError
from judge_vision.workflow import command, shard
from judge_vision.workflow.correcting import write_corrected
from judge_vision.workflow.pixels import PixelJob


def work(arguments: argparse.Namespace) -> None:
    """Check the shard."""
    job = PixelJob("compliance", arguments.shard)
    competition = open_competition(job.locations["compliance"])
    borders = BorderSettings(**job.parameters["borders"])
    mono = shard.read_records("mono", arguments.shard)

    def check(item: shard.Item) -> shard.Figures:
        facts, verdict = item.facts or {}, mono[item.image]
        if verdict["status"] == "failed":
            raise PhotographError(ErrorType(verdict["error_type"]), verdict["error"])
        figures = check_photograph(facts, verdict, _entry(item), lambda: job.pixels(item), competition, borders)
        return {**figures, **write_corrected(item.image, lambda: job.pixels(item), facts, figures, competition)}

    def key(item: shard.Item) -> str:
        # what the check reads beside the file's content: its name, its entry in the list, and the monochrome verdict
        verdict = mono[item.image]
        about = [item.image, {key: item.entry.get(key) for key in ("title", "category", "author")}]
        return shard.content_key(job.key(item), about, verdict.get("mono_verdict"), verdict.get("mono_mode"))

    def usable(item: shard.Item, figures: shard.Figures) -> bool:
        return figures["corrected_copy"] is None or Path(figures["corrected_copy"]).exists()

    def known(item: shard.Item) -> shard.Figures:
        return _entry(item).identity(competition)

    job.run(job.items(), shard.each(check, arguments.threads), key, usable, known)


def _entry(item: shard.Item) -> Entry:
    return Entry(item.image, *(item.entry.get(key) for key in ("title", "category", "author")))


if __name__ == "__main__":
    command.run(__doc__, work, sharded=True)
