"""What is fuzzed. A target takes any bytes and raises only where a promise is broken.

A new one: a function here, its name and seeds in TARGETS. `python -m tests.fuzz.fuzz NAME` runs it.
"""

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from judge_vision.failure import ErrorType, PhotographError
from judge_vision.photograph.prepare import prepare_photograph
from judge_vision.photograph.proof import ProofSizes
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.records import store

LIMITS = PrepareSettings(max_pixels=100_000)
SIZES = ProofSizes(224, 64, 64)
PLACE = Path(tempfile.mkdtemp(prefix="fuzz-"))


@dataclass(frozen=True)
class Target:
    """`seeds` gives valid inputs to start from."""

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]


def decoders(data: bytes) -> None:
    """A file is prepared or refused for a reason that a person understands; never a defect of ours."""
    path = PLACE / "entry"
    path.write_bytes(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            facts = prepare_photograph(path, LIMITS, SIZES, PLACE / "proof.npz")
    except PhotographError as failure:
        assert failure.error_type is not ErrorType.INTERNAL, failure.message
        assert failure.message and failure.message.isprintable(), ascii(failure.message)
        return
    except MemoryError:
        return  # the shard's workers make a row of it
    assert 0 < facts["width"] * facts["height"] <= LIMITS.max_pixels
    store.canonical_json(facts).encode()


def photographs() -> list[bytes]:
    from tests.unit import pictures
    from tests.unit.test_photograph_formats import CASES

    raw = pictures.dng(np.random.default_rng(1).integers(0, 4095, (24, 36)).astype(np.uint16))
    return [raw, *(make() for make, *_ in CASES.values())]


TARGETS = {"decoders": Target(decoders, photographs)}
