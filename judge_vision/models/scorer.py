"""Scores of pictures by a bundle: NIMA aesthetic and technical, and MUSIQ. Loads everything once, scores in batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from judge_vision.failure import ErrorType, PhotographError
from judge_vision.models import musiq, nima, runtime, tfhub
from judge_vision.models.bundle import Bundle, Model
from judge_vision.models.inputs import ScaledPicture
from judge_vision.models.musiq_patches import PATCH, cut, positions, resized

U8 = npt.NDArray[np.uint8]
Outputs = npt.NDArray[np.float32]

# On a GPU sequences are padded up to a multiple of this many tokens, so that pictures of like size share a batch.
_TOKENS_STEP = 128
# Pictures that go through NIMA at once on a processor: with more it is hardly faster, and short batches are filled up.
# One without oneDNN: a rating would hang on its place among them.
RATED_AT_ONCE = 4
# Patches that go through the convolutions at once: bounds memory at any picture size.
_PATCHES_AT_ONCE = 1024
# Padded tokens of a batch on a GPU. With more it is hardly faster (11.5 ms each for four of 1600x1200, 11 for seven), a
# short batch is filled up, and attention needs memory quadratic in the length.
_TOKENS_AT_ONCE = 8192


@dataclass(frozen=True)
class Scores:
    """The scores of one picture. Ratings are 1..10; MUSIQ's scale is the bundle's (`score_range`)."""

    nima_aesthetic_mean: float
    nima_aesthetic_std: float
    nima_aesthetic_distribution: list[float]
    nima_technical_mean: float
    nima_technical_std: float
    nima_technical_distribution: list[float]
    musiq_mos: float
    musiq_max_side: int | None
    """The cap that scaled the picture down before MUSIQ; None where it was small enough."""

    def as_dict(self) -> dict[str, Any]:
        """The scores as JSON values."""
        return asdict(self)


class Scorer:
    """The networks of a bundle, loaded.

    Equal pictures get equal scores, alone or in any batch.
    """

    def __init__(self, bundle: Bundle, batch_size: int, threads: int | None = None) -> None:
        """`bundle` must be verified. `batch_size` is the most at once: fewer where a GPU has not the memory."""
        self._tf = runtime.start_tensorflow(threads)
        self.device = runtime.device_name(self._tf)
        free_bytes = None if self.device == "cpu" else runtime.free_gpu_bytes()
        fitting = runtime.fitting_batch(batch_size, free_bytes)
        self._batches = runtime.Batches(fitting, (self._tf.errors.ResourceExhaustedError, MemoryError))
        self._on_cpu = self.device == "cpu"
        on_cpu = RATED_AT_ONCE if runtime.uses_onednn() else 1
        self._rated_at_once = on_cpu if self._on_cpu else None
        self._aesthetic = self._nima(bundle.models["nima_aesthetic"])
        self._technical = self._nima(bundle.models["nima_technical"])
        self._musiq = self._load_musiq(bundle.models["musiq"])

    def score(self, pictures: Sequence[ScaledPicture]) -> list[Scores | PhotographError]:
        """Scores of pictures in their order; a failure where one is not finite."""
        inputs = [nima.scaled(picture.sample) for picture in pictures]
        aesthetic = self._batches.run(inputs, self._aesthetic, self._rated_at_once)
        technical = self._batches.run(inputs, self._technical, self._rated_at_once)
        outputs = self._musiq([picture.scaled for picture in pictures])
        return [
            self._scores(first, second, logits, picture.max_side)
            for first, second, logits, picture in zip(aesthetic, technical, outputs, pictures, strict=True)
        ]

    @property
    def batch_size(self) -> int:
        """Pictures that go through a network at once: as set, or fewer where memory did not suffice."""
        return self._batches.size

    @property
    def gpu_memory_bytes(self) -> int | None:
        """Memory of the GPU in use; None without one."""
        return runtime.gpu_memory_bytes(self._tf)

    def _scores(
        self, aesthetic: Outputs, technical: Outputs, logits: Outputs, cap: int | None
    ) -> Scores | PhotographError:
        if not all(np.isfinite(values).all() for values in (aesthetic, technical, logits)):
            return PhotographError(
                ErrorType.MODEL_FAILED,
                "a network gave a score that is not a number; score it with another bundle (models.bundle)",
            )
        return Scores(
            *nima.mean_and_std(aesthetic),
            [float(value) for value in aesthetic],
            *nima.mean_and_std(technical),
            [float(value) for value in technical],
            musiq.mos(logits),
            cap,
        )

    def _nima(self, model: Model) -> Callable[[Sequence[Any]], list[Outputs]]:
        weights = nima.folded(nima.load_hdf5(model.path, float(model.entry["alpha"])))
        padding = str(model.entry["padding"])
        graph = self._traced(lambda x: nima.forward(weights, x, padding), [None, nima.INPUT_SIDE, nima.INPUT_SIDE, 3])
        return lambda inputs: list(graph(np.stack(inputs)).numpy())

    def _load_musiq(self, model: Model) -> Callable[[Sequence[U8]], list[Outputs]]:
        if model.format == "musiq-tfhub":
            outputs = tfhub.load(model.path)
            return lambda pictures: [outputs(picture) for picture in pictures]
        arch = musiq.read_architecture(model.entry["architecture"])
        weights = musiq.standardised(musiq.load_npz(model.path, arch))
        colours = [None, None, 3]
        take = self._traced(cut, (colours, "uint8"), *[colours] * len(arch.scales))
        embed = self._traced(lambda x: musiq.embed(weights, arch, x), [None, PATCH, PATCH, 3])
        encode = self._traced(
            lambda *sequence: musiq.encode(weights, arch, *sequence),
            [None, None, arch.width],
            ([None, None], "int32"),
            ([None, None], "int32"),
            ([None, None], "bool"),
        )

        def tokens(picture: U8, small: list[Any]) -> _Tokens:
            patches = take(picture, *small)
            starts = range(0, len(patches), _PATCHES_AT_ONCE)
            parts = [embed(patches[start : start + _PATCHES_AT_ONCE]) for start in starts]
            return _Tokens(self._tf.concat(parts, axis=0), *positions(picture, small, arch))

        # beside a GPU the processor, which works at nothing else then, is a picture ahead
        each = map if self._on_cpu else ThreadPoolExecutor(1).map

        def outputs_of(pictures: Sequence[U8]) -> list[Outputs]:
            small = each(lambda picture: resized(picture, arch), pictures)
            # one after the other: the patches of a picture are several times its own size
            return self._encoded(encode, list(map(tokens, pictures, small)))

        return outputs_of

    def _traced(self, function: Callable[..., Any], *inputs: list[int | None] | tuple[list[int | None], str]) -> Any:
        """The graph of `function` of arrays with these shapes (float32 where no type is said), None for any length.

        One graph for all sizes: TensorFlow would make one for the first size and another for the rest, and the last
        digits of a score would depend on what came first.
        """
        pairs = [one if isinstance(one, tuple) else (one, "float32") for one in inputs]
        return self._tf.function(function, input_signature=[self._tf.TensorSpec(*pair) for pair in pairs])

    def _encoded(self, encode: Callable[..., Any], sequences: Sequence[_Tokens]) -> list[Outputs]:
        """Outputs of the encoder.

        On a CPU one by one, which is as fast as together, without padding. On a GPU sequences of like length share a
        batch, padded and masked.
        """
        step = 1 if self._on_cpu else _TOKENS_STEP
        lengths = [-(-len(one.where) // step) * step for one in sequences]
        results: list[Outputs | None] = [None] * len(sequences)
        for length in sorted(set(lengths)):
            chosen = [index for index, other in enumerate(lengths) if other == length]

            def model(part: Sequence[int], length: int = length) -> list[Outputs]:
                batch = [sequences[index] for index in part]
                spare = [[[0, length - len(one.where)], [0, 0]] for one in batch]
                # the embeddings stay on the device that made them
                embeddings = [self._tf.pad(one.embeddings, pad) for one, pad in zip(batch, spare, strict=True)]
                rest = [_padded([getattr(one, name) for one in batch], length) for name in ("where", "scale")]
                mask = np.stack([np.arange(length) < len(one.where) for one in batch])
                return list(encode(self._tf.stack(embeddings), *rest, mask).numpy())

            most = 1 if self._on_cpu else max(1, _TOKENS_AT_ONCE // length)
            found = self._batches.run(chosen, model, most)
            for index, outputs in zip(chosen, found, strict=True):
                results[index] = outputs
        return [outputs for outputs in results if outputs is not None]


@dataclass(frozen=True)
class _Tokens:
    """What the encoder reads of one picture: embeddings, a tensor float32 [n, width], where and scale int32 [n]."""

    embeddings: Any
    where: npt.NDArray[np.int32]
    scale: npt.NDArray[np.int32]


def _padded(arrays: Sequence[npt.NDArray[Any]], length: int) -> Any:
    """Arrays [n] of different n as one [batch, length], zeros behind."""
    return np.stack([np.pad(array, (0, length - len(array))) for array in arrays])
