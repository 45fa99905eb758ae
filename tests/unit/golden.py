"""Pictures and weights made by the rules that the golden files state."""

import json
import zlib
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "data" / "golden"


def read(name):
    return json.loads((FOLDER / name).read_text())


def picture(size):
    width_first = [int(part) for part in size.split("x")]
    height, width = width_first
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    planes = [(3 * x + 5 * y) % 256, (x * y // 64) % 256, ((x - y) ** 2 // 97) % 256]
    return np.stack(planes, axis=-1).astype(np.uint8)


def normal(key, shape):
    return np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape, dtype=np.float32)


def nima_weight(key, shape):
    z, name = normal(key, shape), key.split("/")[-1]
    if key == "dense_1/kernel":
        return z * np.float32(3 / np.sqrt(shape[0]))
    return {
        "kernel": lambda: z * np.float32(np.sqrt(2 / np.prod(shape[:-1]))),
        "depthwise_kernel": lambda: z * np.float32(np.sqrt(2 / 9)),
        "gamma": lambda: 1 + np.float32(0.1) * z,
        "beta": lambda: np.float32(0.3) * z,
        "moving_mean": lambda: np.float32(0.05) * z,
        "moving_variance": lambda: 1 + np.float32(0.2) * np.abs(z),
        "bias": lambda: np.float32(0.05) * z,
    }[name]()


def musiq_weight(key, shape):
    z, parts = normal(key, shape), key.split("/")
    if parts[-1] == "kernel":
        fan_in = shape[0] if parts[-2] in ("query", "key", "value") else np.prod(shape[:-1])
        return z / np.float32(np.sqrt(fan_in))
    return {
        "scale": lambda: 1 + np.float32(0.1) * z,
        "bias": lambda: np.float32(0.05) * z,
    }.get(parts[-1], lambda: np.float32(0.2) * z)()
