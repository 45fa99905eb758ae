"""Refine the aesthetic NIMA network on ever new views; starts from the weights that train_nima.py left.

train_nima.py learns its scenes by heart. Here each step draws photographs, views, tone and damages afresh from what
nima_inputs.py made. Batch normalisation is folded into the convolutions and stays so: the statistics are
those of use, and a step costs half. The learning rate is constant first, then falls, with more of what passes for a
photograph; the result is the running average of the weights. Every HELD_BACK-th photograph is not learnt here: figures
on these, printed on the way, choose between runs, so that the held-out photographs need not.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import cv2
import nima_inputs
import numpy as np
import torch
from distortions import DAMAGES, NEGATIVES, Generator, Picture, negative, recolour
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from judge_vision.models import nima

ALPHA = 0.25
SEED = 12
STEPS = (500, 350, 350)
"""Steps at the constant learning rate, those in which it would fall to nothing, and how many of these are done."""
RATE = 6e-4
SCENES = 4  # in a step
OTHERS = (4, 8)  # in a step: what is no photograph, at the constant and at the falling rate
HELD_BACK = 12
SPREAD = 1.2  # standard deviation of the rating distributions to learn
AVERAGE = 0.995  # what the running average keeps of itself at each step
TONE = 0.4  # how much `toned` changes
WORST = 4.0  # strength given to what is no photograph

Batch = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


class Network(nn.Module):
    """MobileNet v1 without batch normalisation, from `nima.folded` weights; logits of the ten ratings."""

    def __init__(self, weights: nima.Weights) -> None:
        """Keep each array as a parameter, transposed to PyTorch's order of axes."""
        super().__init__()
        self.layers = [key.removesuffix("/kernel") for key in weights if key.endswith("/kernel")]
        self.arrays = nn.ParameterDict()
        for key, array in weights.items():
            tensor = torch.tensor(array)
            if array.ndim == 4:
                swapped = tensor.permute((2, 3, 0, 1) if key.startswith("conv_dw") else (3, 2, 0, 1))
                tensor = swapped.contiguous(memory_format=torch.channels_last)
            self.arrays[key.replace("/", ":")] = nn.Parameter(tensor)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits [batch, 10] of inputs [batch, 3, height, width] in -1..1."""
        for layer in self.layers[:-1]:
            kernel, bias = self.arrays[f"{layer}:kernel"], self.arrays[f"{layer}:bias"]
            deep = layer.startswith("conv_dw")
            stride = 2 if layer == "conv1" or layer in ("conv_dw_2", "conv_dw_4", "conv_dw_6", "conv_dw_12") else 1
            if stride == 2:
                x = functional.pad(x, (0, 1, 0, 1))
            around = 1 if stride == 1 and kernel.shape[-1] == 3 else 0
            x = functional.relu6(
                functional.conv2d(x, kernel, bias, stride, around, groups=kernel.shape[0] if deep else 1)
            )
        return x.mean((2, 3)) @ self.arrays["dense_1:kernel"] + self.arrays["dense_1:bias"]


def exported(state: dict[str, torch.Tensor]) -> nima.Weights:
    """The arrays under the published names, with a batch normalisation that changes nothing but adds the bias."""
    result: nima.Weights = {}
    for key, tensor in state.items():
        name = key.removeprefix("arrays.").replace(":", "/")
        layer, part = name.split("/")
        array = tensor.detach().numpy()
        if layer == "dense_1":
            result[name] = array
        elif part == "bias":
            one = np.ones_like(array)
            result |= {f"{layer}_bn/gamma": one, f"{layer}_bn/beta": array, f"{layer}_bn/moving_mean": 0 * one}
            result[f"{layer}_bn/moving_variance"] = one - np.float32(1e-3)  # Keras adds this much before the root
        elif layer.startswith("conv_dw"):
            result[f"{layer}/depthwise_kernel"] = array.transpose(2, 3, 0, 1)
        else:
            result[name] = array.transpose(2, 3, 1, 0)
    return result


def toned(pictures: Picture, much: float, random: Generator) -> Picture:
    """Versions of a scene [version, height, width, 3] with a little other gamma, white balance and saturation."""
    gamma, gains = 2 ** (0.2 * much * random.standard_normal()), 2 ** (0.06 * much * random.standard_normal(3))
    levels = np.arange(256)[:, None] / 255
    table = (np.clip(levels**gamma * gains, 0, 1) * 255 + 0.5).astype(np.uint8)
    sheet = cv2.LUT(np.ascontiguousarray(pictures).reshape(-1, pictures.shape[2], 3), table[None])
    grey = cv2.cvtColor(cv2.cvtColor(sheet, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    share = 1 + much * random.uniform(-0.3, 0.3)
    return cv2.addWeighted(sheet, share, grey, 1 - share, 0).reshape(pictures.shape)


def scene(stored: Picture, marks: np.ndarray, random: Generator) -> tuple[Picture, list[str], list[float]]:
    """A photograph and its damaged versions [version, 224, 224, 3], damages, and strengths: 0, or 1 to 2."""
    made = nima_inputs.VERSIONS
    kinds = ["none", *DAMAGES, str(random.choice(["tilt", "crop", "cast"]))]
    places, strengths = [], []
    for kind in kinds:
        at = [place for place, name in enumerate(made) if name == kind]
        places.append(int(random.choice(at)) if at else -1)
    clean = int(random.choice([place for place, name in enumerate(made) if name == "none"]))
    rows = [clean if place < 0 else place for place in places]
    pictures = toned(stored[rows], TONE, random)
    if random.random() < 0.5:
        pictures = np.ascontiguousarray(pictures[:, :, ::-1])
    for row, (kind, place) in enumerate(zip(kinds, places, strict=True)):
        strengths.append(float(marks[place]) if place >= 0 else float(random.uniform(0, 1)))
        if place < 0:
            pictures[row] = recolour(pictures[row], kind, strengths[-1], random)
        if kind != "none":
            strengths[-1] += 1
    return pictures, kinds, strengths


def mistakable(random: Generator) -> Picture:
    """An input that passes for a photograph most easily: fine grey noise of a narrow range, or a page of light text."""
    side = nima.INPUT_SIDE
    if random.random() < 0.6:
        low, high = sorted(random.integers(0, 256, 2))
        fine = random.integers(low, high + 1, (side, side, 1 if random.random() < 0.7 else 3))
        return np.repeat(fine, 3 // fine.shape[2], axis=2).astype(np.uint8)
    page = nima_inputs.sample(
        negative("text", (int(random.integers(350, 600)), int(random.integers(450, 700))), random)
    )
    return 255 - page if page.mean() > 128 else page


def no_photograph(random: Generator) -> Picture:
    """An input that is none: as `negative` makes them, and kinds of noise and blank frames beyond these."""
    kind, side = int(random.integers(6)), nima.INPUT_SIDE
    if kind < 3:
        size = (int(random.integers(300, 600)), int(random.integers(300, 700)))
        return nima_inputs.sample(negative(NEGATIVES[kind], size, random))
    if kind == 3:  # a blank frame with a gradient and a little noise
        ends = random.uniform(0, 255, (2, 3)) if random.random() < 0.5 else random.uniform(0, 255, 3) + np.zeros((2, 3))
        way = np.linspace(0, 1, side)[:, None, None]
        picture = (ends[0] * (1 - way) + ends[1] * way) + np.zeros((side, side, 3))
        picture += random.uniform(0, 6) * random.standard_normal((side, side, 1 if random.random() < 0.5 else 3))
        return np.clip(picture if random.random() < 0.5 else picture.transpose(1, 0, 2), 0, 255).astype(np.uint8)
    grey = 1 if random.random() < 0.4 else 3
    if kind == 4:  # noise about a colour, of one grain or another, soft or hard
        grain, centre = int(random.choice([1, 1, 2, 3, 5, 9])), random.uniform(0, 255, grey)
        few = -(-side // grain)
        noise = random.standard_normal((few, few, grey)) * random.uniform(20, 140) + centre
        way = cv2.INTER_NEAREST if random.random() < 0.6 else cv2.INTER_CUBIC
        picture = cv2.resize(np.repeat(noise, 3 // grey, axis=2), (grain * few,) * 2, interpolation=way)
        return np.clip(picture[:side, :side], 0, 255).astype(np.uint8)
    waves = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))[..., None] + 1 / side
    noise = np.fft.fft2(random.standard_normal((side, side, grey)), axes=(0, 1)) / waves ** random.uniform(0.2, 1.6)
    cloud = np.fft.ifft2(noise, axes=(0, 1)).real  # noise whose power falls with the frequency
    cloud *= random.uniform(30, 80) / cloud.std()
    return np.clip(np.repeat(cloud, 3 // grey, axis=2) + random.uniform(60, 190), 0, 255).astype(np.uint8)


def batch(stored: np.ndarray, marks: np.ndarray, photographs: np.ndarray, others: int, random: Generator) -> Batch:
    """Inputs [picture, 224, 224, 3], numbers of the scenes (-1: no photograph), damages, and strengths."""
    inputs, groups, kinds, strengths = [], [], [], []
    for group, photograph in enumerate(random.choice(photographs, SCENES, replace=False)):
        number = int(random.integers(nima_inputs.SCENES))
        made = scene(stored[photograph, number], marks[photograph, number], random)
        inputs.append(made[0])
        kinds += made[1]
        strengths += made[2]
        groups += [group] * len(made[1])
    inputs.append(np.stack([no_photograph(random) if n < OTHERS[0] else mistakable(random) for n in range(others)]))
    return (
        np.concatenate(inputs),
        np.array(groups + [-1] * others),
        np.array(kinds + ["other"] * others),
        np.array(strengths + [WORST] * others, np.float32),
    )


def tensor_of(inputs: np.ndarray) -> torch.Tensor:
    """What the network takes, [picture, 3, height, width] in -1..1, of uint8 [picture, height, width, 3]."""
    return torch.from_numpy(np.ascontiguousarray(inputs)).permute(0, 3, 1, 2).float() / 127.5 - 1


RATINGS = torch.arange(1.0, 11.0)


def loss_of(logits: torch.Tensor, groups: np.ndarray, kinds: np.ndarray, strengths: np.ndarray) -> torch.Tensor:
    """Squared earth mover's distance to the wanted distributions, and pairs in the wrong order.

    Pairs: a photograph against its own versions and against what is none.
    """
    strength = torch.from_numpy(strengths)
    given = torch.softmax(logits, 1)
    wanted = torch.softmax(-(((RATINGS - (7.2 - 1.4 * strength)[:, None]) / SPREAD) ** 2) / 2, 1)
    off = ((given.cumsum(1) - wanted.cumsum(1)) ** 2).mean()
    score = given @ RATINGS
    gap = strength[None, :] - strength[:, None]
    own = (groups[None, :] == groups[:, None]) | (groups[None, :] == -1)
    fair = np.where(groups == -1, OTHERS[0] / (groups == -1).sum(), 1.0).astype(np.float32)
    pairs = torch.from_numpy((own & (kinds == "none")[:, None]) * fair[None, :]) * (gap > 0)
    ahead = score[:, None] - score[None, :]
    ranked = (pairs * functional.softplus(-3 * ahead)).sum() / pairs.sum()
    return 3 * off + ranked


def figures(network: Network, batches: list[Batch]) -> str:
    """Of the photographs held back: pairs won by damage, and against what is no photograph."""
    wins: dict[str, list[bool]] = {}
    with torch.no_grad():
        for inputs, groups, kinds, _ in batches:
            score = (torch.softmax(network(tensor_of(inputs)), 1) @ RATINGS).numpy()
            for row in np.flatnonzero(kinds != "none"):
                best = score[(kinds == "none") & ((groups == groups[row]) | (groups[row] == -1))]
                wins.setdefault(kinds[row], []).extend(best > score[row])
    text = " ".join(f"{kind} {np.mean(values):.3f}" for kind, values in sorted(wins.items()))
    return f"{text} | all {np.mean([v for kind, part in wins.items() if kind != 'other' for v in part]):.3f}"


def refine(folder: Path, work: Path) -> nima.Weights:
    """Train, keeping all that is needed to go on in a checkpoint; the averaged weights."""
    stored = np.load(folder / "nima_inputs" / "aesthetic.npy", mmap_mode="r")
    marks = np.load(folder / "nima_inputs" / "aesthetic_strengths.npy")
    numbers = np.arange(len(stored))
    back, learnt = numbers[::HELD_BACK], numbers[numbers % HELD_BACK != 0]
    checks = [batch(stored, marks, back, OTHERS[1], np.random.default_rng((SEED, number, 1))) for number in range(25)]
    start = nima.folded(nima.load_hdf5(work / "nima_aesthetic.hdf5", ALPHA))
    network, judged = Network(start), Network(start)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-3)
    average = {key: value.clone() for key, value in network.state_dict().items()}
    checkpoint = work / "refine_aesthetic.pt"
    begin, (steady, falling, done) = 0, STEPS
    if checkpoint.exists():
        begin, state, moments, average = torch.load(checkpoint)
        network.load_state_dict(state)
        optimiser.load_state_dict(moments)
    started, running = time.time(), 0.0
    for number in range(begin, steady + done):
        random = np.random.default_rng((SEED, number, 0))
        inputs, groups, kinds, strengths = batch(stored, marks, learnt, OTHERS[number >= steady], random)
        share = min(1.0, (number + 1) / 100, (steady + falling - number) / falling)
        for settings in optimiser.param_groups:
            settings["lr"] = RATE * share
        loss = loss_of(network(tensor_of(inputs)), groups, kinds, strengths)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        running += float(loss.detach())
        for key, value in network.state_dict().items():
            average[key].mul_(AVERAGE).add_(value, alpha=1 - AVERAGE)
        if number % 50 == 49:
            print(f"{number + 1} {time.time() - started:.0f} s loss {running / 50:.4f}", flush=True)
            running = 0.0
        if number % 250 == 249 or number in (steady - 1, steady + done - 1):
            torch.save((number + 1, network.state_dict(), optimiser.state_dict(), average), checkpoint)
            judged.load_state_dict(average)
            print(f"{number + 1} held back: {figures(judged, checks)}", flush=True)
    return exported(average)


def main() -> None:
    """Refine, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the folder given to prepare.py")
    parser.add_argument("--work", type=Path, required=True, help="where train_nima.py left its result, and this goes")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(SEED)
    nima.save_hdf5(arguments.work / "nima_aesthetic.refined.hdf5", refine(arguments.folder, arguments.work))


if __name__ == "__main__":
    main()
