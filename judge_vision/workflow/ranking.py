"""The jobs of `playoff` and `ranking`. They work in the results folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.calibration.mapping import read_mapping
from judge_vision.compliance.registry import open_competition
from judge_vision.critique.prompts import PLAYOFF_WORDS, load_prompt, template_path
from judge_vision.critique.server import Server
from judge_vision.critique.settings import RequestSettings, Stage2Settings
from judge_vision.failure import CritiqueErrorType, PhotographError, UserError
from judge_vision.ranking.candidates import Candidate, by_group, candidates
from judge_vision.ranking.matches import Comparing, Match, match_row, matches, sides_share, standings
from judge_vision.ranking.rank import rank
from judge_vision.ranking.settings import (
    PlayoffSettings,
    RankingSettings,
    ScoreSource,
    refuse_embedded,
    resolved_score,
)
from judge_vision.records import paths, store
from judge_vision.records.stage2_columns import MATCHES, RANKING, STAGE2_VERSION
from judge_vision.records.table import arrow_schema, read_table, write_rows
from judge_vision.workflow.critiquing import talking
from judge_vision.workflow.pixels import PixelJob
from judge_vision.workflow.shard import Figures, Item, Outcome, ShardJob, each, read_records

# Every key of a record, so that records of all outcomes have the same ones.
_BLANK: dict[str, Any] = dict.fromkeys(
    (
        "better", "reason", "model", "served_model", "prompt", "prompt_sha256", "seed", "temperature", "reply_format",
        "finish_reason", "prompt_tokens", "completion_tokens", "requests", "raw_reply",
    )
)  # fmt: skip


@dataclass(frozen=True)
class _Run:
    """A run's configuration and tables, as far as ranking reads them."""

    config: dict[str, Any]

    @cached_property
    def stage2(self) -> Stage2Settings:
        return Stage2Settings(**self.config["stage2"])

    @cached_property
    def ranking(self) -> RankingSettings:
        return RankingSettings(**self.config["ranking"])

    @cached_property
    def playoff(self) -> PlayoffSettings:
        # JSON knows no tuples
        raw = self.config["playoff"]
        return PlayoffSettings(**{**raw, "comparisons": tuple((most, each) for most, each in raw["comparisons"])})

    @cached_property
    def competition(self) -> Any:
        return open_competition(self.config["compliance"])

    @cached_property
    def source(self) -> ScoreSource:
        return resolved_score(self.ranking, self.stage2.resolved_engine())

    @cached_property
    def stage1(self) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        return read_table(paths.TABLE)

    def candidates(self) -> list[Candidate]:
        """All photographs. Raises UserError where their scores may not rank."""
        rows, metadata = self.stage1
        refuse_embedded(self.source, metadata["bundle"]["human_ratings"], self.ranking.allow_embedded)
        critiques = read_table(paths.STAGE2_TABLE)[0] if self.source == "critique" else []
        return candidates(rows, {row["image"]: row for row in critiques}, self.source, self.competition)

    def notice(self) -> str:
        """What has to be said wherever scores or ranks are shown."""
        if self.source == "critique":
            return f"Scores by the model {self.stage2.model}; no person looked at the pictures."
        bundle = self.stage1[1]["bundle"]
        if not bundle["human_ratings"]:
            return (
                f"Scores by networks ({bundle['name']}) that were never shown a human mark: these ranks do not say "
                "what people like."
            )
        return f"Scores by networks ({bundle['name']}, {self.source}); no person looked at the pictures."


def play() -> None:
    """Ask what the cache does not hold of the playoff's matches; write their records and `playoff.parquet`."""
    run = _Run(store.read_json(paths.RUN_CONFIG))
    rounds = run.competition.pairwise_rounds if run.competition else None
    found = matches(by_group(run.candidates()), run.playoff, rounds)
    job = _PlayoffJob("playoff", "all", run, {match.name: match for match in found})
    job.statistics_file.unlink(missing_ok=True)
    job.run([Item(match.name, {}) for match in found], job.ask, job.key)
    records = read_records("playoff", "all")
    rows = [match_row(match, records[match.name]) for match in found]
    log = [{column.name: row[column.name] for column in MATCHES} for row in rows]
    write_rows(paths.PLAYOFF_TABLE, log, arrow_schema({}, [], MATCHES, STAGE2_VERSION))


