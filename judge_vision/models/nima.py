"""NIMA: MobileNet v1 with a ten-way rating head (Talebi and Milanfar, arXiv 1709.05424; weights by idealo).

Written in plain TensorFlow operations, so that the same code reads the published files under Keras 2 and Keras 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.failure import UserError
from judge_vision.photograph.scale import sampled

INPUT_SIDE = 224
RATINGS = np.arange(1.0, 11.0)

# MobileNet v1, table 1 of arXiv 1704.04861: stride and output channels of the 13 separable blocks.
_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
_CHANNELS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
_BATCH_NORM = ("gamma", "beta", "moving_mean", "moving_variance")
_EPSILON = 1e-3

# Zero rows or columns (before, after) around the input of a stride-2 depthwise layer. The official files were trained
# with Keras 2.1, which pads both sides there; every later Keras pads one, and then the network looks half a pixel away.
# The first convolution pads one side in either, as the golden scores show.
PADDING = {"symmetric": (1, 1), "asymmetric": (0, 1)}

Weights = dict[str, npt.NDArray[np.float32]]


def weight_shapes(alpha: float) -> dict[str, tuple[int, ...]]:
    """Name and shape of every array of the network of width `alpha`, in the published naming (`layer/weight`)."""
    shapes: dict[str, tuple[int, ...]] = {}

    def batch_norm(layer: str, channels: int) -> None:
        shapes.update({f"{layer}/{name}": (channels,) for name in _BATCH_NORM})

    channels = int(32 * alpha)
    shapes["conv1/kernel"] = (3, 3, 3, channels)
    batch_norm("conv1_bn", channels)
    for block, width in enumerate(_CHANNELS, 1):
        shapes[f"conv_dw_{block}/depthwise_kernel"] = (3, 3, channels, 1)
        batch_norm(f"conv_dw_{block}_bn", channels)
        shapes[f"conv_pw_{block}/kernel"] = (1, 1, channels, int(width * alpha))
        channels = int(width * alpha)
        batch_norm(f"conv_pw_{block}_bn", channels)
    return {**shapes, "dense_1/kernel": (channels, 10), "dense_1/bias": (10,)}


def load_hdf5(path: Path, alpha: float) -> Weights:
    """Every array of the network out of a legacy Keras HDF5 weight file.

    Raises UserError, one line, where the file is unreadable or an array is missing, spare or misshaped: a head that
    silently keeps random numbers is what happens otherwise (the published head is called `dense_1`).
    """
    import h5py

    found: Weights = {}
    try:
        with h5py.File(path, "r") as file:
            group = file.get("model_weights", file)  # there in a whole saved model
            for layer in group.attrs["layer_names"]:
                for name in group[layer].attrs["weight_names"]:
                    text = _text(name)
                    key = f"{_text(layer)}/{text.rsplit('/', 1)[-1].split(':')[0]}"
                    found[key] = np.asarray(group[layer][text], np.float32)
    except (OSError, KeyError, ValueError) as error:
        raise UserError(f"{path} is not a complete Keras weight file ({error}); fetch it again") from None
    check_arrays(path, found, weight_shapes(alpha))
    return found


def check_arrays(path: Path, found: Mapping[str, npt.NDArray[Any]], wanted: Mapping[str, Sequence[int]]) -> None:
    """Raise UserError, one line, naming the first array that is missing, spare, misshaped or not finite."""
    missing, spare = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    shaped = [key for key in wanted if key in found and found[key].shape != tuple(wanted[key])]
    broken = [key for key in found if not np.isfinite(found[key]).all()]
    what = ""
    if missing:
        what = f"array {missing[0]} is missing ({len(missing)} in all)"
    elif spare:
        what = f"array {spare[0]} does not belong ({len(spare)} in all)"
    elif shaped:
        what = f"array {shaped[0]} has shape {list(found[shaped[0]].shape)}, {list(wanted[shaped[0]])} is needed"
    elif broken:
        what = f"array {broken[0]} holds numbers that are not finite"
    if what:
        raise UserError(f"{path} does not fit the network: {what}; is it the right file for this model?")


def save_hdf5(path: Path, weights: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Write `weights` (named as in `weight_shapes`) in the legacy Keras layout that `load_hdf5` reads, compressed."""
    import h5py

    layers: dict[str, list[str]] = {}
    for key in weights:
        layers.setdefault(key.split("/")[0], []).append(key)
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.encode() for layer in layers]
        for layer, keys in layers.items():
            group = file.create_group(layer)
            group.attrs["weight_names"] = [f"{key}:0".encode() for key in keys]
            for key in keys:
                data = weights[key]
                # small arrays would take more room so, not less
                packing: dict[str, Any] = {"compression": "gzip", "shuffle": True} if data.size > 4096 else {}
                group.create_dataset(f"{key}:0", data=data, track_times=False, **packing)


