import subprocess
import sys

import pytest

PROBE = """
import resource, sys
import numpy as np
from judge_vision.memory import keep_freed_memory

def work():
    held = [np.ones(megabytes << 18, np.float32) for megabytes in (5, 10, 15, 20)]
    return sum(float(array[-1]) for array in held)

if sys.argv[1] == "keep":
    keep_freed_memory()
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux")
def test_memory_that_is_kept_need_not_be_fetched_again():
    def page_faults(how):
        done = subprocess.run([sys.executable, "-c", PROBE, how], capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert page_faults("keep") < page_faults("give back") / 4
