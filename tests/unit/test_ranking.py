"""Ranks, bands, placings, pairing and strengths against expectations worked out by hand."""

import math
from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge_vision.compliance.rules import Competition
from judge_vision.failure import UserError
from judge_vision.ranking.bands import band, half_mark
from judge_vision.ranking.candidates import Candidate, by_group, candidates
from judge_vision.ranking.matches import Standing, match_row, matches, sides_share, standings
from judge_vision.ranking.pairing import draw, rounds
from judge_vision.ranking.places import accepted, placings, ranks
from judge_vision.ranking.rank import rank
from judge_vision.ranking.settings import (
    PlayoffSettings,
    RankingSettings,
    check_playoff,
    refuse_embedded,
    resolved_score,
)
from judge_vision.ranking.strengths import Strength, bradley_terry, linked

BANDS = {"Merit": [14, 15], "Credit": [16, 17], "Distinction": [18, 20]}


@pytest.mark.parametrize(
    ("mark", "label"),
    [(13.5, None), (14, "Merit"), (15, "Merit"), (15.5, "Merit"), (16, "Credit"), (17.5, "Credit"), (18, "Distinction"),
     (20, "Distinction"), (20.5, None)],
)  # fmt: skip
def test_a_half_mark_between_bands_belongs_to_the_lower_one(mark, label):
    assert band(mark, BANDS) == label


def test_a_wide_gap_belongs_to_no_band_and_a_list_of_marks_is_its_ends():
    bands = {"Commended": [12, 12.5, 13], "First": [17]}
    assert [band(mark, bands) for mark in (12.5, 13, 13.5, 16.5, 17, 17.5)] == [
        "Commended", "Commended", None, None, "First", None,
    ]  # fmt: skip


def test_scores_round_to_the_nearest_half_mark():
    assert [half_mark(score) for score in (0, 0.24, 0.25, 16.74, 16.75, 17.3, 20)] == [0, 0, 0.5, 16.5, 17, 17.5, 20]


def test_equals_share_a_rank_and_the_next_takes_up_the_count():
    assert ranks({"a": (17.0,), "b": (18.0,), "c": (17.0,), "d": (16.5,)}) == {"b": 1, "a": 2, "c": 2, "d": 4}


def test_placings_pass_over_an_author_who_has_enough_and_equals_share():
    values = {"a": (20.0,), "b": (19.0,), "c": (18.0,), "d": (18.0,), "e": (17.0,)}
    authors = {"a": "X", "b": "X", "c": "Y", "d": "Z", "e": None}
    labels = ["First", "Second", "Third", "Fourth"]
    assert placings(values, labels, authors, None) == {
        "a": "First", "b": "Second", "c": "Third", "d": "Third",
    }  # fmt: skip
    assert placings(values, labels, authors, 1) == {
        "a": "First", "c": "Second", "d": "Second", "e": "Fourth",
    }  # fmt: skip
    assert placings(values, [], authors, 1) == {}


def test_never_more_than_the_rate_is_accepted():
    values = {name: (score,) for name, score in zip("abcdefghij", (9, 8, 7, 7, 6, 5, 4, 3, 2, 1), strict=True)}
    assert accepted(values, 0.2) == {"a", "b"}
    assert accepted(values, 0.3) == {"a", "b"}, "the two equals at the line would be one too many"
    assert accepted(values, 0.4) == {"a", "b", "c", "d"}
    assert accepted(values, 1.0) == set(values)


@given(st.integers(0, 40), st.integers(1, 8))
def test_pairing_repeats_nobody_links_everyone_and_gives_each_enough(count, each):
    drawn = [str(number) for number in range(count)]
    found = rounds(drawn, each)
    pairs = [frozenset(pair) for pairs in found for pair in pairs]
    assert len(set(pairs)) == len(pairs)
    for one_round in found:
        playing = [name for pair in one_round for name in pair]
        assert len(set(playing)) == len(playing)
    met = Counter(name for pair in pairs for name in pair)
    if count >= 2:
        assert all(met[name] >= min(each, count - 1) for name in drawn)
        if count == 2 or each >= 2:
            assert linked(count, [(int(a), int(b)) for a, b in (sorted(pair) for pair in pairs)])


def test_all_rounds_are_everyone_against_everyone():
    pairs = [frozenset(pair) for pairs in rounds(list("abcdef"), 5) for pair in pairs]
    assert sorted(map(sorted, pairs)) == sorted(map(list, combinations("abcdef", 2)))


def test_the_draw_follows_from_the_seed_and_not_from_the_order_of_files():
    names = [f"{number}.jpg" for number in range(8)]
    assert draw(names, 0, "open") == draw(reversed(names), 0, "open")
    assert draw(names, 0, "open") != draw(names, 1, "open") and draw(names, 0, "open") != names


