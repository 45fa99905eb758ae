"""How TensorFlow is started."""

import os
import subprocess
import sys

import pytest

from judge_vision.models import runtime

ALARM = "E cuda_fft.cc:485] Unable to register cuFFT factory: Attempting to ... when one has already been registered"


def test_a_false_alarm_is_left_out_and_all_else_is_said(capfd):
    with runtime._without_false_alarm():
        os.write(2, f"before\n{ALARM}\nfailed call to cuInit\n".encode())
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nfailed call to cuInit\nafter\n"


def test_what_was_said_comes_out_where_the_import_fails(capfd):
    with pytest.raises(ImportError), runtime._without_false_alarm():
        os.write(2, b"no such library\n")
        raise ImportError
    assert capfd.readouterr().err == "no such library\n"


@pytest.mark.slow
def test_tensorflow_starts_without_a_word():
    started = [sys.executable, "-c", "from judge_vision.models import runtime; runtime.start_tensorflow(1)"]
    assert subprocess.run(started, capture_output=True, text=True, check=True).stderr == ""
