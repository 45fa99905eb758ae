"""Widen the aesthetic NIMA network by a branch that knows tilt and colour cast.

The fourth part of its training; starts from the weights that widen_nima.py left, and is in three steps. `views` makes
views of each photograph. `edges` teaches a copy of the network on nothing but tilt and cast. `joined` teaches the
network and that copy together on all damages, their logits summed. Two MobileNets whose logits are summed are one
MobileNet of twice the width with pointwise kernels of two blocks, and as such the result is written.
Part, orientation, tone, and damages that act on each pixel alone are drawn afresh at each step. Photographs are held
back, and weights averaged, as in widen_nima.py.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import nima_inputs
import numpy as np
import refine_nima
import scenes
import torch
import widen_nima
from distortions import Generator, Picture, damage, recolour
from refine_nima import RATINGS, TONE, WORST, Network, mistakable, no_photograph, tensor_of, toned
from torch import nn
from torch.nn.utils import clip_grad_norm_
from widen_nima import MEASURES, SORTS, sort_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from judge_vision.models import nima

ALPHA = 2 * refine_nima.ALPHA
SEED = 31
SCENES = 8  # of each photograph
VIEWS, STRENGTHS, CHECKPOINT = "branch_views.npy", "branch_strengths.npy", "branch_{}.pt"
AVERAGE = 0.998  # what the running average keeps of itself at each step
MADE = ("none", "tilt", "tilt", "tilt", "crop", "crop")  # of each scene, once; the rest is done to the sample
SHARES = (0.8, 0.4)  # of the network and the branch in the logits, when both begin to learn


@dataclass(frozen=True)
class Lesson:
    """What is learnt: the faults in a scene, learning rate, steps, and of these the last ones in which it falls."""

    kinds: tuple[tuple[str, ...], ...]  # of each scene one of these
    rate: float
    steps: int
    falling: int
    others: int  # in a step: what is no photograph
    sides: tuple[tuple[int, int], ...] = ((224, 4),)  # in turn: side of the part of the input seen, scenes in a step


LESSONS = {
    "edges": Lesson((("tilt",) * 3, ("cast",) * 3), 1e-3, 1900, 1100, 0, ((112, 28), (160, 14), (224, 8))),
    "joined": Lesson(
        (("tilt", "tilt", "cast", "cast", "crop", "exposure", "saturation"),), 2e-4, 600, 500, 4, ((224, 3),)
    ),
}


def views(job: tuple[Path, int]) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [scene, version of MADE, 224, 224, 3] and strengths 0..1, of a tilt to the left negative."""
    path, number = job
    cv2.setNumThreads(1)
    picture = scenes.load(path)
    inputs, strengths = [], np.zeros((SCENES, len(MADE)), np.float32)
    for scene in range(SCENES):
        random = np.random.default_rng((SEED, number, scene))
        start = nima_inputs.view(picture, 0.85 if scene % 2 == 0 else 0.5, random)
        side = 640 if random.random() < 0.6 else int(random.integers(480, 900))
        for place, kind in enumerate(MADE):
            amount = float(random.uniform(0.05, 1))
            if kind != "none":
                sign = -1 if kind == "tilt" and sort_of(kind, random) == "tilt0" else 1
                strengths[scene, place] = sign * amount
            inputs.append(nima_inputs.sample(damage(start, None if kind == "none" else kind, amount, random, side)))
    return np.stack(inputs).reshape(SCENES, -1, nima.INPUT_SIDE, nima.INPUT_SIDE, 3), strengths


def make_views(folder: Path) -> None:
    """Write VIEWS, uint8 [photograph, scene, version, 224, 224, 3], and STRENGTHS."""
    paths = widen_nima.photographs(folder, False)
    shape = (len(paths), SCENES, len(MADE), nima.INPUT_SIDE, nima.INPUT_SIDE, 3)
    inputs = np.lib.format.open_memmap(folder / VIEWS, "w+", np.uint8, shape)
    strengths = np.zeros(shape[:3], np.float32)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for number, made in enumerate(pool.map(views, zip(paths, range(len(paths)), strict=True))):
            inputs[number], strengths[number] = made
    np.save(folder / STRENGTHS, strengths)


