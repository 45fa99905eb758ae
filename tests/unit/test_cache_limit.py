import os
import time

from judge_vision.workflow.cache_limit import trim


def write(folder, name, kilobytes, used):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * kilobytes * 1000)
    os.utime(path, (used, used))
    return path


def test_what_was_used_longest_ago_goes_first(tmp_path):
    old, new, newest = (write(tmp_path, f"iqa/{n}/{n}.json", 400, used) for n, used in enumerate((10, 20, 30)))
    assert trim(tmp_path, 2) == 0
    assert trim(tmp_path, 1) == 1
    assert [path.exists() for path in (old, new, newest)] == [False, True, True]
    assert trim(tmp_path, 0) == 2


def test_what_a_killed_job_left_half_written_goes_when_nobody_can_be_at_it(tmp_path):
    now = time.time()
    abandoned, fresh = write(tmp_path, "a/.1.part", 1, now - 90_000), write(tmp_path, "a/.2.part", 1, now)
    assert trim(tmp_path, 1) == 1
    assert fresh.exists() and not abandoned.exists()


def test_a_folder_that_is_not_there_yet_is_no_mistake(tmp_path):
    assert trim(tmp_path / "cache", 1) == 0
