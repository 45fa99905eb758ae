"""Pictures on their way to a service: what the networks see of them, as bytes.

A few megabytes each, whatever the size of the photograph: it was decoded and scaled once, on the host, and the service
computes from the very pixels that the job would have used. NumPy only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from judge_vision.models import nima
from judge_vision.models.inputs import ScaledPicture

CONTENT_TYPE = "application/x-judge-vision-inputs"
"""How a request says that its body is what `pack` packs."""

_NIMA_BYTES = nima.INPUT_SIDE * nima.INPUT_SIDE * 3
_MOST_PICTURES = 1024
_HEADER_BYTES = 1 << 20


def pack(pictures: Sequence[ScaledPicture]) -> bytes:
    """Pictures as bytes: one line of JSON with the sizes, then the pixels of each picture, NIMA's before MUSIQ's."""
    header = [[*one.scaled.shape[:2], one.max_side is not None] for one in pictures]
    parts = [json.dumps(header, separators=(",", ":")).encode(), b"\n"]
    for one in pictures:
        parts += [one.sample.tobytes(), one.scaled.tobytes()]
    return b"".join(parts)


def unpack(data: bytes, max_side: int) -> list[ScaledPicture]:
    """What `pack` packed. Raises ValueError, one line, for anything else or for a side above `max_side`."""
    end = data.find(b"\n", 0, _HEADER_BYTES)
    try:
        header = json.loads(data[:end]) if end >= 0 else None
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, list) or not 1 <= len(header) <= _MOST_PICTURES:
        raise ValueError("the body does not begin with a line of sizes")
    sizes = [_size(one, max_side) for one in header]
    offset = end + 1
    if len(data) - offset != sum(_NIMA_BYTES + 3 * height * width for height, width, _ in sizes):
        raise ValueError("the body has not as many pixels as its first line says")
    pictures = []
    for height, width, scaled in sizes:
        pixels = np.frombuffer(data, np.uint8, _NIMA_BYTES + 3 * height * width, offset)
        offset += len(pixels)
        sample = pixels[:_NIMA_BYTES].reshape(nima.INPUT_SIDE, nima.INPUT_SIDE, 3)
        small = pixels[_NIMA_BYTES:].reshape(height, width, 3)
        pictures.append(ScaledPicture(sample, small, max_side if scaled else None))
    return pictures


def _size(one: object, max_side: int) -> tuple[int, int, bool]:
    if not isinstance(one, list) or [type(value) for value in one] != [int, int, bool]:
        raise ValueError("a picture's size is [height, width, scaled]")
    height, width, scaled = one
    if not (1 <= height <= max_side and 1 <= width <= max_side):
        raise ValueError(f"a picture of {width} x {height} pixels is not reduced to at most {max_side} on a side")
    return height, width, scaled