def scene(stored: Picture, marks: np.ndarray, kinds: tuple[str, ...], random: Generator) -> widen_nima.Scene:
    """A photograph and its versions [version, 224, 224, 3], sorts, and strengths: 0, or 1 to 2.

    Where only tilt is asked for, or only cast, the photograph is turned in any of eight ways, which is nothing to
    either, and where only tilt is, it may have no colour: so that it is not learnt by heart.
    """
    places = {kind: list(random.permutation([n for n, one in enumerate(MADE) if one == kind])) for kind in set(MADE)}
    rows = [0, *(places[kind].pop() if kind in places else 0 for kind in kinds)]
    pictures, mirrored = stored[rows], random.random() < 0.5
    if mirrored:
        pictures = pictures[:, :, ::-1]
    if len(set(kinds)) == 1:
        pictures = np.rot90(pictures, int(random.integers(4)), (1, 2))
    pictures = np.ascontiguousarray(toned(np.ascontiguousarray(pictures), TONE, random))
    if set(kinds) == {"tilt"} and random.random() < 0.5:
        pictures = faded(pictures, random)
    if (pictures[0] == pictures[0][..., :1]).all():  # a grey picture cannot be more saturated
        kinds = tuple("cast" if kind == "saturation" else kind for kind in kinds)
    sorts, strengths = ["none"], [0.0]
    for version, (row, kind) in enumerate(zip(rows[1:], kinds, strict=True), 1):
        amount = abs(float(marks[row])) if row else float(random.uniform(0.05, 1))
        strengths.append(1 + amount)
        if kind == "tilt":
            sorts.append(f"tilt{int((marks[row] > 0) != mirrored)}")
        elif row:
            sorts.append(kind)
        else:
            sorts.append(sort_of(kind, random))
            pictures[version] = recolour(pictures[version], kind, amount, random)
    return pictures, sorts, strengths


def faded(pictures: Picture, random: Generator) -> Picture:
    """Pictures [version, height, width, 3] without colour, of other gamma and contrast."""
    levels = (np.arange(256) / 255) ** 2 ** (0.5 * random.standard_normal())
    low, high = random.uniform(0, 60), random.uniform(180, 255)
    table = (low + (high - low) * levels + 0.5).astype(np.uint8)
    grey = table[pictures.mean(axis=3).astype(np.uint8)]
    return np.repeat(grey[..., None], 3, axis=3)


