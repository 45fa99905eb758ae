"""The league table over rounds."""

from __future__ import annotations

import pytest

from judge_vision.competition.league import Round, league, read_round, this_round
from judge_vision.competition.results import compute
from judge_vision.competition.results_page import result_rows
from judge_vision.exports.sheet import write_csv
from judge_vision.failure import UserError
from tests.unit.competition_entries import competition, entry


def test_points_add_up_over_rounds_and_equal_sums_share_a_place():
    rounds = [
        Round("Autumn", {"a": [15.0, 14.0], "b": [18.0]}, {"a": "Member A", "b": "Member B"}),
        Round("Winter", {"a": [10.0], "c": [39.0]}, {"a": "Member A", "c": "Member C"}),
    ]
    table = [(one.place, one.entrant, one.points, one.total) for one in league(rounds, None)]
    assert table == [
        (1, "Member A", [29.0, 10.0], 39.0),
        (1, "Member C", [None, 39.0], 39.0),
        (3, "Member B", [18.0, None], 18.0),
    ]


def test_only_the_best_entries_of_a_round_count_where_the_registry_says_so():
    rounds = [Round("Autumn", {"a": [10.0, 15.5, 12.0]}, {"a": "A"})]
    assert league(rounds, 2)[0].total == 27.5


def test_a_round_is_read_back_from_its_own_results(tmp_path):
    entries = {
        1: entry("one.jpg", member="017", author="=Member 017"),
        2: entry("two.jpg", member="017", author="=Member 017"),
        3: entry("three.jpg", author="Zoë of the Club"),
        4: entry("four.jpg"),
    }
    marks = {"one.jpg": {"A": 15.0}, "two.jpg": {"A": 12.5}, "three.jpg": {"A": 9.0}}
    results = compute(entries, marks, competition())
    path = tmp_path / "results.csv"
    write_csv(path, *result_rows("Autumn round", results, None))
    back, now = read_round(path), this_round("Autumn round", results)
    assert back.name == "Autumn round"
    assert {who: sorted(totals) for who, totals in back.totals.items()} == {
        "17": [12.5, 15.0],
        "zoe of the club": [9.0],
    }
    assert back.totals.keys() == now.totals.keys()


@pytest.mark.parametrize("name", ["@anna", "=Fig", "-Ken", "'Quoted'"])
def test_an_entrant_is_the_same_one_in_a_round_that_was_read_back(tmp_path, name):
    results = compute({1: entry("a.jpg", author=name)}, {"a.jpg": {"A": 15.0}}, competition())
    path = tmp_path / "results.csv"
    write_csv(path, *result_rows("Autumn round", results, None))
    (line,) = league([read_round(path), this_round("Winter round", results)], None)
    assert (line.entrant, line.total) == (name, 30.0)


@pytest.mark.parametrize("total", ["many", "nan", "inf", "1_0", "1e1"])
def test_a_total_that_is_no_number_is_refused_with_its_line(tmp_path, total):
    path = tmp_path / "results.csv"
    path.write_text(f"image,author,total\na.jpg,A,10\nb.jpg,B,{total}\n")
    with pytest.raises(UserError, match=f"line 3: the total '{total}'"):
        read_round(path)


def test_a_total_may_have_the_comma_of_a_spreadsheet(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("image;author;total\na.jpg;A;10,5\n")
    assert read_round(path).totals == {"a": [10.5]}
