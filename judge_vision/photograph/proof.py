"""A photograph's proof: what the measuring rules need of its pixels, made once, while they are in memory.

Full-size copies would need 70 MB for a photograph of 24 megapixels, and every rule would decode them again. A proof has
at most some 5 MB, and reading it takes milliseconds. Standard library and NumPy only: the scoring container reads it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
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


PICTURES = ("sample", "scaled", "linear")
THUMBNAIL, PREVIEW = ".jpg", ".preview.jpg"
"""How the names of the pictures beside a proof end."""


@dataclass(frozen=True)
class Proof:
    """Pixels are uint8 [height, width, 3], sRGB, upright."""

    sha256: str
    """Of the photograph's file."""
    width: int
    """Of the photograph as displayed, pixels."""
    height: int
    counts: dict[str, npt.NDArray[np.int64]]
    """The fields of `counts.Counts` as arrays."""
    pictures: dict[str, U8]
    """Those of PICTURES that were read."""

    @property
    def sample(self) -> U8:
        """The whole picture as a square of `sample_px`, by nearest neighbour: uint8 [height, width, 3]."""
        return self.pictures["sample"]

    @property
    def scaled(self) -> U8:
        """The picture, longer side at most `scaled_px`, by Lanczos' filter: uint8 [height, width, 3]."""
        return self.pictures["scaled"]

    @property
    def linear(self) -> U8:
        """The picture, longer side at most `linear_px`, averaged in linear light: uint8 [height, width, 3]."""
        return self.pictures["linear"]

    def save(self) -> bytes:
        """The proof as the content of a file (NumPy's .npz, not compressed: it lives for minutes)."""
        buffer = io.BytesIO()
        same = self.scaled.shape == self.linear.shape and np.array_equal(self.scaled, self.linear)
        # a photograph smaller than either size is in the file once
        pictures = {name: array for name, array in self.pictures.items() if not (same and name == "linear")}
        # all figures are one array: each array of a file takes as long to open as a small picture to read
        fields = [(name, np.int64, array.shape) for name, array in self.counts.items()]
        figures = np.zeros((), [("sha256", np.uint8, (32,)), ("size", np.int64, (2,)), *fields])
        figures["sha256"] = np.frombuffer(bytes.fromhex(self.sha256), np.uint8)
        figures["size"] = self.width, self.height
        for name, array in self.counts.items():
            figures[name] = array
        np.savez(buffer, figures=figures, **pictures)
        return buffer.getvalue()


def load_proof(path: Path, pictures: Iterable[str] = PICTURES) -> Proof:
    """The proof in the file at `path`, with these of its pictures.

    Raises FileNotFoundError, or ValueError where the file is not a whole proof.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            figures = archive["figures"]
            found = {name: archive[name if name in archive.files else "scaled"] for name in pictures}
        width, height = figures["size"].tolist()
        counts = {name: figures[name] for name in figures.dtype.names if name not in ("sha256", "size")}
        return Proof(figures["sha256"].tobytes().hex(), width, height, counts, found)
    except (KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no proof: {error}") from None
