"""MUSIQ's network: a transformer over patches of three scales (Ke et al., ICCV 2021, arXiv 2108.05997).

Reads the official checkpoints (`.npz`, arrays named `opt/target/...`). The small bundle uses the same code with smaller
numbers in `Architecture`. Preprocessing is in `musiq_patches.py`.
"""

from __future__ import annotations

import dataclasses
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.failure import UserError
from judge_vision.models.nima import check_arrays

PREFIX = "opt/target/"
_BLOCK = "Transformer/encoderblock_{}/"
_ATTENTION = "MultiHeadDotProductAttention_1/"

ATTENTION_BYTES = 256 << 20
"""Size of the largest array of attention logits, [batch, heads, queries, keys], that `encode` makes when `bounded`; its
softmax is a second one. All at once they would be 13 GB for a picture of 24 megapixels."""

Weights = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Architecture:
    """The numbers of the network; the defaults are those of the official checkpoints."""

    root: int = 64
    """Channels of the first convolution; the bottleneck unit gives four times as many."""
    groups: int = 32
    """Groups of every group normalisation."""
    width: int = 384
    heads: int = 6
    mlp: int = 1152
    layers: int = 14
    outputs: int = 1
    """1: a score; 10: a distribution over the ratings 1..10, whose mean is the score."""
    grid: int = 10
    """Side of the grid of hashed positions."""
    scales: tuple[int, ...] = (224, 384)
    """Longer sides of the scaled versions; the picture at its own size is added as the last scale."""


def read_architecture(numbers: Mapping[str, Any]) -> Architecture:
    """The architecture that a bundle describes by the fields that differ from the official one.

    Raises UserError for an unknown field or numbers that do not fit together.
    """
    known = {field.name for field in dataclasses.fields(Architecture)}
    unknown = sorted(numbers.keys() - known)
    if unknown:
        raise UserError(f"MUSIQ's architecture has no field {unknown[0]!r}; known: {', '.join(sorted(known))}")
    values: dict[str, Any] = {**numbers, "scales": tuple(numbers.get("scales", Architecture.scales))}
    arch = Architecture(**values)
    if arch.width % arch.heads or arch.root % arch.groups:
        raise UserError("MUSIQ's architecture does not add up; make width / heads and root / groups whole numbers")
    return arch


def weight_shapes(arch: Architecture) -> dict[str, tuple[int, ...]]:
    """Name and shape of every array below `opt/target/`."""
    root, width, head = arch.root, arch.width, arch.width // arch.heads
    shapes: dict[str, tuple[int, ...]] = {"conv_root/kernel": (7, 7, 3, root), "embedding/kernel": (256 * root, width)}

    def norm(name: str, channels: int, group: bool = True) -> None:
        shape = (1, 1, 1, channels) if group else (channels,)
        shapes.update({f"{name}/scale": shape, f"{name}/bias": shape})

    norm("gn_root", root)
    unit = "block1/unit1/"
    for name, kernel in {
        "proj": (1, 1, root, 4 * root),
        "1": (1, 1, root, root),
        "2": (3, 3, root, root),
        "3": (1, 1, root, 4 * root),
    }.items():
        shapes[f"{unit}conv{'_' if name == 'proj' else ''}{name}/kernel"] = kernel
        norm(f"{unit}gn{'_' if name == 'proj' else ''}{name}", kernel[3])
    shapes["embedding/bias"] = (width,)
    shapes["Transformer/posembed_input/pos_embedding"] = (1, arch.grid**2, width)
    shapes["Transformer/scaleembed_input/scale_embedding"] = (1, len(arch.scales) + 1, width)
    shapes["Transformer/cls"] = (1, 1, width)
    for layer in range(arch.layers):
        block = _BLOCK.format(layer)
        norm(f"{block}LayerNorm_0", width, group=False)
        norm(f"{block}LayerNorm_2", width, group=False)
        for name in ("query", "key", "value"):
            shapes[f"{block}{_ATTENTION}{name}/kernel"] = (width, arch.heads, head)
            shapes[f"{block}{_ATTENTION}{name}/bias"] = (arch.heads, head)
        shapes[f"{block}{_ATTENTION}out/kernel"] = (arch.heads, head, width)
        shapes[f"{block}{_ATTENTION}out/bias"] = (width,)
        for name, shape in {"Dense_0": (width, arch.mlp), "Dense_1": (arch.mlp, width)}.items():
            shapes[f"{block}MlpBlock_3/{name}/kernel"] = shape
            shapes[f"{block}MlpBlock_3/{name}/bias"] = shape[1:]
    norm("Transformer/encoder_norm", width, group=False)
    return {**shapes, "head/kernel": (width, arch.outputs), "head/bias": (arch.outputs,)}


