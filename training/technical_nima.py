"""Train the technical NIMA network, from random weights, on all photographs.

`views` makes views of each photograph with the faults that look at neighbouring pixels (blur, motion, resampling),
which must be done before the nearest sample is taken. `teach` draws photographs, parts of them, orientation, tone and
the other faults afresh at each step. Most steps see a part of the input, the last ones all of it. Beside the ratings
the network is asked which fault it sees; the answers are thrown away in the end. The learning rate falls as a cosine;
the result is the running average of the weights. Photographs are held back to choose between runs, as in
widen_nima.py.
"""

from __future__ import annotations

import argparse
import copy
import math
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import nima_inputs
import numpy as np
import scenes
import torch
import widen_nima
from distortions import KINDS, STRENGTHS, Generator, Picture, distort
from refine_nima import RATINGS, SPREAD, mistakable, no_photograph, tensor_of, toned
from scipy.stats import spearmanr
from torch import nn
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from judge_vision.models import nima

ALPHA = 0.5
SEED = 61
SCENES = 8  # of each photograph
MADE = ("none", *(kind for kind in ("blur", "motion", "resampling") for _ in range(3)))  # versions of a scene
VIEWS, MARKS, CHECKPOINT = "technical_views.npy", "technical_strengths.npy", "technical_nima.pt"
STEPS, WHOLE = 4500, 400  # in all, and of these the last ones, which see the whole input
SIDE, GROUPS = 112, (10, 3)  # side of the part seen before; scenes in a step before and in the end
RATE, WEIGHT_DECAY = 3e-3, 0.02
AVERAGE = 0.997  # what the running average keeps of itself at each step
MOMENTUM = (0.02, 0.01)  # of batch normalisation's statistics, before and in the end
TONE = 1.0  # how much gamma, white balance and saturation are changed, see refine_nima.toned
WORST = 5.4  # strength given to what is no photograph
JPEG = 0.2  # weight of JPEG, all but invisible here, in the loss
ASKED = 0.15  # weight of the fault in the loss
SORTS = ["none", *KINDS, "other"]
SEEN = [kind for kind in KINDS if kind != "jpeg"]
LAYERS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))


@dataclass
class Batch:
    """Pictures [picture, side, side, 3], their faults (of SORTS) and strengths."""

    inputs: np.ndarray
    sorts: np.ndarray
    strengths: np.ndarray


