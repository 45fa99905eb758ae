"""Corrected copies of entries, as files below the results folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.compliance.rules import Competition
from judge_vision.records import paths, store


def write_corrected(
    image: str,
    load_pixels: Callable[[], npt.NDArray[np.uint8]],
    facts: Mapping[str, Any],
    figures: Mapping[str, Any],
    competition: Competition | None,
) -> dict[str, Any]:
    """Write the corrected copy of an entry, where a program can mend it; `corrected_copy` and `corrected_changes`.

    `load_pixels` gives uint8 [height, width, 3] sRGB as displayed, and is called only where there is something to mend.
    """
    copy = None
    if figures["fixes"] and competition:
        # imported here: seldom needed, and it brings colour management
        from judge_vision.compliance.fix import fix_copy

        copy = fix_copy(load_pixels(), facts, figures, competition)
    if copy is None:
        return {"corrected_copy": None, "corrected_changes": []}
    name = paths.CORRECTED / paths.file_name(image, ".jpg")
    store.write_bytes(name, copy.jpeg)
    return {"corrected_copy": name.as_posix(), "corrected_changes": copy.changes}
