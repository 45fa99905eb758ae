"""A decoder that crashes, hangs or grows costs its own picture. The bad decoders are stand-ins, the last are real."""

import ctypes
import os
import signal
import time

import psutil
import pytest
from PIL import Image

from judge_vision.failure import ErrorType, PhotographError, UserError
from judge_vision.photograph.isolate import prepare_all
from judge_vision.photograph.prepare import prepare_photograph
from judge_vision.photograph.proof import ProofSizes
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.records import store
from tests.unit import pictures
from tests.unit.test_photograph_formats import PIXELS

# Every test starts processes, and waits for some of them.
pytestmark = pytest.mark.slow
SIZES = ProofSizes(224, 64, 64)
# Time enough for a good photograph on a machine that is busy with other things.
LIMITS = PrepareSettings(timeout_s=12, memory_mb=600)


def stand_in(path, settings, sizes, proof_path):
    """Does what the file says, and prepares those that say nothing."""
    words = path.read_bytes()[:20]
    if words.startswith(b"segfault"):
        ctypes.string_at(0)
    if words.startswith(b"abort"):
        os.abort()
    if words.startswith(b"leave"):
        os._exit(3)
    if words.startswith(b"sleep"):
        time.sleep(600)
    if words.startswith(b"spin"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            pass
    if words.startswith(b"grow"):
        hoard = []
        while True:
            hoard.append(bytearray(50_000_000))
    if words.startswith(b"full"):
        raise UserError("the disk is full")
    if words.startswith(b"defect"):
        raise KeyError("nobody thought of this")
    return prepare_photograph(path, settings, sizes, proof_path)


def outcomes(tmp_path, contents, limits=LIMITS, prepare=stand_in, workers=2):
    items = []
    for number, data in enumerate(contents):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(data)
        items.append((number, path, tmp_path / "work" / f"{number}.npz"))
    return list(prepare_all(items, limits, SIZES, workers, prepare))


GOOD = pictures.saved(PIXELS, "JPEG")


def test_a_bad_decoder_costs_its_own_picture(tmp_path):
    bad = {
        b"segfault": ErrorType.DECODER_CRASHED,
        b"abort": ErrorType.DECODER_CRASHED,
        b"leave": ErrorType.DECODER_CRASHED,
        b"sleep": ErrorType.DECODER_TIMEOUT,
        b"spin": ErrorType.DECODER_TIMEOUT,
        b"grow": ErrorType.DECODER_MEMORY,
        b"defect": ErrorType.INTERNAL,
    }
    contents = [GOOD]
    for words in bad:
        contents += [words, GOOD, GOOD]
    found = outcomes(tmp_path, contents)
    assert [number for number, _ in found] == list(range(len(contents)))
    for (number, outcome), data in zip(found, contents, strict=True):
        if data is GOOD:
            assert not isinstance(outcome, PhotographError) and outcome["width"] == 48, number
        else:
            assert outcome.error_type is bad[data], (data, outcome.message)
            assert outcome.sha256 == store.file_sha256(tmp_path / f"{number}.jpg"), "a bad file has an identity too"


def test_what_ended_a_decoder_is_said(tmp_path):
    (_, crashed), (_, left) = outcomes(tmp_path, [b"segfault", b"leave"])
    assert "SIGSEGV" in crashed.message and "status 3" in left.message


def test_a_full_disk_stops_all(tmp_path):
    with pytest.raises(UserError, match="disk is full"):
        outcomes(tmp_path, [GOOD, b"full", GOOD])


def test_no_worker_stays_behind(tmp_path):
    """The server that starts workers stays, for the next call; its children, the workers, do not."""
    me = psutil.Process()
    before = set(me.children(recursive=True))  # other tests' services, a container engine say, have children too
    outcomes(tmp_path, [b"sleep", GOOD], PrepareSettings(timeout_s=0.5))
    came = set(me.children(recursive=True)) - before
    assert not [child for child in came if child.ppid() != me.pid]


@pytest.mark.parametrize(
    ("limits", "error_type"),
    [
        (PrepareSettings(memory_mb=300), ErrorType.DECODER_MEMORY),
        (PrepareSettings(timeout_s=0.2), ErrorType.DECODER_TIMEOUT),
    ],
)
def test_a_small_file_that_is_a_large_picture(tmp_path, limits, error_type):
    """144 million pixels in 140 kB: below the limit on pixels, above that on memory or time."""
    data = pictures.saved(Image.new("L", (12_000, 12_000), 7), "PNG")
    assert len(data) < 200_000
    (_, large), (_, good) = outcomes(tmp_path, [data, GOOD], limits, prepare_photograph, workers=1)
    if error_type is ErrorType.DECODER_TIMEOUT and isinstance(good, PhotographError):
        pytest.skip("this machine is too busy to tell a slow picture from a quick one")
    assert large.error_type is error_type, large.message
    assert good["width"] == 48
