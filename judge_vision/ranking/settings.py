"""Settings of the ranking and of the playoff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from judge_vision.failure import UserError

ScoreSource = Literal["critique", "nima_aesthetic_mean", "nima_technical_mean", "musiq_mos"]
STAGE1_SCORES: tuple[ScoreSource, ...] = ("nima_aesthetic_mean", "nima_technical_mean", "musiq_mos")


@dataclass(frozen=True)
class RankingSettings:
    """What ranks."""

    score: Literal["auto", "critique", "nima_aesthetic_mean", "nima_technical_mean", "musiq_mos"] = "auto"
    """Which score ranks."""
    allow_embedded: bool = False
    """Rank by the embedded bundle, which was never shown a human mark."""
    calibration: str | None = None
    """A calibration.json that turns scores into marks."""


@dataclass(frozen=True)
class PlayoffSettings:
    """The playoff."""

    enabled: bool = False
    """Whether the best of each category are compared in pairs."""
    min_score: Annotated[float, Field(ge=0)] = 17.0
    """Score from which a photograph takes part."""
    seed: int = 0
    """Seed of the pairing."""
    comparisons: tuple[tuple[int, int], ...] = ((10, 3), (20, 4), (35, 5))
    """Comparisons per photograph, by the greatest number of photographs that they are for."""
    comparisons_beyond: Annotated[int, Field(ge=1)] = 6
    """Comparisons per photograph where there are more."""
    prompt: str = "playoff.toml"
    """Template of the prompt."""
    prior: Annotated[float, Field(gt=0)] = 0.05
    """Weight of the prior that holds strengths near 0."""

    def comparisons_for(self, photographs: int) -> int:
        """Comparisons that each of so many photographs has."""
        return next((each for most, each in sorted(self.comparisons) if photographs <= most), self.comparisons_beyond)


def resolved_score(ranking: RankingSettings, engine: str) -> ScoreSource:
    """The score that `auto` stands for: the critiques' where a server writes them, else the aesthetic one of Stage 1.

    Raises UserError where critiques are to rank that hold no scores.
    """
    if ranking.score != "auto":
        if ranking.score == "critique" and engine != "server":
            raise UserError(
                "ranking.score is critique, but no server writes critiques, and remarks by rules hold no scores and "
                "give no awards; set stage2.base_url and stage2.model (docs/how-to/stage2.md)"
            )
        return ranking.score
    if engine == "rules":
        raise UserError("remarks by rules hold no scores and give no awards; name a score of Stage 1 in ranking.score")
    return "critique" if engine == "server" else "nima_aesthetic_mean"


def check_playoff(playoff: PlayoffSettings, ranking: RankingSettings, engine: str) -> None:
    """Raise UserError where a playoff is asked for that would mean nothing."""
    if not playoff.enabled:
        return
    if engine == "rules":
        raise UserError(
            "there is no playoff with stage2.engine rules, whose comparisons would only repeat themselves; "
            "set stage2.base_url and stage2.model"
        )
    if engine != "server":
        raise UserError("playoff.enabled needs a server that compares; set stage2.base_url and stage2.model")
    if ranking.score not in ("auto", "critique"):
        raise UserError(
            f"a playoff is held between the best by their critiques, not by {ranking.score}; "
            "set ranking.score to critique, or playoff.enabled to false"
        )
    if not all(most >= 1 and each >= 1 for most, each in playoff.comparisons):
        raise UserError("playoff.comparisons holds what is no pair; write pairs of whole numbers from 1")


def refuse_embedded(source: str, human_ratings: bool | None, allowed: bool) -> None:
    """Raise UserError where scores would rank that no human mark ever went into."""
    if source in STAGE1_SCORES and human_ratings is False and not allowed:
        raise UserError(
            "no ranking and no awards: these scores come from a bundle that was never shown a human mark, and do not "
            "say what people like; use critiques (docs/how-to/stage2.md) or the official bundle "
            "(docs/how-to/official-networks.md), or set ranking.allow_embedded to rank all the same"
        )
