"""A picture in the sizes that the networks see. Standard library, NumPy and Pillow only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from judge_vision.models import nima
from judge_vision.photograph.proof import Proof
from judge_vision.photograph.scale import sampled, scaled

U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class ScaledPicture:
    """What the networks see of a picture; sRGB."""

    sample: U8
    """uint8 [224, 224, 3] for NIMA."""
    scaled: U8
    """uint8 [height, width, 3] for MUSIQ."""
    max_side: int | None
    """The cap that scaled the picture down for MUSIQ; None where it was small enough."""

    @classmethod
    def of(cls, picture: U8, max_side: int) -> ScaledPicture:
        """Of a picture, uint8 [height, width, 3]. MUSIQ's time grows with the fourth power of the side: hence a cap."""
        from PIL import Image

        image = Image.fromarray(picture)
        small = scaled(image, max_side)
        cap = max_side if small is not image else None
        return cls(np.asarray(sampled(image, nima.INPUT_SIDE)), np.asarray(small), cap)

    @classmethod
    def of_proof(cls, proof: Proof) -> ScaledPicture:
        """Of a photograph's proof, which was made with these sizes."""
        capped = max(proof.width, proof.height) > max(proof.scaled.shape)
        return cls(proof.sample, proof.scaled, max(proof.scaled.shape) if capped else None)