def load_npz(path: Path, arch: Architecture) -> Weights:
    """Every array below `opt/target/` of a checkpoint, without that prefix; other arrays are the optimiser's.

    Raises UserError, one line, where the file is unreadable or an array is missing, spare or misshaped.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = {
                name.removeprefix(PREFIX): np.asarray(archive[name], np.float32)
                for name in archive.files
                if name.startswith(PREFIX)
            }
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path} is not a complete MUSIQ checkpoint ({error}); fetch it again") from None
    check_arrays(path, found, weight_shapes(arch))
    return found


def save_npz(path: Path, weights: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Write `weights` as a checkpoint that `load_npz` reads."""
    np.savez(path, **{PREFIX + name: np.asarray(array, np.float32) for name, array in weights.items()})


def initial_weights(arch: Architecture, seed: int) -> Weights:
    """Random weights to start training from: Glorot-like kernels, small embeddings, neutral norms."""
    generator = np.random.default_rng(seed)
    result: Weights = {}
    for name, shape in weight_shapes(arch).items():
        last = name.rsplit("/", 1)[-1]
        if last == "scale":
            result[name] = np.ones(shape, np.float32)
        elif last == "bias":
            result[name] = np.zeros(shape, np.float32)
        else:
            fan_in = shape[0] if name.split("/")[-2] in ("query", "key", "value") else int(np.prod(shape[:-1]))
            spread = 1 / np.sqrt(fan_in) if last == "kernel" else 0.02
            result[name] = generator.standard_normal(shape, dtype=np.float32) * np.float32(spread)
    return result


def standardised(weights: Mapping[str, Any]) -> dict[str, Any]:
    """The weights with the convolutions weight-standardised: population std + 1e-5 over all but the output channel."""
    import tensorflow as tf

    result = dict(weights)
    for name in weights:
        if name.startswith(("conv_root", "block1/unit1/conv")):
            mean, variance = tf.nn.moments(weights[name], axes=[0, 1, 2], keepdims=True)
            result[name] = (weights[name] - mean) / (tf.sqrt(variance) + 1e-5)
    return result


def embed(weights: Mapping[str, Any], arch: Architecture, patches: Any) -> Any:
    """Patch embeddings [n, width] of patches [n, 32, 32, 3] in -1..1; `weights` are `standardised`."""
    import tensorflow as tf

    def convolve(x: Any, name: str, stride: int = 1) -> Any:
        return tf.nn.conv2d(x, weights[f"{name}/kernel"], stride, "SAME")

    def norm(x: Any, name: str, epsilon: float) -> Any:
        # Means over positions, then over a group's channels by a small matrix product: several times faster than
        # reshaping to groups. The variance is that of centred values: a flat patch has none, and E[x^2] - E[x]^2 would.
        side, channels = x.shape[1], x.shape[3]
        size = channels // arch.groups
        average = np.kron(np.eye(arch.groups), np.full((size, size), 1 / size)).astype(np.float32)
        flat = tf.reshape(x, [-1, side * side, channels])
        centred = flat - (tf.reduce_mean(flat, axis=1) @ average)[:, None]
        variance = tf.reduce_mean(centred * centred, axis=1) @ average
        factor = tf.math.rsqrt(variance + epsilon) * tf.reshape(weights[f"{name}/scale"], [1, channels])
        flat = centred * factor[:, None] + tf.reshape(weights[f"{name}/bias"], [channels])
        return tf.reshape(flat, [-1, side, side, channels])

    unit = "block1/unit1/"
    x = tf.nn.relu(norm(convolve(patches, "conv_root", 2), "gn_root", 1e-6))
    x = tf.nn.max_pool2d(x, 3, 2, "SAME")
    shortcut = norm(convolve(x, f"{unit}conv_proj"), f"{unit}gn_proj", 1e-4)
    for name in ("1", "2"):
        x = tf.nn.relu(norm(convolve(x, f"{unit}conv{name}"), f"{unit}gn{name}", 1e-4))
    x = tf.nn.relu(norm(convolve(x, f"{unit}conv3"), f"{unit}gn3", 1e-4) + shortcut)
    return tf.reshape(x, [-1, 256 * arch.root]) @ weights["embedding/kernel"] + weights["embedding/bias"]