def test_two_photographs_at_three_to_one():
    one, other = bradley_terry(2, [(0, 1), (0, 1), (0, 1), (1, 0)], prior=1e-9)
    # P = 3/4 is a difference of ln 3; each lies half of it from the mean
    assert one.value == pytest.approx(math.log(3) / 2, abs=1e-4) and other.value == pytest.approx(-one.value)
    # information of the difference: 4 * 3/4 * 1/4 = 3/4, so its deviation is sqrt(4/3) and half of that for each
    assert one.high - one.value == pytest.approx(1.959964 * math.sqrt(4 / 3) / 2, rel=1e-3)
    assert one.value - one.low == pytest.approx(one.high - one.value)


def test_the_prior_keeps_a_clean_sweep_finite():
    one, other = bradley_terry(2, [(0, 1)] * 2, prior=0.05)
    # the maximum of 2 log(1 / (1 + e^-2s)) - 2 * 0.05 s^2: 4 / (1 + e^2s) = 0.2 s
    assert 4 / (1 + math.exp(2 * one.value)) == pytest.approx(0.2 * one.value, rel=1e-4)
    assert other.value == pytest.approx(-one.value)


def test_nothing_decided_says_nothing():
    assert [strength.value for strength in bradley_terry(3, [], prior=0.05)] == [0, 0, 0]


def test_known_strengths_are_recovered_within_their_intervals():
    truth = np.array([1.5, 0.7, 0.0, -0.6, -1.6])
    random = np.random.default_rng(7)
    wins = []
    for one, other in combinations(range(5), 2):
        for _ in range(200):
            beats = random.random() < 1 / (1 + math.exp(truth[other] - truth[one]))
            wins.append((one, other) if beats else (other, one))
    found = bradley_terry(5, wins, prior=0.05)
    for strength, true in zip(found, truth, strict=True):
        assert strength.low < true < strength.high
        assert strength.high - strength.low < 0.5


def candidate(image, score, group="open", author=None, reason=None):
    return Candidate(image, image.upper(), group.title(), author, group, score, reason)


def test_only_the_best_of_each_category_meet_and_every_pair_twice():
    found = [candidate(f"{number}", 17 + number / 2) for number in range(4)]
    found += [candidate("low", 16.5), candidate("other", 20, "mono"), candidate("out", None)]
    played = matches(by_group(found), PlayoffSettings(), None)
    assert {match.group for match in played} == {"open"}, "one alone in a category meets nobody"
    shown = Counter((match.first.image, match.second.image) for match in played)
    assert set(shown.values()) == {1}
    assert all((second, first) in shown for first, second in shown)
    assert len(played) == 12, "four photographs, three comparisons each, both ways round"
    assert matches(by_group(found), PlayoffSettings(), 0) == []


@pytest.mark.parametrize(("count", "each"), [(2, 3), (10, 3), (11, 4), (20, 4), (35, 5), (36, 6)])
def test_more_photographs_have_more_comparisons_each(count, each):
    assert PlayoffSettings().comparisons_for(count) == each


def played(*results, group="open"):
    return [
        {"group": group, "first": first, "second": second, "winner": winner} for first, second, winner in results
    ]  # fmt: skip


def test_the_log_turns_into_standings_and_a_lost_comparison_counts_for_neither():
    rows = played(("a", "b", "a"), ("b", "a", "a"), ("a", "c", "a"), ("c", "a", None), ("b", "c", "c"), ("c", "b", "b"))
    found = standings(rows, 0.05)
    assert (found["a"].matches, found["a"].wins) == (3, 3)
    assert (found["c"].matches, found["c"].wins) == (3, 1)
    assert found["a"].strength.value > max(found["b"].strength.value, found["c"].strength.value)
    assert sides_share(rows) == pytest.approx(2 / 5)


def test_comparisons_that_do_not_link_everyone_give_no_standings():
    rows = played(("a", "b", "a"), ("c", "d", "d"), ("a", "c", None), group="open")
    assert standings(rows, 0.05) == {}
    assert set(standings(rows + played(("x", "y", "y"), group="mono"), 0.05)) == {"x", "y"}


def test_a_record_knows_sides_and_the_log_names():
    match = matches(by_group([candidate("a", 18), candidate("b", 18)]), PlayoffSettings(), None)[0]
    row = match_row(match, {"better": "B", "reason": "r"})
    assert (row["winner"], row["category"], row["round"]) == (match.second.image, "Open", 1)
    assert match_row(match, {"better": None})["winner"] is None


COMPETITION = Competition.model_validate(
    {
        "name": "Round",
        "sections": {"open": {"name": "Open", "acceptance_rate": 0.5}, "mono": {"name": "Monochrome"}},
        "score_bands": BANDS,
        "section_awards": ["Gold", "Silver"],
        "rules": {"max_awards_per_author": 1},
    }
)


