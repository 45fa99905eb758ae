"""Teach the aesthetic NIMA network from all photographs; starts from the weights that refine_nima.py left.

The third part of its training: twice the photographs, and nothing made beforehand. Each step draws photographs, parts
of them, sizes and damages afresh, so that no view comes twice. The photographs of the packages that
further_photographs.json holds back are not learnt: what is measured on them, printed on the way, is measured on
packages never seen, as most of use is. Beside the ratings the network is asked what was done to the picture (which
damage, to which side, to which colours), and for some plain measures of it: how far its mean colour is from grey, how
much of its edges runs level or upright. The answers are thrown away in the end, but teach what to look at faster than
the ratings alone. The learning rate is constant, then falls to nothing; the result is the running average of the
weights.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import json
import math
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import evaluate
import nima_inputs
import numpy as np
import refine_nima
import scenes
import torch
from distortions import DAMAGES, NEGATIVES, Generator, Picture, damage, negative, recolour
from refine_nima import RATINGS, SPREAD, TONE, WORST, Network, mistakable, no_photograph, tensor_of, toned
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from judge_vision.models import nima

FURTHER = Path(__file__).with_name("further_photographs.json")
SEED = 21
STEPS = (300, 650)  # at the constant learning rate, and while it falls to nothing
RATE = 1e-3
SCENES = 3  # in a step: scenes that show (nearly) the whole photograph
PARTS = 8  # in a step: scenes that show any part of a photograph
PART = 112  # side of the part of the input that is seen of the latter
OTHERS = 4  # in a step: what is no photograph
ASKED = 0.5  # weight of the sort in the loss
AVERAGE = 0.99  # what the running average keeps of itself at each step

# What the network is asked beside the ratings: the fault, and for some which way it goes.
WAYS = {"cast": 6, "exposure": 2, "tilt": 2}
SORTS = ["none", "crop", "saturation", "other", *(f"{kind}{n}" for kind, ways in WAYS.items() for n in range(ways))]
MEASURES = 5  # how many numbers `measures` gives
CASTS = list(itertools.permutations([-1.0, 0.1, 0.9]))

Scene = tuple[Picture, list[str], list[float]]


@dataclass
class Batch:
    """Pictures [picture, side, side, 3], their scenes (-1: no photograph), sorts (of SORTS), strengths and measures."""

    inputs: np.ndarray
    groups: np.ndarray
    sorts: np.ndarray
    strengths: np.ndarray
    measures: np.ndarray


def photographs(folder: Path, held_back: bool) -> list[Path]:
    """All prepared photographs to learn from, or those held back to choose between runs."""
    further = json.loads(FURTHER.read_text())
    chosen = [e for e in further["photographs"] if (e["package"] in further["held_back"]) == held_back]
    first = [] if held_back else nima_inputs.photographs(folder)
    return first + [folder / "photographs" / f"{entry['name']}.png" for entry in chosen]


def sort_of(kind: str, random: Generator) -> str:
    """`kind` with the way it will go: what `damage` and `recolour` draw first from `random`, which is left as it is."""
    ahead = copy.deepcopy(random)
    if kind == "cast":
        return f"cast{CASTS.index(tuple(ahead.permutation([-1.0, 0.1, 0.9]).tolist()))}"
    if kind == "exposure":
        return f"exposure{int(ahead.choice([-1.3, 0.9]) > 0)}"
    return f"tilt{int(ahead.choice([-1, 1]) > 0)}" if kind == "tilt" else kind


def scene(picture: Picture, random: Generator, part: bool) -> Scene:
    """An original and its damaged versions [version, 224, 224, 3], sorts, and strengths: 0, or 1 to 2.

    Of (nearly) the whole photograph with all damages, or of any `part` with those that a part can show.
    """
    start = nima_inputs.view(picture, 0.4 if part else 0.85, random)
    start = toned(start[None], TONE, random)[0]
    side = 640 if random.random() < 0.6 else int(random.integers(480, 900))
    kinds = ["cast", "exposure", "tilt", "saturation", "tilt"] if part else [*DAMAGES, str(random.choice(DAMAGES))]
    if (start == start[..., :1]).all():  # a grey picture cannot be more saturated
        kinds = ["cast" if kind == "saturation" else kind for kind in kinds]
    sorts, strengths = ["none"], [0.0]
    made = [nima_inputs.sample(damage(start, None, 0, random, side))]
    for kind in kinds:
        amount = float(random.uniform(0.1, 1))
        strengths.append(1 + amount)
        sorts.append(sort_of(kind, random))
        if kind in ("crop", "tilt"):
            made.append(nima_inputs.sample(damage(start, kind, amount, random, side)))
        else:
            made.append(recolour(made[0], kind, amount, random))
    return np.stack(made), sorts, strengths


def measures(picture: Picture) -> list[float]:
    """Of one input: red and blue over green and the distance from grey (stops), shares of level or upright edges."""
    red, green, blue = np.log2(((picture / np.float32(255)) ** 2).mean((0, 1)) + 1e-3)
    middle = (red + green + blue) / 3
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    across, down = (np.abs(cv2.Sobel(grey, cv2.CV_32F, *order)) for order in ((1, 0), (0, 1)))
    size = across + down + 1e-3
    off = np.minimum(across, down) / (np.maximum(across, down) + 1e-3)
    shares = [float(size[off < slope].sum() / size.sum()) for slope in (0.07, 0.2)]
    far = sum(abs(value - middle) for value in (red, green, blue))
    return [red - green, blue - green, far, 8 * shares[0], 5 * shares[1]]


def joined(made: list[Scene], side: int, random: Generator) -> Batch:
    """Scenes as one batch, of each a part of the inputs of `side` pixels."""
    parts = []
    for pictures, _, _ in made:
        top, left = random.integers(nima.INPUT_SIDE - side + 1, size=2)
        parts.append(pictures[:, top : top + side, left : left + side])
    groups = [np.full(len(sorts), -1 if sorts[0] == "other" else number) for number, (_, sorts, _) in enumerate(made)]
    return Batch(
        np.concatenate(parts),
        np.concatenate(groups),
        np.array([SORTS.index(sort) for _, sorts, _ in made for sort in sorts]),
        np.array([strength for _, _, strengths in made for strength in strengths], np.float32),
        np.array([measures(picture) for pictures in parts for picture in pictures], np.float32),
    )


def batches(pictures: list[Picture], random: Generator) -> tuple[Batch, Batch]:
    """What one step learns from: whole scenes with what is no photograph, and scenes of any part."""
    chosen = [pictures[number] for number in random.choice(len(pictures), SCENES + PARTS, replace=False)]
    made = [scene(picture, random, False) for picture in chosen[:SCENES]]
    others = [no_photograph(random) if number % 2 == 0 else mistakable(random) for number in range(OTHERS)]
    made.append((np.stack(others), ["other"] * OTHERS, [WORST] * OTHERS))
    whole = joined(made, nima.INPUT_SIDE, random)
    return whole, joined([scene(picture, random, True) for picture in chosen[SCENES:]], PART, random)


def loss_of(outputs: torch.Tensor, batch: Batch, part: bool) -> torch.Tensor:
    """Squared earth mover's distance to the wanted distributions, pairs in the wrong order, and wrong answers.

    Pairs: each original against its own versions and against what is none. Of a `part` no rating in itself is wanted,
    and no answer whether it is cropped.
    """
    strength, sorts = torch.from_numpy(batch.strengths), torch.from_numpy(batch.sorts)
    logits, asked, told = outputs.split([len(RATINGS), len(SORTS), MEASURES], 1)
    given = torch.softmax(logits, 1)
    score = given @ RATINGS
    own = (batch.groups[None, :] == batch.groups[:, None]) | (batch.groups[None, :] == -1)
    pairs = torch.from_numpy(own & (batch.sorts == 0)[:, None] & (batch.sorts != 0)[None, :])
    missed = functional.softplus(-3 * (score[:, None] - score[None, :]))[pairs].mean()
    missed = missed + functional.smooth_l1_loss(told, torch.from_numpy(batch.measures))
    if part:
        asked = asked.masked_fill(torch.arange(len(SORTS)) == SORTS.index("crop"), -20)
        return missed + ASKED * functional.cross_entropy(asked, sorts)
    wanted = torch.softmax(-(((RATINGS - (7.2 - 1.4 * strength)[:, None]) / SPREAD) ** 2) / 2, 1)
    off = (given.cumsum(1) - wanted.cumsum(1)).square().mean()
    return 3 * off + missed + ASKED * functional.cross_entropy(asked, sorts)


def checks(pictures: list[Picture]) -> list[tuple[Picture, list[str]]]:
    """Of each photograph held back: inputs of the original, of its versions and of what is none, and which is which."""
    made = []
    for number, picture in enumerate(pictures):
        random = np.random.default_rng((SEED, number, 1))
        jobs = [("none", 0.0), *((kind, level) for kind in DAMAGES for level in evaluate.AMOUNTS)]
        parts = [damage(picture, None if kind == "none" else kind, level, random) for kind, level in jobs]
        parts += [negative(kind, parts[0].shape[:2], random) for kind in NEGATIVES]
        kinds = [*(kind for kind, _ in jobs), *NEGATIVES]
        made.append((np.stack([nima_inputs.sample(part) for part in parts]), kinds))
    return made


def figures(network: Network, held_back: list[tuple[Picture, list[str]]]) -> str:
    """How often the originals held back are preferred to their versions, by damage, and to what is no photograph."""
    with torch.no_grad():
        outputs = [network(tensor_of(inputs))[:, : len(RATINGS)] for inputs, _ in held_back]
    scores = [(torch.softmax(part, 1) @ RATINGS).numpy() for part in outputs]
    wins: dict[str, list[bool]] = {}
    for score, (_, kinds) in zip(scores, held_back, strict=True):
        for value, kind in zip(score[1:], kinds[1:], strict=True):
            rivals = scores if kind in NEGATIVES else [score]
            wins.setdefault(kind, []).extend(rival[0] > value for rival in rivals)
    text = " ".join(f"{kind} {np.mean(won):.3f}" for kind, won in wins.items())
    return f"{text} | all {np.mean([np.mean(wins[kind]) for kind in DAMAGES]):.3f}"


def rate(number: int) -> float:
    """The learning rate of step `number`."""
    steady, falling = STEPS
    fallen = max(0.0, (number + 1 - steady) / falling)
    return RATE * min(1.0, (number + 1) / 100) * (1 + math.cos(math.pi * fallen)) / 2


def widen(folder: Path, work: Path) -> nima.Weights:
    """Train, keeping all that is needed to go on in a checkpoint; the averaged weights."""
    pictures = [scenes.load(path) for path in photographs(folder, False)]
    held_back = checks([scenes.load(path) for path in photographs(folder, True)])
    start = nima.folded(nima.load_hdf5(work / "nima_aesthetic.refined.hdf5", refine_nima.ALPHA))
    for name in ("dense_1/kernel", "dense_1/bias"):  # room for the answers
        spare = np.zeros((*start[name].shape[:-1], len(SORTS) + MEASURES), np.float32)
        start[name] = np.concatenate([start[name], spare], -1)
    network, judged = Network(start), Network(start)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-3)
    average = {key: value.clone() for key, value in network.state_dict().items()}
    checkpoint = work / "widen_aesthetic.pt"
    begin = 0
    print(f"{len(pictures)} photographs; held back: {figures(judged, held_back)}", flush=True)
    if checkpoint.exists():
        begin, state, moments, average = torch.load(checkpoint)
        network.load_state_dict(state)
        optimiser.load_state_dict(moments)
    began, running = time.time(), 0.0

    def drawn(number: int) -> tuple[Batch, Batch]:
        return batches(pictures, np.random.default_rng((SEED, number, 0)))

    ahead = ThreadPoolExecutor(1)
    coming = ahead.submit(drawn, begin)
    for number in range(begin, sum(STEPS)):
        made, coming = coming.result(), ahead.submit(drawn, number + 1)
        for settings in optimiser.param_groups:
            settings["lr"] = rate(number)
        loss = sum(
            loss_of(network(tensor_of(one.inputs)), one, part) for one, part in zip(made, (False, True), strict=True)
        )
        optimiser.zero_grad()
        loss.backward()
        clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        running += float(loss.detach())
        for key, value in network.state_dict().items():
            average[key].mul_(AVERAGE).add_(value, alpha=1 - AVERAGE)
        if number % 50 == 49:
            print(f"{number + 1} {time.time() - began:.0f} s loss {running / 50:.4f}", flush=True)
            running = 0.0
        if number % 100 == 99 or number == sum(STEPS) - 1:
            torch.save((number + 1, network.state_dict(), optimiser.state_dict(), average), checkpoint)
        if number % 300 == 299 or number == sum(STEPS) - 1:
            judged.load_state_dict(average)
            print(f"{number + 1} held back: {figures(judged, held_back)}", flush=True)
    head = {key: average[key][..., : len(RATINGS)] for key in average if "dense_1" in key}
    return refine_nima.exported({**average, **head})


def main() -> None:
    """Train, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the folder given to prepare.py")
    parser.add_argument("--work", type=Path, required=True, help="where refine_nima.py left its result, and this goes")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(arguments.threads)
    torch.manual_seed(SEED)
    weights = widen(arguments.folder, arguments.work)
    nima.save_hdf5(arguments.work / "nima_aesthetic.widened.hdf5", weights)


if __name__ == "__main__":
    main()
