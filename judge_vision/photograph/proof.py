"""A photograph's proof: what the measuring rules need of its pixels, made once, while they are in memory.

Full-size copies would need 70 MB for a photograph of 24 megapixels, and every rule would decode them again. A proof has
at most some 5 MB, and reading it takes milliseconds. Standard library and NumPy only: the scoring container reads it.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class ProofSizes:
    """How large the pictures in a proof are."""

    sample_px: int
    """Side of NIMA's input."""
    scaled_px: int
    """Longer side of MUSIQ's picture (`iqa.max_side`)."""
    linear_px: int
    """Longer side of the picture for the monochrome verdict (`mono.long_side_px`)."""


@dataclass(frozen=True)
class Proof:
    """Pixels are uint8 [height, width, 3], sRGB, upright."""

    sha256: str
    """Of the photograph's file."""
    width: int
    """Of the photograph as displayed, pixels."""
    height: int
    sample: U8
    """The whole picture as a square of `sample_px`, by nearest neighbour."""
    scaled: U8
    """The picture, longer side at most `scaled_px`, by Lanczos' filter."""
    linear: U8
    """The picture, longer side at most `linear_px`, averaged over areas in linear light."""
    counts: dict[str, npt.NDArray[np.int64]]
    """The fields of `counts.Counts` as arrays."""

    def save(self) -> bytes:
        """The proof as the content of a file (NumPy's .npz, not compressed: it lives for minutes)."""
        buffer = io.BytesIO()
        parts = {f"counts_{name}": array for name, array in self.counts.items()}
        same = self.scaled.shape == self.linear.shape and np.array_equal(self.scaled, self.linear)
        np.savez(
            buffer,
            sha256=np.frombuffer(bytes.fromhex(self.sha256), np.uint8),
            size=np.array([self.width, self.height]),
            sample=self.sample,
            scaled=self.scaled,
            # a photograph smaller than either size is in the file once
            **({} if same else {"linear": self.linear}),
            **parts,
        )
        return buffer.getvalue()


def load_proof(path: Path) -> Proof:
    """The proof in the file at `path`. Raises FileNotFoundError, or ValueError where the file is not a whole proof."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = {name: archive[name] for name in archive.files}
        return Proof(
            found["sha256"].tobytes().hex(),
            int(found["size"][0]),
            int(found["size"][1]),
            found["sample"],
            found["scaled"],
            found.get("linear", found["scaled"]),
            {name.removeprefix("counts_"): array for name, array in found.items() if name.startswith("counts_")},
        )
    except (KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no proof: {error}") from None