def encode(
    weights: Mapping[str, Any],
    arch: Architecture,
    tokens: Any,
    where: Any,
    scale: Any,
    mask: Any,
    bounded: bool = False,
) -> Any:
    """Logits [batch, outputs] of embedded patches.

    `tokens` [batch, n, width]; `where` and `scale` int32 [batch, n], hashed position and scale of each; `mask` bool
    [batch, n], false for padding, which changes nothing. `bounded` keeps attention within `ATTENTION_BYTES`.
    """
    import tensorflow as tf

    positions = weights["Transformer/posembed_input/pos_embedding"][0]
    scales = weights["Transformer/scaleembed_input/scale_embedding"][0]
    x = tokens + tf.gather(positions, where) + tf.gather(scales, scale)
    batch = tf.shape(x)[0]
    x = tf.concat([tf.repeat(weights["Transformer/cls"], batch, axis=0), x], axis=1)
    mask = tf.concat([tf.ones([batch, 1], tf.bool), mask], axis=1)
    hidden = tf.where(mask, 0.0, -1e9)[:, None, None, :]
    for layer in range(arch.layers):
        # the head reads the first token only, so the last layer asks for no other
        x = _layer(weights, arch, _BLOCK.format(layer), x, hidden, bounded, last=layer == arch.layers - 1)
    x = _layer_norm(weights, "Transformer/encoder_norm", x[:, 0])
    return x @ weights["head/kernel"] + weights["head/bias"]


def mos(logits: npt.NDArray[np.floating[Any]]) -> float:
    """The score of one picture's logits [outputs]: the only one, or the mean of the ratings 1..n they are logits of."""
    values = np.asarray(logits, np.float64)
    if len(values) == 1:
        return float(values[0])
    probability = np.exp(values - values.max())
    return float(probability @ np.arange(1.0, len(values) + 1) / probability.sum())


def _layer_norm(weights: Mapping[str, Any], name: str, x: Any) -> Any:
    import tensorflow as tf

    centred = x - tf.reduce_mean(x, axis=-1, keepdims=True)
    variance = tf.reduce_mean(centred * centred, axis=-1, keepdims=True)
    return centred * (tf.math.rsqrt(variance + 1e-6) * weights[f"{name}/scale"]) + weights[f"{name}/bias"]


def _layer(
    weights: Mapping[str, Any], arch: Architecture, block: str, x: Any, hidden: Any, bounded: bool, last: bool
) -> Any:
    """One pre-norm encoder layer; `hidden` is added to the attention's logits, -1e9 for padding."""
    import tensorflow as tf

    width, head = arch.width, arch.width // arch.heads
    batch = tf.shape(x)[0]

    def dense(x: Any, name: str, inputs: int, outputs: int) -> Any:
        kernel = tf.reshape(weights[f"{block}{name}/kernel"], [inputs, outputs])
        bias = tf.reshape(weights[f"{block}{name}/bias"], [outputs])
        flat = tf.nn.bias_add(tf.matmul(tf.reshape(x, [-1, inputs]), kernel), bias)
        return tf.reshape(flat, [batch, -1, outputs])

    def by_head(x: Any, name: str) -> Any:
        mixed = dense(x, f"{_ATTENTION}{name}", width, width)
        return tf.transpose(tf.reshape(mixed, [batch, -1, arch.heads, head]), [0, 2, 1, 3])

    normed = _layer_norm(weights, f"{block}LayerNorm_0", x)
    key, value = by_head(normed, "key"), by_head(normed, "value")
    if last:
        x, normed = x[:, :1], normed[:, :1]
    query = by_head(normed, "query") * head**-0.5
    attend = _attend_in_parts if bounded and not last else _attend
    attended = tf.reshape(tf.transpose(attend(query, key, value, hidden), [0, 2, 1, 3]), [batch, -1, width])
    x = x + dense(attended, f"{_ATTENTION}out", width, width)
    inner = dense(_layer_norm(weights, f"{block}LayerNorm_2", x), "MlpBlock_3/Dense_0", width, arch.mlp)
    return x + dense(tf.nn.gelu(inner, approximate=True), "MlpBlock_3/Dense_1", arch.mlp, width)


def _attend(query: Any, key: Any, value: Any, hidden: Any) -> Any:
    """Attention [batch, heads, queries, head width] of arrays of that form."""
    import tensorflow as tf

    return tf.matmul(tf.nn.softmax(tf.matmul(query, key, transpose_b=True) + hidden), value)


def _attend_in_parts(query: Any, key: Any, value: Any, hidden: Any) -> Any:
    """`_attend` for as many queries at a time as fit `ATTENTION_BYTES`."""
    import tensorflow as tf

    shape = tf.cast(tf.shape(key), tf.int64)
    rows = tf.cast(tf.maximum(ATTENTION_BYTES // (4 * shape[0] * shape[1] * shape[2]), 1), tf.int32)
    parts = (tf.shape(query)[2] + rows - 1) // rows

    def attend_part(part: Any, done: Any) -> Any:
        attended = _attend(query[:, :, part * rows : (part + 1) * rows], key, value, hidden)
        return part + 1, done.write(part, tf.transpose(attended, [2, 0, 1, 3]))

    done = tf.TensorArray(tf.float32, parts, infer_shape=False, element_shape=[None, None, *query.shape[1::2]])
    _, done = tf.while_loop(lambda part, _: part < parts, attend_part, (0, done), parallel_iterations=1)
    return tf.transpose(done.concat(), [1, 2, 0, 3])