def prepare(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The network's input, float32 [224, 224, 3] in -1..1, of a picture, uint8 [height, width, 3].

    The whole picture whatever its shape, by nearest neighbour: the default of Keras' `load_img`, as in the original.
    """
    from PIL import Image

    return scaled(np.asarray(sampled(Image.fromarray(picture), INPUT_SIDE)))


def scaled(sample: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The network's input of a sample, uint8 [224, 224, 3], in -1..1."""
    return np.asarray(sample, np.float32) / np.float32(127.5) - np.float32(1)


def folded(weights: Mapping[str, npt.NDArray[np.float32]]) -> Weights:
    """The same network with each batch normalisation folded into the convolution before it: `layer/kernel|bias`."""
    result: Weights = {}
    for key, array in weights.items():
        layer, name = key.split("/")
        if name not in ("kernel", "depthwise_kernel") or layer == "dense_1":
            continue
        gamma, beta, mean, variance = (weights[f"{layer}_bn/{part}"].astype(np.float64) for part in _BATCH_NORM)
        scale = gamma / np.sqrt(variance + _EPSILON)
        shape = (1, 1, -1, 1) if name == "depthwise_kernel" else (1, 1, 1, -1)
        result[f"{layer}/kernel"] = (array * scale.reshape(shape)).astype(np.float32)
        result[f"{layer}/bias"] = (beta - mean * scale).astype(np.float32)
    return {**result, "dense_1/kernel": weights["dense_1/kernel"], "dense_1/bias": weights["dense_1/bias"]}


def forward(weights: Mapping[str, Any], pictures: Any, padding: str) -> Any:
    """Rating distributions, float32 [batch, 10], of inputs [batch, 224, 224, 3]; `weights` are `folded`."""
    import tensorflow as tf

    def convolve(x: Any, layer: str, stride: int) -> Any:
        kernel = weights[f"{layer}/kernel"]
        mode = "SAME"
        if stride == 2:
            around = PADDING["asymmetric" if layer == "conv1" else padding]
            x = tf.pad(x, [[0, 0], around, around, [0, 0]])
            mode = "VALID"
        operation = tf.nn.depthwise_conv2d if layer.startswith("conv_dw") else tf.nn.conv2d
        return tf.nn.relu6(operation(x, kernel, [1, stride, stride, 1], mode) + weights[f"{layer}/bias"])

    x = convolve(pictures, "conv1", 2)
    for block, stride in enumerate(_STRIDES, 1):
        x = convolve(x, f"conv_dw_{block}", stride)
        x = convolve(x, f"conv_pw_{block}", 1)
    pooled = tf.reduce_mean(x, axis=[1, 2])
    return tf.nn.softmax(pooled @ weights["dense_1/kernel"] + weights["dense_1/bias"])


def mean_and_std(distribution: npt.NDArray[np.floating[Any]]) -> tuple[float, float]:
    """Mean and standard deviation of ratings 1..10 with these probabilities, [10]."""
    probability = np.asarray(distribution, np.float64)
    mean = float(RATINGS @ probability)
    return mean, float(np.sqrt(probability @ (RATINGS - mean) ** 2))


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
