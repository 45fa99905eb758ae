"""Agreement and mapping of the calibration against expectations worked out by hand."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge_vision.calibration import mapping
from judge_vision.calibration.agreement import agreement, correlations
from judge_vision.calibration.calibrate import Scored, calibrate
from judge_vision.calibration.marks import read_marks
from judge_vision.calibration.settings import CalibrationSettings
from judge_vision.failure import UserError

QUICK = CalibrationSettings(bootstrap_samples=200)


def arrays(*pairs):
    return np.array(pairs, float).T


def test_correlations_by_hand():
    scores, marks = arrays((1, 1), (2, 3), (3, 2), (4, 4))
    # ranks differ by 0, 1, 1, 0: 1 - 6 * 2 / (4 * 15); five pairs agree and one does not: (5 - 1) / 6
    assert correlations(scores, marks) == pytest.approx({"srcc": 0.8, "plcc": 0.8, "kendall": 4 / 6})


def test_a_curve_that_rises_is_perfect_by_rank_only():
    found = correlations(*arrays((1, 1), (2, 4), (3, 9), (4, 16)))
    assert found["srcc"] == found["kendall"] == pytest.approx(1)
    # 2 * sum of products over the roots: 25 / sqrt(5 * 129)
    assert found["plcc"] == pytest.approx(25 / np.sqrt(5 * 129))


def test_equal_marks_have_no_correlation_rather_than_a_made_up_one():
    found = agreement(*arrays((1, 15), (2, 15), (3, 15)), samples=100, seed=0)
    assert found["srcc"] is None and found["srcc_interval"] is None and found["photographs"] == 3


def test_intervals_hold_the_figure_narrow_with_more_photographs_and_repeat():
    random = np.random.default_rng(3)
    marks = random.normal(15, 2, 400)
    scores = marks + random.normal(0, 2, 400)
    few = agreement(scores[:25], marks[:25], samples=300, seed=1)
    many = agreement(scores, marks, samples=300, seed=1)
    for found in (few, many):
        for name in ("srcc", "plcc", "kendall"):
            low, high = found[f"{name}_interval"]
            assert -1 <= low <= found[name] <= high <= 1
    width = [found["plcc_interval"][1] - found["plcc_interval"][0] for found in (few, many)]
    assert width[1] < width[0] / 2
    # Fisher: (1 - r^2) / sqrt(n) is the deviation of r
    assert width[1] == pytest.approx(2 * 1.96 * (1 - many["plcc"] ** 2) / np.sqrt(400), rel=0.25)
    assert many == agreement(scores, marks, samples=300, seed=1)


def test_the_mapping_pools_what_falls_and_joins_with_straight_lines():
    found = mapping.fit(*arrays((1, 10), (2, 14), (3, 12), (4, 18)), "vlm")
    # 14 and 12 fall: both become 13
    assert (found.scores, found.marks) == ((1, 2, 3, 4), (10, 13, 13, 18))
    assert [found.mark(score) for score in (0, 1, 1.5, 2.5, 3.5, 9)] == [10, 10, 11.5, 13, 15.5, 18]


def test_equal_scores_get_the_mean_of_their_marks():
    found = mapping.fit(*arrays((1, 10), (1, 14), (2, 20)), "vlm")
    assert (found.scores, found.marks) == ((1, 2), (12, 20))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=40))
def test_a_mapping_never_falls_and_stays_within_the_marks(pairs):
    scores, marks = arrays(*pairs)
    found = mapping.fit(scores, marks, "vlm")
    at = [found.mark(score) for score in np.linspace(-1, 41, 60)]
    assert all(one <= other + 1e-9 for one, other in pairwise(at))
    assert marks.min() - 1e-9 <= min(at) and max(at) <= marks.max() + 1e-9


def test_what_is_left_out_tells_how_good_the_mapping_is():
    random = np.random.default_rng(5)
    scores = random.uniform(0, 10, 200)
    marks = 10 + scores + random.normal(0, 0.2, 200)
    error = mapping.cross_validated_error(scores, marks, seed=0)
    assert error["mapping"] < 0.35 and error["mean_mark"] > 2
    noise = mapping.cross_validated_error(scores, random.normal(15, 2, 200), seed=0)
    assert noise["mapping"] > 0.9 * noise["mean_mark"]


def photographs(count=24):
    return [
        Scored(
            f"{number}.jpg", "Open" if number % 3 else "Mono", 10 + number / 4,
            {"critique": 8 + number / 3, "musiq_mos": None},
        )
        for number in range(count)
    ]  # fmt: skip


def test_figures_per_category_and_none_where_there_are_too_few():
    found = calibrate(photographs(), {"critique": "vlm", "musiq_mos": "b 1"}, {"critique": "", "musiq_mos": ""}, QUICK)
    critique = found["scores"]["critique"]
    assert critique["all"]["srcc"] == pytest.approx(1) and critique["photographs"] == 24
    assert critique["by_category"]["Open"]["photographs"] == 16 and critique["by_category"]["Mono"] is None
    assert critique["mapping"]["scored_by"] == "vlm"
    assert found["scores"]["musiq_mos"]["all"] is None and found["scores"]["musiq_mos"]["mapping"] is None


def test_a_calibration_is_read_back_and_any_other_file_refused(tmp_path):
    found = calibrate(photographs(), {"critique": "vlm"}, {"critique": ""}, QUICK)
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps(found))
    assert mapping.read_mapping(path, "critique").mark(8) == pytest.approx(10)
    with pytest.raises(UserError, match="holds no mapping for musiq_mos; it has critique"):
        mapping.read_mapping(path, "musiq_mos")
    for text in ("{}", "[]", "x", '{"format": "judge-vision/calibration/1", "scores": {"critique": {"mapping": {}}}}'):
        path.write_text(text)
        with pytest.raises(UserError, match=r"is no calibration\.json"):
            mapping.read_mapping(path, "critique")
    with pytest.raises(UserError, match="cannot read the calibration"):
        mapping.read_mapping(tmp_path / "none.json", "critique")


def marks_file(tmp_path, text):
    path = tmp_path / "marks.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_marks_are_the_mean_over_judges_and_may_have_decimal_commas(tmp_path):
    path = marks_file(tmp_path, "image;mark_1;mark_2;note\na.jpg;15;16\nb.jpg;17,5;;fine\nc.jpg;;\n")
    assert read_marks(path) == {"a.jpg": 15.5, "b.jpg": 17.5}


@pytest.mark.parametrize(
    ("text", "words"),
    [("image,points\na.jpg,3\n", "has no column mark"), ("image,mark\na.jpg,good\n", "'good' is not a mark"),
     ("image,mark\na.jpg,nan\n", "'nan' is not a mark")],
)  # fmt: skip
def test_a_mistake_in_the_marks_is_one_line(tmp_path, text, words):
    with pytest.raises(UserError, match=words):
        read_marks(marks_file(tmp_path, text))
