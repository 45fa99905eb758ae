"""What is done to photographs to teach and to measure the embedded bundle.

`distort` grades technical faults, `damage` spoils a photograph aesthetically, `negative` makes what is no photograph.
All are pure functions of a picture (uint8 [height, width, 3]), a strength and a random generator. Kernel sizes are in
pixels of a picture whose longer side is 768 and do not scale with the picture.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Generator = np.random.Generator

STRENGTHS = (1, 2, 3, 4, 5)

# The value of each kind's parameter at strengths 0 (nothing) to 5; between them it is interpolated.
LADDERS: dict[str, tuple[float, ...]] = {
    "blur": (0.3, 0.9, 1.5, 2.3, 3.3, 4.8),  # sigma of a Gaussian, pixels
    "motion": (1, 4, 8, 13, 19, 28),  # length of a straight path, pixels
    "noise": (0, 6, 12, 20, 32, 50),  # standard deviation, grey levels
    "jpeg": (92, 55, 32, 19, 11, 6),  # quality
    "over": (0, 0.6, 1.1, 1.6, 2.1, 2.7),  # stops
    "under": (0, 0.9, 1.7, 2.5, 3.3, 4.2),  # stops
    "contrast": (1, 0.72, 0.52, 0.36, 0.24, 0.14),  # factor around the mean luminance
    "banding": (96, 28, 17, 11, 7, 5),  # levels per channel
    "resampling": (1.1, 1.8, 2.6, 3.6, 5, 7),  # factor of reduction before enlarging again
}
KINDS = tuple(LADDERS)


def distort(picture: Picture, kind: str, strength: float, random: Generator) -> Picture:
    """`picture` with the fault `kind` of `strength` 0..5 (fractions allowed)."""
    value = float(np.interp(strength, range(6), LADDERS[kind]))
    return _FAULTS[kind](picture, value, random)


def _blur(picture: Picture, sigma: float, random: Generator) -> Picture:
    return cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)


def _motion(picture: Picture, length: float, random: Generator) -> Picture:
    size = 2 * int(np.ceil(length / 2)) + 3
    angle = random.uniform(0, np.pi)
    kernel = np.zeros((size, size), np.float32)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    for step in np.linspace(-1, 1, 8 * size):
        x, y = step * reach + size // 2
        kernel[round(y), round(x)] += 1
    kernel = cv2.GaussianBlur(kernel, (0, 0), 0.5)
    return cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)


def _noise(picture: Picture, deviation: float, random: Generator) -> Picture:
    noise = random.standard_normal(picture.shape, dtype=np.float32) * np.float32(deviation)
    return np.clip(picture + noise + 0.5, 0, 255).astype(np.uint8)


def _jpeg(picture: Picture, quality: float, random: Generator) -> Picture:
    encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, round(quality)])[1]
    return cv2.imdecode(encoded, cv2.IMREAD_COLOR).astype(np.uint8)


def _expose(picture: Picture, stops: float) -> Picture:
    levels = np.arange(256) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4) * 2.0**stops
    linear = np.clip(linear, 0, 1)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    table: Picture = (encoded * 255 + 0.5).astype(np.uint8)
    return table[picture]


def _contrast(picture: Picture, factor: float, random: Generator) -> Picture:
    mean = float(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).mean())
    table = np.clip(mean + factor * (np.arange(256) - mean) + 0.5, 0, 255).astype(np.uint8)
    return table[picture]


def _banding(picture: Picture, levels: float, random: Generator) -> Picture:
    step = 255 / (round(levels) - 1)
    table = np.clip(np.round(np.arange(256) / step) * step + 0.5, 0, 255).astype(np.uint8)
    return table[picture]


def _resampling(picture: Picture, factor: float, random: Generator) -> Picture:
    height, width = picture.shape[:2]
    small = (max(2, round(width / factor)), max(2, round(height / factor)))
    way = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[random.integers(3)]
    reduced = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    return cv2.resize(reduced, (width, height), interpolation=way).astype(np.uint8)


_FAULTS: dict[str, Callable[[Picture, float, Generator], Picture]] = {
    "blur": _blur,
    "motion": _motion,
    "noise": _noise,
    "jpeg": _jpeg,
    "over": lambda picture, stops, random: _expose(picture, stops),
    "under": lambda picture, stops, random: _expose(picture, -stops),
    "contrast": _contrast,
    "banding": _banding,
    "resampling": _resampling,
}

DAMAGES = ("cast", "crop", "exposure", "tilt", "saturation")


def damage(picture: Picture, kind: str | None, strength: float, random: Generator, long_side: int = 640) -> Picture:
    """`picture` spoilt aesthetically (kind of DAMAGES, `strength` 0..1), or not at all (None), long side `long_side`.

    Crop, tilt and size are one resampling, which an undamaged picture passes through too: a network cannot tell the
    damage by the traces of interpolation.
    """
    angle = zoom = 0.0
    if kind == "tilt":
        angle = float(random.choice([-1, 1]) * (5 + 13 * strength))
    if kind == "crop":
        zoom = 0.3 + 0.3 * strength
    return recolour(_view(picture, angle, zoom, random, long_side), kind, strength, random)


def recolour(picture: Picture, kind: str | None, strength: float, random: Generator) -> Picture:
    """The damages that act on each pixel alone, cast, exposure and saturation; any other `kind` changes nothing."""
    if kind == "cast":
        gains = 2 ** (random.permutation([-1.0, 0.1, 0.9]) * (0.25 + 0.6 * strength))
        tables = np.clip((np.arange(256)[:, None] / 255) ** 2.2 * gains, 0, 1) ** (1 / 2.2)
        return np.stack([(tables[:, i] * 255 + 0.5).astype(np.uint8)[picture[..., i]] for i in range(3)], axis=2)
    if kind == "exposure":
        return _expose(picture, float(random.choice([-1.3, 0.9]) * (0.8 + 1.6 * strength)))
    if kind == "saturation":
        grey = picture.astype(np.float32).mean(axis=2, keepdims=True)
        return np.clip(grey + (picture - grey) * (1.7 + 2 * strength) + 0.5, 0, 255).astype(np.uint8)
    return picture


def _view(picture: Picture, angle: float, zoom: float, random: Generator, long_side: int) -> Picture:
    """A rotated (degrees) part of the picture: the share `zoom` of each side is lost, all from one corner."""
    height, width = picture.shape[:2]
    radians = np.deg2rad(abs(angle))
    # the largest scale at which the turned rectangle of the same shape has no empty corners
    fit = 1 / (np.cos(radians) + max(width / height, height / width) * np.sin(radians))
    share = fit * (1 - zoom) * random.uniform(0.94, 1.0)
    free = (1 - share) / 2 if angle == 0 else 0.0
    shift = random.choice([-1, 1], 2) * free * (1 if zoom else random.uniform(0, 1))
    scale = long_side / max(height, width) / share
    size = (round(width * share * scale), round(height * share * scale))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    matrix[:, 2] += np.array(size) / 2 - np.array([width / 2, height / 2]) - shift * np.array([width, height]) * scale
    source = picture
    if scale < 0.7:  # affine warping does not average: take the detail out that would alias
        source = cv2.GaussianBlur(picture, (0, 0), 0.45 / scale)
    return cv2.warpAffine(source, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT).astype(np.uint8)


NEGATIVES = ("noise", "blank", "text")


def negative(kind: str, size: tuple[int, int], random: Generator) -> Picture:
    """What is no photograph, of `size` (height, width): noise, a blank frame, or a screenshot of text."""
    height, width = size
    if kind == "noise":
        low, high = sorted(random.integers(0, 256, 2)) if random.random() < 0.3 else (0, 255)
        grain = int(random.choice([1, 1, 2, 4]))
        shape = (-(-height // grain), -(-width // grain), 1 if random.random() < 0.3 else 3)
        noise = random.integers(low, high + 1, shape).astype(np.uint8)
        if shape[2] == 1:
            noise = np.repeat(noise, 3, axis=2)
        return np.ascontiguousarray(noise.repeat(grain, 0).repeat(grain, 1)[:height, :width])
    if kind == "blank":
        grey = random.random() < 0.5
        colour = np.repeat(random.integers(0, 256), 3) if grey else random.integers(0, 256, 3)
        if random.random() < 0.3:
            colour = np.repeat(random.choice([0, 128, 255]), 3)
        return np.full((height, width, 3), colour, np.uint8)
    dark = random.random() < 0.3
    page = np.full((height, width, 3), random.integers(10, 60) if dark else random.integers(225, 256), np.uint8)
    size_of_text = random.uniform(0.35, 1.0)
    line, y = int(34 * size_of_text), int(40 * size_of_text)
    while y < height - 5:
        ink = random.integers(170, 256) if dark else random.integers(0, 110)
        letters = random.choice(list("abcdefghijklmnopqrstuvwxyz      .,TAN0123456789"), random.integers(5, 140))
        font = cv2.FONT_HERSHEY_SIMPLEX if size_of_text > 0.5 else cv2.FONT_HERSHEY_PLAIN
        cv2.putText(page, "".join(letters), (12, y), font, size_of_text, [int(ink)] * 3, 1, cv2.LINE_AA)
        y += line
    return page
