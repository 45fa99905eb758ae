"""The shipped weights are trained ones: they prefer example photographs to what spoils them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFilter

from judge_vision.models import musiq, nima, runtime
from judge_vision.models.musiq_patches import patches_of

ROOT = Path(__file__).parents[2]
BUNDLE = ROOT / "models" / "embedded"
PHOTOGRAPHS = ("Autumn below the ridge.jpg", "Chelsea.jpg", "Coffee break.png", "Friends at the window.jpg")

Picture = npt.NDArray[np.uint8]
Score = Callable[[Picture], float]


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    result: dict[str, Any] = json.loads((BUNDLE / "bundle.json").read_text())
    return result


@pytest.fixture(scope="module")
def scores(described: dict[str, Any]) -> dict[str, Score]:
    """A function of one picture for each model."""
    runtime.start_tensorflow()
    models = described["models"]

    def nima_score(name: str) -> Score:
        weights = nima.folded(nima.load_hdf5(BUNDLE / models[name]["file"], models[name]["alpha"]))

        def score(picture: Picture) -> float:
            rated = nima.forward(weights, nima.prepare(picture)[None], models[name]["padding"])
            return nima.mean_and_std(np.asarray(rated)[0])[0]

        return score

    numbers = models["musiq"]["architecture"]
    architecture = musiq.Architecture(**{**numbers, "scales": tuple(numbers["scales"])})
    weights = musiq.standardised(musiq.load_npz(BUNDLE / models["musiq"]["file"], architecture))

    def musiq_score(picture: Picture) -> float:
        patches = patches_of(picture, architecture)
        tokens = musiq.embed(weights, architecture, patches.pixels)[None]
        mask = np.ones((1, len(patches.where)), bool)
        return float(musiq.encode(weights, architecture, tokens, patches.where[None], patches.scale[None], mask)[0, 0])

    named = {name: nima_score(name) for name in ("nima_technical", "nima_aesthetic")}
    return {**named, "musiq": musiq_score}


def photograph(name: str) -> Picture:
    picture = Image.open(ROOT / "examples" / "photos" / name).convert("RGB")
    picture.thumbnail((640, 640), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def blurred(picture: Picture) -> Picture:
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(5)))


def noisy(picture: Picture) -> Picture:
    noise = np.random.default_rng(1).normal(0, 50, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def test_files_are_those_described_and_small(described: dict[str, Any]) -> None:
    for model in described["models"].values():
        assert hashlib.sha256((BUNDLE / model["file"]).read_bytes()).hexdigest() == model["sha256"]
    assert described["human_ratings"] is False
    assert sum(path.stat().st_size for path in BUNDLE.iterdir()) < 8_000_000


def test_scripts_and_lists_are_those_that_made_the_weights(described: dict[str, Any]) -> None:
    for model in described["models"].values():
        for name, recorded in model["training"]["sha256"].items():
            assert hashlib.sha256((ROOT / "training" / name).read_bytes()).hexdigest() == recorded, name


def test_no_photograph_is_both_learnt_and_held_out() -> None:
    names = ("photographs.json", "more_photographs.json", "further_photographs.json")
    lists = [json.loads((ROOT / "training" / name).read_text()) for name in names]
    entries = [entry for one in lists for entry in one["photographs"]]
    files = {(entry["package"], entry["path"]): entry["split"] for entry in entries}
    assert len(files) == len(entries) == len({entry["name"] for entry in entries})
    assert {entry["split"] for one in lists[1:] for entry in one["photographs"]} == {"train"}
    assert set(lists[2]["held_back"]) < {entry["package"] for entry in lists[2]["photographs"]}
    measured = json.loads((BUNDLE / "evaluation.json").read_text())["photographs"]
    assert sorted(measured) == sorted(entry["name"] for entry in entries if entry["split"] == "heldout")


def test_model_card_gives_the_measured_figures() -> None:
    card = (ROOT / "docs" / "explanation" / "model-card-embedded.md").read_text()
    measured = json.loads((BUNDLE / "evaluation.json").read_text())
    models = ("musiq", "nima_technical", "piqe")
    rows = {tuple(cell.strip() for cell in line.split("|")[2:-1]) for line in card.splitlines() if line.startswith("|")}
    for kind in measured["kinds"]:
        correlations = [f"{measured[model]['pooled_srcc_by_kind'][kind]:.2f}" for model in models]
        first = [f"{measured[model]['original_beats_strongest_by_kind'][kind]:.0%}" for model in models]
        assert (*correlations, *(share.replace("%", " %") for share in first)) in rows, kind
    assert tuple(f"{measured[model]['pooled_srcc_all_but_jpeg']:.2f}" for model in models) in rows
    for name, shares in measured["aesthetic"]["photograph_beats"].items():
        assert tuple(f"{share:.1%}".replace("%", " %") for share in shares.values()) in rows, name
    for damage, share in measured["aesthetic"]["original_preferred_by_kind"].items():
        assert (f"{share:.0%}".replace("%", " %"),) in rows, damage


@pytest.mark.slow
@pytest.mark.parametrize("model", ["nima_technical", "musiq"])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_photograph_beats_its_blurred_and_noisy_version(scores: dict[str, Score], model: str, name: str) -> None:
    picture, score = photograph(name), scores[model]
    assert score(picture) > score(blurred(picture))
    assert score(picture) > score(noisy(picture))


@pytest.mark.slow
@pytest.mark.parametrize("model", ["nima_technical", "nima_aesthetic", "musiq"])
def test_photographs_beat_noise_and_blank_frame(scores: dict[str, Score], model: str) -> None:
    score = scores[model]
    noise = np.random.default_rng(2).integers(0, 256, (427, 640, 3)).astype(np.uint8)
    best_of_none = max(score(noise), score(np.full((427, 640, 3), 128, np.uint8)))
    assert min(score(photograph(name)) for name in PHOTOGRAPHS) > best_of_none