def test_the_playoff_ranks_its_own_before_all_others():
    found = [candidate("a", 18), candidate("b", 17.5), candidate("c", 16.5), candidate("d", None, reason="It failed.")]
    standing = {"a": Standing(Strength(-1, -2, 0), 4, 1), "b": Standing(Strength(1, 0, 2), 4, 3)}
    rows = {row["image"]: row for row in rank(found, standing, COMPETITION, lambda score: score)}
    assert [rows[name]["rank"] for name in "abcd"] == [2, 1, 3, None]
    assert [rows[name]["placing"] for name in "abcd"] == ["Silver", "Gold", None, None]
    assert [rows[name]["band"] for name in "abcd"] == ["Distinction", "Credit", "Credit", None]
    assert [rows[name]["accepted"] for name in "abcd"] == [False, True, False, None]
    assert (rows["b"]["playoff_strength"], rows["b"]["playoff_low"], rows["b"]["playoff_wins"]) == (1, 0, 3)
    assert (rows["c"]["playoff_strength"], rows["a"]["rank_of"]) == (None, 3)
    assert (rows["d"]["status"], rows["d"]["reason"], rows["d"]["score"]) == ("not_ranked", "It failed.", None)


def test_categories_are_ranked_apart_and_without_a_scale_there_are_no_marks():
    found = [candidate("a", 5.5, "open"), candidate("b", 4.5, "mono"), candidate("c", 5.0, "mono")]
    rows = {row["image"]: row for row in rank(found, {}, COMPETITION, None)}
    assert [rows[name]["rank"] for name in "abc"] == [1, 2, 1]
    assert {row["mark"] for row in rows.values()} == {row["band"] for row in rows.values()} == {None}


def stage1(image="a.jpg", **more):
    row = {"image": image, "status": "ok", "error": None, "title": None, "category": "O", "author": None}
    return {**row, "compliance_passed": None, "nima_aesthetic_mean": 5.5, "musiq_mos": None, **more}


def test_a_failed_critique_has_no_score_and_never_the_score_0():
    rows = [stage1("a.jpg"), stage1("b.jpg"), stage1("c.jpg"), stage1("d.jpg", status="failed", error="empty")]
    rows.append(stage1("e.jpg", compliance_passed=False))
    critiques = {"a.jpg": {"score": 17.5, "error": None}, "b.jpg": {"score": None, "error": "the reply is empty"}}
    critiques["e.jpg"] = {"score": 19.0, "error": None}
    found = {one.image: one for one in candidates(rows, critiques, "critique", None)}
    assert {name: one.score for name, one in found.items()} == {
        "a.jpg": 17.5, "b.jpg": None, "c.jpg": None, "d.jpg": None, "e.jpg": None,
    }  # fmt: skip
    assert found["b.jpg"].reason == "There is no score in the critique: the reply is empty"
    assert "does not comply" in found["e.jpg"].reason
    assert candidates(rows, {}, "nima_aesthetic_mean", None)[0].score == 5.5
    assert candidates(rows, {}, "musiq_mos", None)[0].reason == "There is no score."


def test_a_category_by_code_or_name_is_one_section():
    competition = Competition.model_validate({"name": "R", "sections": {"open": {"name": "Open", "codes": ["O"]}}})
    rows = [stage1("a.jpg"), stage1("b.jpg", category="open"), stage1("c.jpg", category="elsewhere")]
    assert [one.group for one in candidates(rows, {}, "nima_aesthetic_mean", competition)] == [
        "open", "open", "elsewhere",
    ]  # fmt: skip


def test_the_embedded_bundle_ranks_nothing_unless_a_setting_says_so():
    with pytest.raises(UserError, match="never shown a human mark"):
        refuse_embedded("nima_aesthetic_mean", False, allowed=False)
    refuse_embedded("nima_aesthetic_mean", False, allowed=True)
    refuse_embedded("nima_aesthetic_mean", True, allowed=False)
    refuse_embedded("critique", False, allowed=False)


def test_which_score_ranks():
    settings = RankingSettings()
    assert resolved_score(settings, "server") == "critique"
    assert resolved_score(settings, "off") == "nima_aesthetic_mean"
    assert resolved_score(replace(settings, score="musiq_mos"), "rules") == "musiq_mos"
    with pytest.raises(UserError, match="hold no scores and give no awards"):
        resolved_score(settings, "rules")
    with pytest.raises(UserError, match="no server writes critiques"):
        resolved_score(replace(settings, score="critique"), "off")


@pytest.mark.parametrize(
    ("engine", "score", "words"),
    [("rules", "auto", "no playoff with stage2.engine rules"), ("off", "auto", "needs a server"),
     ("server", "musiq_mos", "not by musiq_mos")],
)  # fmt: skip
def test_a_playoff_that_would_mean_nothing_is_refused(engine, score, words):
    ranking = RankingSettings(score=score)
    with pytest.raises(UserError, match=words):
        check_playoff(PlayoffSettings(enabled=True), ranking, engine)
    check_playoff(PlayoffSettings(), ranking, engine)
