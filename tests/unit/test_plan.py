import pytest

from judge_vision.records.steps import STEPS
from judge_vision.workflow import messages
from judge_vision.workflow.plan import host_threads, make_plan, photographs_per_shard, read_plan


@pytest.mark.parametrize(
    ("photographs", "target", "size"),
    [
        (0, 256, 256),
        (1_000, 256, 256),
        (25_600, 256, 256),
        # four times as many: shards twice as large, and twice as many
        (102_400, 256, 512),
        (10_240_000, 256, 5_120),
        (100, 1, 1),
    ],
)
def test_shards_keep_their_size_and_then_grow_with_the_root(photographs, target, size):
    assert photographs_per_shard(photographs, target) == size


def test_beyond_the_roots_reach_there_are_as_many_shards_as_there_may_be():
    most = 19_750 // len(STEPS)
    assert photographs_per_shard(most * 100_000, 256) == 100_000


@pytest.mark.parametrize("photographs", [10**exponent for exponent in range(9)])
@pytest.mark.parametrize("target", [1, 20, 256, 5000])
def test_there_are_never_more_than_twenty_thousand_jobs(photographs, target):
    shards = -(-photographs // photographs_per_shard(photographs, target))
    assert shards * len(STEPS) < 20_000


def test_above_the_limit_records_are_packed():
    assert [make_plan(count, 256, 100).packed for count in (99, 100, 101)] == [False, False, True]


def test_a_job_run_by_hand_without_a_plan_keeps_files(tmp_path):
    assert not read_plan(tmp_path).packed


def test_a_run_for_a_single_target_ends_without_a_summary(tmp_path):
    assert "no table yet" in messages.summary(tmp_path)


@pytest.mark.parametrize(
    ("photographs", "cores", "threads"), [(300, 2, 4), (767, 2, 4), (769, 2, 1), (769, 4, 4), (5000, None, 4)]
)
def test_jobs_have_one_thread_where_every_core_has_two_shards(photographs, cores, threads):
    assert host_threads(make_plan(photographs, 256, 100_000), 4, cores) == threads