class Branches(nn.Module):
    """Networks side by side, their logits summed."""

    def __init__(self, weights: list[nima.Weights]) -> None:
        """One network of each dictionary of folded weights."""
        super().__init__()
        self.networks = nn.ModuleList(Network(arrays) for arrays in weights)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits [batch, 10 and answers] of inputs [batch, 3, height, width] in -1..1."""
        return torch.stack([network(x) for network in self.networks]).sum(0)


def drawn(lesson: Lesson, stored: np.ndarray, marks: np.ndarray, number: int) -> tuple[widen_nima.Batch, bool]:
    """What step `number` learns from, and whether only a part of the input is seen."""
    random = np.random.default_rng((SEED, number, 0))
    side, count = lesson.sides[number % len(lesson.sides)]
    part = side < nima.INPUT_SIDE
    made = []
    for photograph in random.choice(len(stored), count, replace=False):
        # every other view shows (nearly) the whole photograph
        place = int(random.integers(SCENES)) if part else 2 * int(random.integers(SCENES // 2))
        kinds = lesson.kinds[len(made) % len(lesson.kinds)]
        made.append(scene(stored[photograph, place], marks[photograph, place], kinds, random))
    if lesson.others:
        others = [no_photograph(random) if n % 2 == 0 else mistakable(random) for n in range(lesson.others)]
        made.append((np.stack(others), ["other"] * len(others), [WORST] * len(others)))
    return widen_nima.joined(made, side, random), part


def begun(name: str, work: Path) -> list[nima.Weights]:
    """Folded weights to start from, with room in the head for answers: of the branch, or of the network and of it."""
    before = nima.folded(nima.load_hdf5(work / "nima_aesthetic.widened.hdf5", refine_nima.ALPHA))
    for key in ("dense_1/kernel", "dense_1/bias"):
        spare = np.zeros((*before[key].shape[:-1], len(SORTS) + MEASURES), np.float32)
        before[key] = np.concatenate([before[key], spare], -1)
    if name == "edges":
        return [before]
    state = torch.load(work / CHECKPOINT.format("edges"))[3]
    arrays = {key.removeprefix("networks.0."): array for key, array in state.items()}
    both = before, nima.folded(refine_nima.exported(arrays))
    return [
        weights | {key: share * weights[key] for key in weights if "dense_1" in key}
        for share, weights in zip(SHARES, both, strict=True)
    ]


def joined(state: dict[str, torch.Tensor]) -> nima.Weights:
    """The two branches as one network of twice the width."""
    parts = []
    for number in range(2):
        start = f"networks.{number}."
        parts.append(refine_nima.exported({k.removeprefix(start): v for k, v in state.items() if k.startswith(start)}))
    result: nima.Weights = {}
    for key, first in parts[0].items():
        second = parts[1][key]
        if key == "dense_1/bias":
            result[key] = (first + second)[: len(RATINGS)]
        elif key == "dense_1/kernel":
            result[key] = np.concatenate([first, second])[:, : len(RATINGS)]
        elif key.endswith("depthwise_kernel"):
            result[key] = np.concatenate([first, second], 2)
        elif key.startswith("conv_pw") and key.endswith("/kernel"):
            blocks = np.zeros((1, 1, *(2 * length for length in first.shape[2:])), np.float32)
            blocks[:, :, : first.shape[2], : first.shape[3]] = first
            blocks[:, :, first.shape[2] :, first.shape[3] :] = second
            result[key] = blocks
        else:
            result[key] = np.concatenate([first, second], -1)
    return result


def rate(lesson: Lesson, number: int) -> float:
    """The learning rate of step `number`."""
    fallen = max(0.0, (number + 1 - lesson.steps + lesson.falling) / lesson.falling)
    return lesson.rate * min(1.0, (number + 1) / 100) * (1 + math.cos(math.pi * fallen)) / 2


def teach(name: str, folder: Path, work: Path) -> dict[str, torch.Tensor]:
    """Train, keeping all that is needed to go on in a checkpoint; the running average of the weights."""
    lesson, checkpoint, start = LESSONS[name], work / CHECKPOINT.format(name), begun(name, work)
    stored, marks = np.load(folder / VIEWS, mmap_mode="r"), np.load(folder / STRENGTHS)
    held_back = widen_nima.checks([scenes.load(path) for path in widen_nima.photographs(folder, True)])
    branches, judged = Branches(start), Branches(start)
    optimiser = torch.optim.AdamW(branches.parameters(), lesson.rate, weight_decay=0.05)
    average = {key: value.clone() for key, value in branches.state_dict().items()}
    begin = 0
    print(f"at the start: {widen_nima.figures(judged, held_back)}", flush=True)
    if checkpoint.exists():
        begin, state, moments, average = torch.load(checkpoint)
        branches.load_state_dict(state)
        optimiser.load_state_dict(moments)
    began = time.time()
    for number in range(begin, lesson.steps):
        batch, part = drawn(lesson, stored, marks, number)
        for settings in optimiser.param_groups:
            settings["lr"] = rate(lesson, number)
        loss = widen_nima.loss_of(branches(tensor_of(batch.inputs)), batch, part)
        optimiser.zero_grad()
        loss.backward()
        clip_grad_norm_(branches.parameters(), 1.0)
        optimiser.step()
        for key, value in branches.state_dict().items():
            average[key].mul_(AVERAGE).add_(value, alpha=1 - AVERAGE)
        if number % 200 == 199 or number == lesson.steps - 1:
            torch.save((number + 1, branches.state_dict(), optimiser.state_dict(), average), checkpoint)
            judged.load_state_dict(average)
            took = f"{number + 1} {time.time() - began:.0f} s loss {float(loss.detach()):.3f}"
            print(f"{took} held back: {widen_nima.figures(judged, held_back)}", flush=True)
    return average


def main() -> None:
    """Make the views, teach the branch, or both networks; the last writes the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["views", *LESSONS])
    parser.add_argument("--folder", type=Path, required=True, help="the folder given to prepare.py")
    parser.add_argument("--work", type=Path, required=True, help="where widen_nima.py left its result, and this goes")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(arguments.threads)
    torch.manual_seed(SEED)
    if arguments.what == "views":
        make_views(arguments.folder)
        return
    state = teach(arguments.what, arguments.folder, arguments.work)
    if arguments.what == "joined":
        nima.save_hdf5(arguments.work / "nima_aesthetic.joined.hdf5", joined(state))


if __name__ == "__main__":
    main()
