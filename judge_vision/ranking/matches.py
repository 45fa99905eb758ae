"""The playoff's matches: which there are, how one is asked, and what they amount to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.compliance.rules import Competition
from judge_vision.critique.facts import competition_words
from judge_vision.critique.picture import data_url
from judge_vision.critique.prompts import Prompt, plain_text, quoted
from judge_vision.critique.reply import PlayoffReply, format_sentence, playoff_schema, read_reply
from judge_vision.critique.server import Question, Server
from judge_vision.critique.settings import RequestSettings
from judge_vision.critique.write import request_key
from judge_vision.ranking.candidates import Candidate
from judge_vision.ranking.pairing import draw, rounds
from judge_vision.ranking.settings import PlayoffSettings
from judge_vision.ranking.strengths import Strength, bradley_terry, linked

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Match:
    """Two photographs in the order in which they are shown."""

    group: str
    round: int
    first: Candidate
    second: Candidate

    @property
    def name(self) -> str:
        """A name that no other match has."""
        return f"{self.first.image} against {self.second.image}"


@dataclass(frozen=True)
class Standing:
    """What the playoff says of one photograph."""

    strength: Strength
    matches: int
    wins: int


def matches(groups: Mapping[str, list[Candidate]], settings: PlayoffSettings, each: int | None) -> list[Match]:
    """The matches of all groups: between those of at least `min_score`, every pair twice with sides swapped.

    `each` overrides how many comparisons a photograph has; 0: none.
    """
    found = []
    for group, members in groups.items():
        best = {one.image: one for one in members if one.score is not None and one.score >= settings.min_score}
        wanted = settings.comparisons_for(len(best)) if each is None else each
        for number, pairs in enumerate(rounds(draw(best, settings.seed, group), wanted), start=1):
            for one, other in pairs:
                found += [
                    Match(group, number, best[one], best[other]),
                    Match(group, number, best[other], best[one]),
                ]
    return found


@dataclass(frozen=True)
class Comparing:
    """How a match is asked."""

    model: str
    requests: RequestSettings
    prompt: Prompt
    competition: Competition | None

    def _messages(self, match: Match) -> tuple[str, str, dict[str, Any]]:
        schema = playoff_schema()
        entries = {"A": {"title": plain_text(match.first.title)}, "B": {"title": plain_text(match.second.title)}}
        words = {
            "FORMAT": format_sentence(schema),
            "ENTRIES": quoted(entries),
            "COMPETITION": competition_words(self.competition),
        }
        return (*self.prompt.fill(words), schema)

    def key(self, match: Match, hashes: tuple[str, str]) -> str:
        """The cache key of a match; `hashes` are the SHA-256 of the two files."""
        return request_key(self.model, self.requests, self._messages(match), list(hashes))

    def ask(self, match: Match, load_pixels: Callable[[str], Pixels], server: Server) -> dict[str, Any]:
        """The figures of the match's record. Raises PhotographError with what is known in its details."""
        system, user, schema = self._messages(match)
        pictures = tuple(
            data_url(load_pixels(one.image), self.requests.picture_side_px, self.requests.jpeg_quality)
            for one in (match.first, match.second)
        )
        reply, exchange = server.ask(
            Question(system, user, pictures, schema), self.prompt, partial(read_reply, model=PlayoffReply)
        )
        return {**exchange.as_dict(), "better": reply.better, "reason": reply.reason}


def match_row(match: Match, record: Mapping[str, Any]) -> dict[str, Any]:
    """The row of the match log; the record knows sides, which last longer than names of files."""
    winner = {"A": match.first.image, "B": match.second.image, None: None}[record["better"]]
    about = {"category": match.first.category, "round": match.round}
    return {**record, **about, "first": match.first.image, "second": match.second.image, "winner": winner}


def standings(rows: Iterable[Mapping[str, Any]], prior: float) -> dict[str, Standing]:
    """Strengths by image out of the decided matches in `rows`; `group` keeps the categories apart.

    A group whose decided matches do not link all who take part has no standings: its strengths would not be on one
    scale.
    """
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["group"]].append(row)
    found: dict[str, Standing] = {}
    for members in groups.values():
        images = sorted({row[side] for row in members for side in ("first", "second")})
        number = {image: place for place, image in enumerate(images)}
        decided = [row for row in members if row["winner"] is not None]
        wins = [
            (number[row["winner"]], number[row["second"] if row["winner"] == row["first"] else row["first"]])
            for row in decided
        ]
        if not linked(len(images), wins):
            continue
        for image, strength in zip(images, bradley_terry(len(images), wins, prior), strict=True):
            played = sum(number[image] in pair for pair in wins)
            won = sum(number[image] == winner for winner, _ in wins)
            found[image] = Standing(strength, played, won)
    return found


def sides_share(rows: Iterable[Mapping[str, Any]]) -> float | None:
    """Share of decided matches that the photograph shown first won; near 0.5 unless the model prefers a side."""
    decided = [row for row in rows if row["winner"] is not None]
    return sum(row["winner"] == row["first"] for row in decided) / len(decided) if decided else None