class Network(nn.Module):
    """MobileNet v1 of width ALPHA with batch normalisation; logits of the ten ratings and of the faults."""

    def __init__(self) -> None:
        """Random weights."""
        super().__init__()

        def normal(channels: int) -> nn.BatchNorm2d:
            return nn.BatchNorm2d(channels, eps=1e-3, momentum=MOMENTUM[0])

        width = int(32 * ALPHA)
        self.conv1, self.conv1_bn = nn.Conv2d(3, width, 3, 2, bias=False), normal(width)
        deep, deep_bn, point, point_bn = [], [], [], []
        for full, stride in LAYERS:
            channels = int(full * ALPHA)
            deep.append(nn.Conv2d(width, width, 3, stride, 2 - stride, groups=width, bias=False))
            point.append(nn.Conv2d(width, channels, 1, bias=False))
            deep_bn.append(normal(width))
            point_bn.append(normal(channels))
            width = channels
        self.conv_dw, self.conv_dw_bn = nn.ModuleList(deep), nn.ModuleList(deep_bn)
        self.conv_pw, self.conv_pw_bn = nn.ModuleList(point), nn.ModuleList(point_bn)
        self.dense_1, self.asked = nn.Linear(width, len(RATINGS)), nn.Linear(width, len(SORTS))
        nn.init.normal_(self.dense_1.weight, std=0.01)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits [batch, 10] and [batch, fault] of inputs [batch, 3, height, width] in -1..1."""
        x = x.contiguous(memory_format=torch.channels_last)
        x = functional.relu6(self.conv1_bn(self.conv1(functional.pad(x, (0, 1, 0, 1)))))
        for deep, deep_bn, point, point_bn in zip(
            self.conv_dw, self.conv_dw_bn, self.conv_pw, self.conv_pw_bn, strict=True
        ):
            if deep.stride[0] == 2:
                x = functional.pad(x, (0, 1, 0, 1))
            x = functional.relu6(deep_bn(deep(x)))
            x = functional.relu6(point_bn(point(x)))
        x = functional.dropout(x.mean((2, 3)), 0.15, self.training)
        return self.dense_1(x), self.asked(x)


def exported(network: Network) -> nima.Weights:
    """The weights under the published names."""
    result: nima.Weights = {}

    def convolution(layer: str, part: str, kernel: nn.Module, normal: nn.Module) -> None:
        array = kernel.weight.detach().numpy()
        result[f"{layer}/{part}"] = array.transpose(2, 3, 0, 1) if "depthwise" in part else array.transpose(2, 3, 1, 0)
        names = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
        result.update({f"{layer}_bn/{ours}": getattr(normal, its).detach().numpy() for ours, its in names.items()})

    convolution("conv1", "kernel", network.conv1, network.conv1_bn)
    for number in range(len(LAYERS)):
        deep, point = f"conv_dw_{number + 1}", f"conv_pw_{number + 1}"
        convolution(deep, "depthwise_kernel", network.conv_dw[number], network.conv_dw_bn[number])
        convolution(point, "kernel", network.conv_pw[number], network.conv_pw_bn[number])
    result["dense_1/kernel"] = network.dense_1.weight.detach().numpy().T
    result["dense_1/bias"] = network.dense_1.bias.detach().numpy()
    return {key: np.ascontiguousarray(array) for key, array in result.items()}


def views(job: tuple[Path, int]) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [scene, version of MADE, 224, 224, 3] of a photograph and strengths (0.4 to 5.3)."""
    path, number = job
    cv2.setNumThreads(1)
    picture = scenes.load(path)
    inputs, strengths = [], np.zeros((SCENES, len(MADE)), np.float32)
    for scene in range(SCENES):
        random = np.random.default_rng((51, number, scene))
        part = nima_inputs.view(picture, (1.0, 0.8, 0.6, 0.45)[scene % 4], random)
        start = scenes.reduced(part, 640 if random.random() < 0.6 else int(random.integers(500, 860)))
        for place, kind in enumerate(MADE):
            made = start
            if kind != "none":
                strength = ((place - 1) % 3 + random.random()) / 3 * 4.9 + 0.4
                strengths[scene, place] = strength
                made = distort(start, kind, strength, random)
            inputs.append(nima_inputs.sample(made))
    return np.stack(inputs).reshape(SCENES, -1, nima.INPUT_SIDE, nima.INPUT_SIDE, 3), strengths


def make_views(folder: Path) -> None:
    """Write VIEWS, uint8 [photograph, scene, version, 224, 224, 3], and MARKS."""
    paths = widen_nima.photographs(folder, False)
    shape = (len(paths), SCENES, len(MADE), nima.INPUT_SIDE, nima.INPUT_SIDE, 3)
    inputs = np.lib.format.open_memmap(folder / VIEWS, "w+", np.uint8, shape)
    strengths = np.zeros(shape[:3], np.float32)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for number, made in enumerate(pool.map(views, zip(paths, range(len(paths)), strict=True))):
            inputs[number], strengths[number] = made
    np.save(folder / MARKS, strengths)


def turned(pictures: Picture, random: Generator) -> Picture:
    """In one of eight ways: a fault is the same in all of these."""
    pictures = np.rot90(pictures, int(random.integers(4)), (1, 2))
    return pictures[:, :, ::-1] if random.random() < 0.5 else pictures


