"""Measure a bundle's three models, and PIQE beside them, on photographs that training never saw.

Writes evaluation.json: rank correlations of score and strength of distortion, within a photograph and pooled over all;
how often the original beats its strongest version; for the aesthetic network, how often an original beats its damaged
version, and a photograph what is none. PIQE needs `pip install --no-deps pypiqe==1.2`. With --nima-only the figures of
MUSIQ and PIQE stay those in the bundle's evaluation.json: right where only NIMA's weights have changed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import scenes
from distortions import DAMAGES, KINDS, NEGATIVES, STRENGTHS, Picture, damage, distort, negative
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from judge_vision.models import musiq, nima
from judge_vision.models.bundle import load_bundle
from judge_vision.models.musiq_patches import patches_of

SEED = 2026
LONG_SIDE = 640
YARDSTICK = ("blur", "noise", "jpeg", "contrast", "under", "over")
AMOUNTS = (0.25, 0.5, 0.75, 1.0)

Scores = dict[str, dict[str, list[float]]]


def distorted(path: Path, number: int) -> dict[str, list[Picture]]:
    """For each kind, the original and its five versions."""
    picture = scenes.reduced(scenes.load(path), LONG_SIDE)
    result = {}
    for index, kind in enumerate(KINDS):
        random = np.random.default_rng((SEED, number, index))
        result[kind] = [picture, *(distort(picture, kind, strength, random) for strength in STRENGTHS)]
    return result


def piqe_scores(job: tuple[Path, int]) -> dict[str, list[float]]:
    """PIQE of every version, negated: higher is better, as for the others."""
    import cv2
    from pypiqe import piqe

    def score(picture: Picture) -> float:
        return -float(piqe(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[0])

    made = distorted(*job)
    first = score(made[KINDS[0]][0])
    return {kind: [first, *map(score, pictures[1:])] for kind, pictures in made.items()}


def all_piqe_scores(kept: Path, jobs: list[tuple[Path, int]]) -> list[dict[str, list[float]]]:
    """PIQE of all photographs' versions: from the file `kept` where there is one, else measured and kept there."""
    if not kept.exists():
        with ProcessPoolExecutor(2, get_context("spawn")) as pool:
            kept.write_text(json.dumps(list(pool.map(piqe_scores, jobs))))
    result: list[dict[str, list[float]]] = json.loads(kept.read_text())
    return result


class Models:
    """The bundle's networks, as score functions of one picture."""

    def __init__(self, folder: Path) -> None:
        """Load the bundle of `folder` through the project's own verifying loader."""
        import tensorflow as tf

        models = load_bundle(str(folder)).models
        self.nets = {}
        for name in ("nima_technical", "nima_aesthetic"):
            loaded = nima.folded(nima.load_hdf5(models[name].path, models[name].entry["alpha"]))
            weights = {key: tf.constant(array) for key, array in loaded.items()}
            self.nets[name] = weights, models[name].entry["padding"]
        numbers = models["musiq"].entry["architecture"]
        self.architecture = musiq.Architecture(**{**numbers, "scales": tuple(numbers["scales"])})
        arrays = musiq.load_npz(models["musiq"].path, self.architecture)
        self.weights = musiq.standardised({key: tf.constant(array) for key, array in arrays.items()})
        self.embed = tf.function(
            lambda pixels: musiq.embed(self.weights, self.architecture, pixels), reduce_retracing=True
        )

    def nima(self, name: str, pictures: Sequence[Picture]) -> list[float]:
        """Mean ratings of one NIMA network."""
        weights, padding = self.nets[name]
        given = np.asarray(nima.forward(weights, np.stack([nima.prepare(part) for part in pictures]), padding))
        return [nima.mean_and_std(row)[0] for row in given]

    def musiq(self, pictures: Sequence[Picture]) -> list[float]:
        """MUSIQ scores."""
        scores = []
        for picture in pictures:
            patches = patches_of(picture, self.architecture)
            tokens = self.embed(patches.pixels)[None]
            mask = np.ones((1, len(patches.where)), bool)
            given = musiq.encode(
                self.weights, self.architecture, tokens, patches.where[None], patches.scale[None], mask
            )
            scores.append(float(given[0, 0]))
        return scores


def rank(first: Any, second: Any) -> float:
    """Spearman's rank correlation; 0 where all scores are equal."""
    value = spearmanr(first, second).statistic
    return 0.0 if np.isnan(value) else float(value)


