"""Preparing one photograph: the only place where an original is decoded.

What comes out is a record of facts, a proof, which is what the measuring rules need of the pixels, and two pictures for
people: a thumbnail and a preview.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

from PIL import Image

from judge_vision.failure import PhotographError
from judge_vision.photograph.proof import PREVIEW, THUMBNAIL, ProofSizes
from judge_vision.photograph.proving import make_proof
from judge_vision.photograph.scale import scaled
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.photograph.showing import Facts, Shown, show_bytes
from judge_vision.photograph.source import read_source
from judge_vision.records import store


def prepare_photograph(
    path: Path, settings: PrepareSettings, sizes: ProofSizes, proof_path: Path, below: Path | None = None
) -> Facts:
    """The facts of the photograph at `path`; its proof goes to `proof_path`, thumbnail and preview beside it.

    With `below`, a folder's real path, the file has to lie in it, links followed.

    The same bytes give the same files. Memory: about 8 bytes a pixel and the file; see docs/reference/formats.md.

    Raises PhotographError, with the SHA-256 of the bytes where they could be read; UserError where `proof_path`
    cannot be written.
    """
    shown = show(path, settings, below)
    proof = make_proof(shown.image, shown.facts["sha256"], sizes)
    if side_px := settings.thumbnail_side_px:
        # the proof's own picture will do where it is large enough to be averaged again
        large = max(proof.scaled.shape) >= 2 * side_px
        thumbnail = thumbnail_jpeg(Image.fromarray(proof.scaled) if large else shown.image, side_px)
        store.write_bytes(proof_path.with_suffix(THUMBNAIL), thumbnail, durable=False)
    if side_px := settings.preview_side_px:
        preview = _jpeg(scaled(shown.image, side_px, gap=1.0), settings.preview_quality)
        store.write_bytes(proof_path.with_suffix(PREVIEW), preview, durable=False)
    # none is flushed: who reads them later can tell whether they are whole
    store.write_bytes(proof_path, proof.save(), durable=False)
    return shown.facts


def show(path: Path, settings: PrepareSettings, below: Path | None = None) -> Shown:
    """The photograph at `path`, decoded. Raises PhotographError as `prepare_photograph` does."""
    source = read_source(path, settings.max_file_bytes, below)
    try:
        # decoders warn about what a file's metadata lacks; a person cannot do anything about it
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return show_bytes(source.data, source.sha256, settings)
    except PhotographError as failure:
        failure.sha256 = source.sha256
        raise


def thumbnail_jpeg(image: Image.Image, side_px: int) -> bytes:
    """A JPEG of `image` (RGB) with its longer side at most `side_px`."""
    return _jpeg(scaled(image, side_px, gap=1.0), 82)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