def scene(stored: Picture, marks: np.ndarray, side: int, random: Generator) -> tuple[Picture, list[str], list[float]]:
    """A part of a photograph and of seven faulty versions of it [version, side, side, 3], faults, and strengths."""
    kinds = ["none", *(str(kind) for kind in random.permutation(SEEN)[:7])]
    if random.random() < 0.15:
        kinds[1] = "jpeg"
    rows, strengths = [], []
    for kind in kinds:
        row = MADE.index(kind) + int(random.integers(3)) if kind in MADE[1:] else 0
        rows.append(row)
        strengths.append(float(marks[row]) if row or kind == "none" else float(random.uniform(0.4, 5.3)))
    top, left = random.integers(nima.INPUT_SIDE - side + 1, size=2)
    pictures = np.stack([stored[row, top : top + side, left : left + side] for row in rows])
    if random.random() < 0.25:
        pictures = pictures[..., random.permutation(3)]
    if random.random() < 0.08:
        pictures = np.repeat(pictures[..., 1:2], 3, 3)
    pictures = np.array(toned(np.ascontiguousarray(turned(pictures, random)), TONE, random))
    for version, (row, kind) in enumerate(zip(rows, kinds, strict=True)):
        if not row and kind != "none":
            pictures[version] = distort(np.ascontiguousarray(pictures[version]), kind, strengths[version], random)
    return pictures, kinds, strengths