@dataclass(frozen=True)
class _PlayoffJob(ShardJob):
    """The matches as one job; an item's `image` is a match's name."""

    context: _Run
    matches: dict[str, Match]

    @cached_property
    def _pictures(self) -> dict[str, tuple[PixelJob, Item]]:
        """Where each photograph of the playoff is found: the job of its shard, and its facts."""
        wanted = {one.image for match in self.matches.values() for one in (match.first, match.second)}
        shards = store.read_json(paths.MANIFEST)["shards"] if wanted else []
        jobs = [PixelJob("critique", shard) for shard in shards]
        return {item.image: (job, item) for job in jobs for item in job.items() if item.image in wanted}

    @cached_property
    def _comparing(self) -> Comparing:
        prompt = load_prompt(template_path(self.context.playoff.prompt), PLAYOFF_WORDS)
        requests = RequestSettings(**self.context.config["stage2_requests"])
        assert self.context.stage2.model is not None, "checked when the run began"
        return Comparing(self.context.stage2.model, requests, prompt, self.context.competition)

    def key(self, item: Item) -> str:
        """The cache key of a match."""
        match = self.matches[item.image]
        first, second = ((self._pictures[one.image][1].facts or {})["sha256"] for one in (match.first, match.second))
        return self._comparing.key(match, (first, second))

    def ask(self, items: list[Item]) -> Iterator[tuple[Item, Outcome]]:
        """The outcomes of `items`, several asked for at a time."""
        with talking(self.context.config) as server:
            for item, outcome in each(lambda item: self._ask(item, server), self.context.stage2.concurrency)(items):
                if isinstance(outcome, PhotographError):
                    details = {**_BLANK, **outcome.details}
                    yield item, PhotographError(outcome.error_type, outcome.message, details=details)
                else:
                    yield item, outcome

    def _ask(self, item: Item, server: Server) -> Figures:
        return self._comparing.ask(self.matches[item.image], self._pixels, server)

    def _pixels(self, image: str) -> npt.NDArray[np.uint8]:
        job, item = self._pictures[image]
        try:
            return job.pixels(item)
        except PhotographError as error:
            raise PhotographError(CritiqueErrorType.UNREADABLE, f"{image}: {error.message}") from None


def rank_all() -> dict[str, Any]:
    """Write `ranking.parquet` and `ranking-summary.json`; return the summary. Raises UserError where none may be."""
    run = _Run(store.read_json(paths.RUN_CONFIG))
    found = run.candidates()
    group = {one.image: one.group for one in found}
    log = read_table(paths.PLAYOFF_TABLE)[0] if run.playoff.enabled else []
    played = [{**row, "group": group[row["first"]]} for row in log]
    standing = standings(played, run.playoff.prior)
    notice = run.notice()
    rows = [
        {**row, "score_source": run.source, "notice": notice}
        for row in rank(found, standing, run.competition, _mark(run))
    ]
    rows.sort(key=lambda row: row["image"])
    settings = store.read_json(paths.settings_file("ranking"))["settings"]
    write_rows(paths.RANKING_TABLE, rows, arrow_schema({"settings": settings}, [], RANKING, STAGE2_VERSION))
    failed = sum(row["status"] == "failed" for row in played)
    summary = {
        "ranked": sum(row["status"] == "ranked" for row in rows),
        "not_ranked": sum(row["status"] != "ranked" for row in rows),
        "score_source": run.source,
        "notice": notice,
        "playoff": {
            "matches": len(played),
            "failed": failed,
            "shown_first_won": sides_share(played),
            "without_standings": sorted(
                {row["group"] for row in played} - {one.group for one in found if one.image in standing}
            ),
        },
    }
    store.write_json(paths.RANKING_SUMMARY, summary)
    return summary


def _mark(run: _Run) -> Callable[[float], float] | None:
    """How a score becomes a mark: a critique's score is one; any other needs a mapping out of a calibration."""
    if run.ranking.calibration is None:
        return (lambda score: score) if run.source == "critique" else None
    bundle, model = run.stage1[1]["bundle"], run.stage2.model
    scored_by = str(model) if run.source == "critique" else f"{bundle['name']} {bundle['version']}"
    mapping = read_mapping(Path(run.ranking.calibration), run.source)
    if mapping.scored_by != scored_by:
        raise UserError(
            f"{run.ranking.calibration} was fitted to scores of {mapping.scored_by}, these are of {scored_by}; "
            "calibrate again (docs/how-to/calibration.md)"
        )
    return mapping.mark
