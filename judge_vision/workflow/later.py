"""What the session does for the rules after Stage 1: critique, playoff, ranking, calibration."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from judge_vision.config import Config
from judge_vision.critique.prompts import CRITIQUE_WORDS, PLAYOFF_WORDS, load_prompt, template_path
from judge_vision.failure import UserError
from judge_vision.ranking.settings import check_playoff, refuse_embedded
from judge_vision.records import paths, store

LIBRARIES = {
    # not the openai client: a new version of it must not ask anything again
    "critique": ("pyarrow", "pillow"),
    "playoff": ("pyarrow", "pillow"),
    "ranking": ("pyarrow", "choix", "scipy", "numpy"),
    "calibration": ("pyarrow", "scipy", "numpy"),
}


def rule_settings(config: Config, human_ratings: bool) -> dict[str, dict[str, Any]]:
    """The parameters of each of these rules; `human_ratings` says whether the bundle was ever shown a human mark.

    Raises UserError for settings that cannot be meant.
    """
    refuse_embedded(config.ranking.score, human_ratings, config.ranking.allow_embedded)
    return {"critique": _critique_settings(config), **_ranking_settings(config)}


def forget_failed(results: Path) -> None:
    """See to it that this run asks again for critiques and comparisons that failed."""
    _forget(results, "critique", paths.STAGE2_SUMMARY)
    _forget(results, "playoff", paths.RANKING_SUMMARY)


def _critique_settings(config: Config) -> dict[str, Any]:
    """What critiques depend on; where the server is and how often it is asked is not among it."""
    config.stage2.check()
    template = load_prompt(template_path(config.stage2.prompt), CRITIQUE_WORDS)
    chosen = {key: getattr(config.stage2, key) for key in ("model", "length", "judge_failed", "max_score")}
    asked = {
        key: getattr(config.stage2_requests, key)
        for key in ("picture_side_px", "jpeg_quality", "max_tokens", "temperature", "top_p", "seed")
    }
    registry = config.compliance.registry
    return {
        "engine": config.stage2.resolved_engine(),
        **chosen,
        **asked,
        "prompt": template.name,
        "prompt_sha256": template.sha256,
        "competition": config.compliance.competition,
        "registry_sha256": store.file_sha256(Path(registry)) if registry else None,
        "tonal": dataclasses.asdict(config.tonal),
        "light": dataclasses.asdict(config.light),
    }


def _ranking_settings(config: Config) -> dict[str, dict[str, Any]]:
    """What ranking, playoff and calibration depend on, beside the tables that they read."""
    engine = config.stage2.resolved_engine()
    check_playoff(config.playoff, config.ranking, engine)
    template = load_prompt(template_path(config.playoff.prompt), PLAYOFF_WORDS)
    asked = _critique_settings(config)
    playoff = dataclasses.asdict(config.playoff) | {"prompt": template.name, "prompt_sha256": template.sha256}
    ranking = {
        **dataclasses.asdict(config.ranking),
        "calibration": _content(config.ranking.calibration),
        "engine": engine,
        "model": config.stage2.model,
        "competition": config.compliance.competition,
        "registry_sha256": asked["registry_sha256"],
        "playoff": playoff,
    }
    calibration = dataclasses.asdict(config.calibration) | {"marks": _content(config.calibration.marks)}
    return {
        "playoff": {**asked, **ranking},
        "ranking": ranking,
        "calibration": {**calibration, "engine": engine, "model": config.stage2.model},
    }


def _content(path: str | None) -> str | None:
    """The hash of a file that the user names; where it lies does not count."""
    if path is None:
        return None
    try:
        return store.file_sha256(Path(path))
    except OSError as error:
        raise UserError(f"cannot read {path} ({error.strerror}); see that you may read it") from None


def _forget(results: Path, rule: str, summary: Path) -> None:
    """Delete the index of each job that left failures, or whose statistics are gone: this run asks for those again."""
    for path in (results / paths.index_file(rule, "x")).parent.glob("*.json"):
        try:
            failed = store.read_json(results / paths.STATE / "jobs" / rule / path.name)["failed"]
        except (FileNotFoundError, ValueError):
            failed = None
        if failed != 0:
            path.unlink()
            # a missing index alone wakes nothing as long as what is made from it is there
            (results / summary).unlink(missing_ok=True)
