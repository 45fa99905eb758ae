"""pyiqa's MUSIQ on given weights and pictures, timed. Runs in an environment of its own that has torch and pyiqa.

pyiqa's licence forbids commercial use, so it is no dependency of this project and nothing of it is in here.

    python pyiqa_musiq.py WEIGHTS.npz PICTURE.npy ... --threads 2

For each picture (uint8 [height, width, 3]) it waits for a line on standard input, scores the picture once, and answers
with a line of JSON: `seconds` and `score`. So the caller decides whose turn it is.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
import types
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import torch

_PACKAGES = ("pyiqa", "pyiqa.archs", "pyiqa.utils", "pyiqa.data")
_LEFT_OUT = ("torchvision", "torchvision.transforms", "torchvision.transforms.functional", "huggingface_hub")


def network() -> Any:
    """pyiqa's class, without its package's own imports: those want every other metric's libraries, and the network."""
    found = importlib.util.find_spec("pyiqa")
    assert found is not None and found.origin is not None
    root = Path(found.origin).parents[1]
    for name in _PACKAGES:
        shell = types.ModuleType(name)
        shell.__path__ = [str(root / name.replace(".", "/"))]
        sys.modules[name] = shell
    for name in _LEFT_OUT:
        sys.modules[name] = MagicMock()
    from pyiqa.archs.musiq_arch import MUSIQ

    return MUSIQ(pretrained=False).eval()


def state(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """The checkpoint's arrays under the names and in the layouts of the torch module."""
    result: dict[str, np.ndarray] = {}
    encoder = "transformer_encoder."

    def put(name: str, source: str, kernel: np.ndarray | None = None) -> None:
        weight = arrays[f"{source}/kernel"] if kernel is None else kernel
        result[f"{name}.weight"] = weight.reshape(weight.shape[0], -1).T if weight.ndim == 2 else weight
        if f"{source}/bias" in arrays:
            result[f"{name}.bias"] = arrays[f"{source}/bias"].ravel()

    def norm(name: str, source: str) -> None:
        result[f"{name}.weight"] = arrays[f"{source}/scale"].ravel()
        result[f"{name}.bias"] = arrays[f"{source}/bias"].ravel()

    def convolution(name: str, source: str) -> None:
        result[f"{name}.weight"] = arrays[f"{source}/kernel"].transpose(3, 2, 0, 1)

    convolution("conv_root", "conv_root")
    norm("gn_root", "gn_root")
    for part in ("1", "2", "3", "_proj"):
        convolution(f"block1.conv{part}", f"block1/unit1/conv{part}")
        norm(f"block1.gn{part}", f"block1/unit1/gn{part}")
    put("embedding", "embedding")
    result[f"{encoder}posembed_input.position_emb"] = arrays["Transformer/posembed_input/pos_embedding"]
    result[f"{encoder}scaleembed_input.scale_emb"] = arrays["Transformer/scaleembed_input/scale_embedding"][0]
    result[f"{encoder}cls"] = arrays["Transformer/cls"]
    norm(f"{encoder}encoder_norm", "Transformer/encoder_norm")
    layer = 0
    while f"Transformer/encoderblock_{layer}/LayerNorm_0/scale" in arrays:
        source, block = f"Transformer/encoderblock_{layer}/", f"{encoder}transformer.encoderblock_{layer}."
        norm(f"{block}norm1", f"{source}LayerNorm_0")
        norm(f"{block}norm2", f"{source}LayerNorm_2")
        for part in ("query", "key", "value", "out"):
            where = f"{source}MultiHeadDotProductAttention_1/{part}"
            kernel = arrays[f"{where}/kernel"]
            width = kernel.shape[2] if part == "out" else kernel.shape[0]
            put(f"{block}attention.{part}", where, kernel.reshape(width, width))
        for number in (0, 1):
            put(f"{block}mlp.fc{number + 1}", f"{source}MlpBlock_3/Dense_{number}")
        layer += 1
    put("head", "head")
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in result.items()}


def main() -> None:
    """Load everything, then score when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("pictures", type=Path, nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with np.load(arguments.weights) as archive:
        arrays = {name.removeprefix("opt/target/"): archive[name] for name in archive.files}
    model = network()
    model.load_state_dict(state(arrays), strict=True)
    inputs = [
        torch.from_numpy(np.load(path)).permute(2, 0, 1)[None].float().div(255).contiguous()
        for path in arguments.pictures
    ]
    with torch.inference_mode():
        for line in sys.stdin:
            started = time.perf_counter()
            score = float(model(inputs[int(line)]).ravel()[0])
            print(json.dumps({"seconds": time.perf_counter() - started, "score": score}), flush=True)


if __name__ == "__main__":
    main()
