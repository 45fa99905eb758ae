"""Agreement: published examples, another program's figures, and silence where there is nothing to say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from judge_vision.competition.agreement import intraclass_correlation, judges_agreement, machine_agreement
from judge_vision.competition.results import Line
from tests.unit.competition_entries import entry

# Shrout and Fleiss (1979), table 2.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# Made up; its figures are those of pingouin 0.6.1.
TWELVE = [
    [11, 16, 12], [9, 12, 9], [12.5, 14, 12], [15.5, 15.5, 13.5], [17, 18.5, 13.5], [14, 13.5, 13.5],
    [11, 14, 12.5], [12, 12, 11.5], [14, 14.5, 15.5], [15.5, 20, 18], [11.5, 16, 12.5], [11.5, 12.5, 8],
]  # fmt: skip


def lines(marks, scores=None):
    made = []
    for number, own in enumerate(marks, start=1):
        given = {f"Judge {place}": float(mark) for place, mark in enumerate(own, 1) if mark is not None}
        mean = float(np.mean(list(given.values()))) if given else None
        score = {"musiq_mos": scores[number - 1]} if scores else {}
        made.append(Line(number, entry(f"{number}.jpg", scores=score), given, mean, mean, []))
    return made


def test_the_published_example_of_shrout_and_fleiss():
    single, average = intraclass_correlation(np.array(SHROUT_FLEISS, dtype=float))
    assert round(single.value, 2) == 0.29 and round(average.value, 2) == 0.62
    assert (round(single.low, 2), round(single.high, 2)) == (0.02, 0.76)
    assert (round(average.low, 2), round(average.high, 2)) == (0.07, 0.93)


def test_the_figures_of_another_program():
    found = judges_agreement(lines(TWELVE), ["Judge 1", "Judge 2", "Judge 3"])
    assert found is not None and (found.judges, found.entries) == (3, 12)
    assert found.single.value == pytest.approx(0.578195, abs=1e-6)
    assert found.average.value == pytest.approx(0.804393, abs=1e-6)
    assert (round(found.single.low, 2), round(found.single.high, 2)) == (0.19, 0.84)
    assert (round(found.average.low, 2), round(found.average.high, 2)) == (0.41, 0.94)


def test_a_strict_judge_lowers_it_and_equal_judges_make_it_one():
    same = judges_agreement(lines([[n, n] for n in range(8)]), ["Judge 1", "Judge 2"])
    strict = judges_agreement(lines([[n, n - 3] for n in range(3, 11)]), ["Judge 1", "Judge 2"])
    assert same is not None and same.single.value == same.average.value == 1.0
    assert strict is not None and strict.single.value < 0.7


def test_entries_that_not_all_judges_marked_do_not_count():
    found = judges_agreement(lines([*TWELVE, [10, None, 12], [None, None, None]]), ["Judge 1", "Judge 2", "Judge 3"])
    assert found is not None and found.entries == 12


@pytest.mark.parametrize("marks", [[[1, 2]] * 5, [[7, 7]] * 9, [], [[1, None], [2, None]] * 5])
def test_nothing_is_said_where_nothing_can_be(marks):
    assert judges_agreement(lines(marks), ["Judge 1", "Judge 2"]) is None
    assert judges_agreement(lines(TWELVE), ["Judge 1"]) is None


def test_the_machines_rank_correlation_has_an_interval_and_is_the_same_each_time():
    scores = [float(sum(own)) + (5 if place % 3 else -4) for place, own in enumerate(TWELVE)]
    (found,) = machine_agreement(lines(TWELVE, scores), ["musiq_mos", "nima_aesthetic_mean"])
    means = [np.mean(own) for own in TWELVE]
    assert found.spearman.value == pytest.approx(stats.spearmanr(scores, means).statistic)
    assert found.spearman.low < found.spearman.value < found.spearman.high <= 1
    assert machine_agreement(lines(TWELVE, scores), ["musiq_mos"]) == [found]
    assert machine_agreement(lines(TWELVE, [3.0] * 12), ["musiq_mos"]) == []
    assert machine_agreement(lines(TWELVE[:5], scores[:5]), ["musiq_mos"]) == []
