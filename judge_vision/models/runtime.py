"""TensorFlow, started the same way everywhere: on a processor it runs on, with fixed threads, repeatable."""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from judge_vision.failure import UserError

log = logging.getLogger(__name__)

# Weights, 1,024 patches in MUSIQ's convolutions and the attention of 8,192 tokens: 2.7 GB were seen with 16,384.
_NETWORKS_BYTES = 3 << 30
# NIMA at alpha 1: 10 to 12 MB a picture were seen; as much again twice, for cards whose convolutions take more room.
_PICTURE_BYTES = 32 << 20

_ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
_FALSE_ALARM = re.compile(rb"Unable to register cu\w+ factory: .* when one has already been registered")

T = TypeVar("T")
R = TypeVar("R")


def processor_problem(cpuinfo: Path = Path("/proc/cpuinfo"), machine: str | None = None) -> str | None:
    """Why TensorFlow cannot run here, or None.

    On an x86 processor without AVX importing its wheels kills the process ("Illegal instruction"), so ask before.
    """
    if not _is_x86(machine):
        return None
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None  # not Linux: every x86 Mac that TensorFlow supports has AVX
    flags = next((line.split(":", 1)[1].split() for line in lines if line.startswith("flags") and ":" in line), None)
    if flags is None or "avx" in flags:
        return None
    return (
        "this machine's processor (or virtual machine) has no AVX instructions, which TensorFlow needs; score on "
        "another machine, or show the processor to the virtual machine as it is (QEMU: -cpu host)"
    )


def _is_x86(machine: str | None = None) -> bool:
    return (machine or platform.machine()).lower() in ("x86_64", "amd64")


def start_tensorflow(threads: int | None = None) -> Any:
    """The tensorflow module, with `threads` threads (None: one per core) and repeatable operations.

    On a GPU memory is taken as needed, so that other programs find room. Raises UserError where the processor lacks
    AVX or TensorFlow is not installed.
    """
    if problem := processor_problem():
        raise UserError(problem)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # its start-up notices are not for our users
    if _is_x86() and "tensorflow" not in sys.modules:
        # by itself TensorFlow uses oneDNN on the newest processors only; one with AVX2 gains as much
        os.environ.setdefault(_ONEDNN, "1")
    try:
        with _without_false_alarm():
            import tensorflow as tf
    except ImportError as error:
        raise UserError(f"TensorFlow cannot be imported ({error}); install requirements.lock") from None
    try:
        if threads is not None and tf.config.threading.get_intra_op_parallelism_threads() != threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            # one graph at a time, each operation on all threads: more would only compete
            tf.config.threading.set_inter_op_parallelism_threads(1)
        for device in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(device, True)
    except RuntimeError:
        log.warning("TensorFlow runs already in this process; its threads stay as they are")
    tf.config.experimental.enable_op_determinism()
    # On NVIDIA's cards since 2020 TensorFlow would round the factors of products to 10 bits of mantissa: MUSIQ's scores
    # of photographs were seen to move by as much as .95 of 100, and to hang on the batch.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    return tf


def uses_onednn() -> bool:
    """TensorFlow was told to use oneDNN, whose products of a row hang on nothing but the row and the shape.

    Those of TensorFlow's own library hang on the row's place too: on a processor with AVX2, in batches of four, NIMA's
    ratings differed in the last digits from place to place.
    """
    return os.environ.get(_ONEDNN) == "1"


@contextlib.contextmanager
def _without_false_alarm() -> Iterator[None]:
    """Keep three errors off stderr that TensorFlow 2.17 and 2.18 tell at each start, with a GPU and without.

    Their parts register cuFFT, cuDNN and cuBLAS twice, which does no harm. What else is said comes out at the end.
    """
    if not hasattr(os, "memfd_create"):
        yield  # not Linux: its TensorFlow has no such parts
        return
    stderr = os.dup(2)
    with os.fdopen(os.memfd_create("stderr"), "w+b") as said, os.fdopen(stderr, "wb") as told:
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            said.seek(0)
            told.writelines(line for line in said if not _FALSE_ALARM.search(line))


def device_name(tf: Any) -> str:
    """What computes: `cpu`, or `gpu` with the name of the first one."""
    found = tf.config.list_physical_devices("GPU")
    if not found:
        return "cpu"
    return f"gpu: {tf.config.experimental.get_device_details(found[0]).get('device_name', found[0].name)}"


def gpu_memory_bytes(tf: Any) -> int | None:
    """Memory of the first GPU that TensorFlow holds; None without a GPU."""
    if not tf.config.list_physical_devices("GPU"):
        return None
    return int(tf.config.experimental.get_memory_info("GPU:0")["current"])


def free_gpu_bytes(environment: Mapping[str, str] = os.environ, command: str = "nvidia-smi") -> int | None:
    """Free memory of the GPU that TensorFlow takes first, as its driver says; None where nothing says it.

    TensorFlow knows only what it holds itself, and other programs use the same card.
    """
    chosen = environment.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
    one = [f"--id={chosen}"] if chosen else []
    ask = [command, *one, "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(ask, capture_output=True, text=True, timeout=10, check=True).stdout
        return int(said.splitlines()[0]) << 20
    except (OSError, subprocess.SubprocessError, IndexError, ValueError):
        return None


def fitting_batch(wanted: int, free_bytes: int | None) -> int:
    """How many pictures to score at once: `wanted`, or as many as the free memory of a GPU holds, at least one.

    The sizes were measured on one card (benchmarks/gpu.py); where they are too hopeful, `Batches` halves.
    """
    if free_bytes is None:
        return wanted
    return max(1, min(wanted, (free_bytes - _NETWORKS_BYTES) // _PICTURE_BYTES))


class Batches:
    """Runs a model over batches of one size, halving it where memory does not suffice."""

    def __init__(self, batch_size: int, out_of_memory: tuple[type[BaseException], ...]) -> None:
        """`out_of_memory` are the exceptions that mean a lack of memory."""
        self.size = batch_size
        self._out_of_memory = out_of_memory

    def run(self, items: Sequence[T], model: Callable[[Sequence[T]], Sequence[R]], most: int | None = None) -> list[R]:
        """`model` of consecutive batches of `items`, at most `most` at once, joined.

        A batch that is short is filled with its last item: how a library divides its work, and with it the last digits,
        hangs on the size, and a picture's score must not hang on how many others came with it. A smaller size is kept
        for later calls. Raises the exception where one item alone does not fit.
        """
        results: list[R] = []
        while len(results) < len(items):
            size = min(self.size, most or self.size)
            part = items[len(results) : len(results) + size]
            try:
                results.extend(model([*part, *[part[-1]] * (size - len(part))])[: len(part)])
            except self._out_of_memory:
                if size == 1:
                    raise
                self.size = size // 2
                log.warning("not enough memory for %d pictures at once, trying %d", size, self.size)
        return results
