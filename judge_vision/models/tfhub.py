"""MUSIQ as the SavedModel of TF-Hub, from the local cache: for users who have it already. One picture a call."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.failure import UserError

JPEG_QUALITY = 95
"""The model wants a file's bytes; the reference system gives it RGB JPEG of this quality, so we do."""


def encoded(picture: npt.NDArray[np.uint8]) -> bytes:
    """A picture, uint8 [height, width, 3], as the bytes of an RGB JPEG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def load(path: Path) -> Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]:
    """A function of a picture that gives the outputs [n] of the SavedModel in the folder `path`.

    Raises UserError, one line, where the folder holds no SavedModel or one of another signature.
    """
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(str(path))
        signature = loaded.signatures["serving_default"]
        arguments = signature.structured_input_signature[1]
        if list(arguments) != ["image_bytes_tensor"] or list(signature.structured_outputs) != ["output_0"]:
            raise KeyError("image_bytes_tensor -> output_0")
    except (OSError, KeyError, tf.errors.OpError) as error:
        detail = str(error).splitlines()[0]
        raise UserError(
            f"{path} holds no MUSIQ SavedModel ({detail}); delete it and fetch the module into the TF-Hub cache again"
        ) from None

    def outputs(picture: npt.NDArray[np.uint8], _keep: Any = loaded) -> npt.NDArray[np.float32]:
        # `_keep`: a signature alone does not keep its variables alive
        result = signature(image_bytes_tensor=tf.constant(encoded(picture)))["output_0"]
        return np.asarray(result, np.float32).reshape(-1)

    return outputs