def summary(scores: list[dict[str, list[float]]]) -> dict[str, Any]:
    """The figures of one model, from each photograph's scores of the original and five strengths of each kind."""
    within = [-rank(range(6), values) for photo in scores for values in photo.values()]
    wins = {kind: float(np.mean([photo[kind][0] > photo[kind][5] for photo in scores])) for kind in KINDS}

    def pooled(kinds: Sequence[str]) -> float:
        values = [photo[kind][strength] for photo in scores for kind in kinds for strength in STRENGTHS]
        return round(-rank(list(STRENGTHS) * (len(scores) * len(kinds)), values), 3)

    return {
        "within_median_srcc": round(float(np.median(within)), 3),
        "within_mean_srcc": round(float(np.mean(within)), 3),
        "original_beats_strongest": round(float(np.mean(list(wins.values()))), 3),
        "original_beats_strongest_by_kind": {kind: round(value, 3) for kind, value in wins.items()},
        "original_beats_strongest_yardstick_kinds": round(float(np.mean([wins[kind] for kind in YARDSTICK])), 3),
        "pooled_srcc_by_kind": {kind: pooled([kind]) for kind in KINDS},
        "pooled_srcc_all": pooled(KINDS),
        "pooled_srcc_yardstick_kinds": pooled(YARDSTICK),
        "pooled_srcc_all_but_jpeg": pooled([kind for kind in KINDS if kind != "jpeg"]),
        "original_mean": round(float(np.mean([photo["blur"][0] for photo in scores])), 2),
        "strongest_mean": round(float(np.mean([photo[kind][5] for photo in scores for kind in KINDS])), 2),
    }


def preferences(models: Models, paths: list[Path], nima_only: bool) -> dict[str, Any]:
    """How often the aesthetic network (all three, for what is no photograph) prefers what it should."""
    wins: dict[str, list[bool]] = {kind: [] for kind in DAMAGES}
    photos: list[Picture] = []
    others: dict[str, list[Picture]] = {kind: [] for kind in NEGATIVES}
    for number, path in enumerate(paths):
        random = np.random.default_rng((SEED, number, 77))
        picture = scenes.load(path)
        versions = [damage(picture, None, 0, random)]
        versions += [damage(picture, kind, amount, random) for kind in DAMAGES for amount in AMOUNTS]
        scores = models.nima("nima_aesthetic", versions)
        for index, kind in enumerate(DAMAGES):
            part = scores[1 + index * len(AMOUNTS) : 1 + (index + 1) * len(AMOUNTS)]
            wins[kind] += [scores[0] > score for score in part]
        photos.append(versions[0])
        for kind in NEGATIVES:
            others[kind].append(negative(kind, versions[0].shape[:2], random))
    result: dict[str, Any] = {
        "original_preferred": round(float(np.mean([win for part in wins.values() for win in part])), 3),
        "original_preferred_by_kind": {kind: round(float(np.mean(part)), 3) for kind, part in wins.items()},
    }
    ways = {
        "nima_aesthetic": lambda part: models.nima("nima_aesthetic", part),
        "nima_technical": lambda part: models.nima("nima_technical", part),
        **({} if nima_only else {"musiq": models.musiq}),
    }
    result["photograph_beats"] = {}
    for name, way in ways.items():
        real = np.array(way(photos))
        result["photograph_beats"][name] = {
            kind: round(float(np.mean(real[:, None] > np.array(way(part))[None, :])), 4)
            for kind, part in others.items()
        }
    return result


def main() -> None:
    """Measure, write evaluation.json beside the bundle, and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the folder given to prepare.py")
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="keeps PIQE's scores, which depend on no model")
    parser.add_argument("--nima-only", action="store_true", help="keep the figures of MUSIQ and PIQE as they are")
    arguments = parser.parse_args()
    paths = scenes.photographs(arguments.folder, "heldout")
    jobs = [(path, number) for number, path in enumerate(paths)]
    report, models = arguments.bundle / "evaluation.json", Models(arguments.bundle)
    nima_scores: list[dict[str, list[float]]] = []
    musiq_scores: list[dict[str, list[float]]] = []
    for job in jobs:
        made = distorted(*job)
        nima_scores.append({kind: models.nima("nima_technical", part) for kind, part in made.items()})
        if not arguments.nima_only:
            musiq_scores.append({kind: models.musiq(part) for kind, part in made.items()})
    aesthetic = preferences(models, paths, arguments.nima_only)
    if arguments.nima_only:
        before = json.loads(report.read_text())
        of_musiq, of_piqe = before["musiq"], before["piqe"]
        aesthetic["photograph_beats"]["musiq"] = before["aesthetic"]["photograph_beats"]["musiq"]
    else:
        of_musiq, of_piqe = summary(musiq_scores), summary(all_piqe_scores(arguments.work / "piqe.json", jobs))
    result = {
        "photographs": [path.stem for path in paths],
        "long_side": LONG_SIDE,
        "kinds": list(KINDS),
        "yardstick_kinds": list(YARDSTICK),
        "musiq": of_musiq,
        "nima_technical": summary(nima_scores),
        "piqe": of_piqe,
        "aesthetic": aesthetic,
    }
    report.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({key: value for key, value in result.items() if key != "photographs"}, indent=1))


if __name__ == "__main__":
    main()