def drawn(stored: np.ndarray, marks: np.ndarray, number: int) -> Batch:
    """What step `number` learns from."""
    random = np.random.default_rng((SEED, number))
    whole = number >= STEPS - WHOLE
    side = nima.INPUT_SIDE if whole else SIDE
    made = []
    for photograph in random.choice(len(stored), GROUPS[whole], replace=False):
        place = int(random.integers(SCENES))
        made.append(scene(stored[photograph, place], marks[photograph, place], side, random))
    for other in range(max(2, GROUPS[whole] // 2)):
        picture = no_photograph(random) if other % 2 else mistakable(random)
        top, left = random.integers(nima.INPUT_SIDE - side + 1, size=2)
        made.append((picture[None, top : top + side, left : left + side], ["other"], [WORST]))
    return Batch(
        np.concatenate([pictures for pictures, _, _ in made]),
        np.array([SORTS.index(kind) for _, kinds, _ in made for kind in kinds]),
        np.array([strength for _, _, strengths in made for strength in strengths], np.float32),
    )


def loss_of(outputs: tuple[torch.Tensor, torch.Tensor], batch: Batch) -> torch.Tensor:
    """Squared earth mover's distance to the wanted distributions, pairs in the wrong order, and wrong answers.

    Pairs are of any two pictures, whatever their scenes and faults.
    """
    logits, asked = outputs
    strength, sorts = torch.from_numpy(batch.strengths), torch.from_numpy(batch.sorts)
    weight = torch.from_numpy(np.where(batch.sorts == SORTS.index("jpeg"), JPEG, 1.0).astype(np.float32))
    given = torch.softmax(logits, 1)
    wanted = torch.softmax(-(((RATINGS - (8 - 1.2 * strength)[:, None]) / SPREAD) ** 2) / 2, 1)
    off = (weight[:, None] * (given.cumsum(1) - wanted.cumsum(1)) ** 2).mean()
    score = given @ RATINGS
    gap = strength[None] - strength[:, None]
    pairs = gap.clamp(0, 2) * (gap > 0.2) * weight[None] * weight[:, None]
    ranked = (pairs * functional.softplus(-3 * (score[:, None] - score[None]))).sum() / pairs.sum()
    return 10 * off + 0.5 * ranked + ASKED * functional.cross_entropy(asked, sorts)


def checks(paths: list[Path]) -> Batch:
    """Of each photograph: every fault at five strengths, and the original."""
    inputs, kinds, strengths = [], [], []
    for number, path in enumerate(paths):
        start = scenes.reduced(scenes.load(path), 640)
        for place, kind in enumerate(KINDS):
            random = np.random.default_rng((2026, 500 + number, place))
            inputs += [nima_inputs.sample(distort(start, kind, strength, random)) for strength in STRENGTHS]
            kinds += [kind] * len(STRENGTHS)
            strengths += STRENGTHS
        inputs.append(nima_inputs.sample(start))
        kinds.append("none")
        strengths.append(0)
    return Batch(np.stack(inputs), np.array(kinds), np.array(strengths))


def figures(network: Network, held_back: Batch) -> str:
    """Pooled rank correlation of all kinds but JPEG and of each, and how often the original beats the strongest."""
    network.eval()
    with torch.no_grad():
        parts = [held_back.inputs[start : start + 64] for start in range(0, len(held_back.inputs), 64)]
        scores = np.concatenate([(torch.softmax(network(tensor_of(part))[0], 1) @ RATINGS).numpy() for part in parts])
    network.train()
    each = scores.reshape(-1, len(KINDS) * len(STRENGTHS) + 1)
    wins = np.mean([each[:, -1] > each[:, (kind + 1) * len(STRENGTHS) - 1] for kind in range(len(KINDS))])

    def pooled(kinds: list[str]) -> float:
        chosen = np.isin(held_back.sorts, kinds)
        return float(-spearmanr(scores[chosen], held_back.strengths[chosen])[0])

    by_kind = " ".join(f"{kind} {pooled([kind]):.2f}" for kind in KINDS)
    return f"pooled {pooled(SEEN):.3f} original first {wins:.3f} {by_kind}"


def optimiser_of(network: Network) -> torch.optim.Optimizer:
    """AdamW; what is not a kernel does not decay."""
    kernels = [one for one in network.parameters() if one.ndim > 1]
    others = [one for one in network.parameters() if one.ndim <= 1]
    groups: list[dict[str, Any]] = [{"params": kernels, "weight_decay": WEIGHT_DECAY}]
    return torch.optim.AdamW([*groups, {"params": others, "weight_decay": 0}], RATE)


def follow(average: Network, network: Network, number: int) -> None:
    """Move the running average towards the weights after step `number`; at first it keeps less of itself."""
    keep = min(AVERAGE, (number + 1) / (number + 10))
    with torch.no_grad():
        for mean, value in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.mul_(keep).add_(value, alpha=1 - keep)
            else:
                mean.copy_(value)


def teach(folder: Path, work: Path) -> Network:
    """Train, keeping all that is needed to go on in a checkpoint; the running average of the weights."""
    stored, marks = np.load(folder / VIEWS, mmap_mode="r"), np.load(folder / MARKS)
    held_back = checks(widen_nima.photographs(folder, True))
    network = Network()
    average, optimiser, checkpoint, begin = copy.deepcopy(network), optimiser_of(network), work / CHECKPOINT, 0
    if checkpoint.exists():
        begin, state, mean, moments = torch.load(checkpoint)
        network.load_state_dict(state)
        average.load_state_dict(mean)
        optimiser.load_state_dict(moments)
    ahead, began = ThreadPoolExecutor(1), time.time()
    coming = ahead.submit(drawn, stored, marks, begin)
    for number in range(begin, STEPS):
        batch, coming = coming.result(), ahead.submit(drawn, stored, marks, number + 1)
        for settings in optimiser.param_groups:
            settings["lr"] = RATE * min(1, (number + 1) / 150) * (1 + math.cos(math.pi * number / STEPS)) / 2 + 1e-6
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = MOMENTUM[number >= STEPS - WHOLE]
        loss = loss_of(network(tensor_of(batch.inputs)), batch)
        optimiser.zero_grad()
        loss.backward()
        clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        follow(average, network, number)
        if number % 300 == 299 or number == STEPS - 1:
            torch.save((number + 1, network.state_dict(), average.state_dict(), optimiser.state_dict()), checkpoint)
            took = f"{number + 1} {time.time() - began:.0f} s loss {float(loss.detach()):.3f}"
            print(f"{took} held back: {figures(average, held_back)}", flush=True)
    return average


def main() -> None:
    """Make the views, or teach the network and write its weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["views", "teach"])
    parser.add_argument("--folder", type=Path, required=True, help="the folder given to prepare.py")
    parser.add_argument("--work", type=Path, required=True, help="where the result goes")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(1)
    if arguments.what == "views":
        make_views(arguments.folder)
        return
    nima.save_hdf5(arguments.work / "nima_technical.taught.hdf5", exported(teach(arguments.folder, arguments.work)))


if __name__ == "__main__":
    main()
