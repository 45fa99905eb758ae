"""The running order: by chance, the same for the same seed, and no entrant's pictures next to each other."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from judge_vision.competition.running_order import neighbours, running_order
from tests.unit.competition_entries import entry


def entries(authors, section="Open"):
    return [
        entry(f"{section}-{number}.jpg", author=author, section_name=section) for number, author in enumerate(authors)
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["A", "B", "C", None]), max_size=7), st.integers(0, 99))
def test_there_are_as_few_neighbours_as_any_order_can_have(authors, seed):
    own = entries(authors)
    order = running_order(own, seed)
    assert sorted(one.image for one in order) == sorted(one.image for one in own)
    fewest = min((neighbours(list(any_order)) for any_order in permutations(own)), default=0)
    assert neighbours(order) == fewest


def test_a_club_has_no_neighbours_and_every_seed_its_own_order():
    own = [*entries([f"Member {n % 60:03d}" for n in range(180)]), *entries(["Member 001", "Member 002"] * 40, "Mono")]
    first = running_order(own, 1)
    assert neighbours(first) == 0
    assert [one.image for one in running_order(list(reversed(own)), 1)] == [one.image for one in first]
    assert [one.image for one in running_order(own, 2)] != [one.image for one in first]
    assert [one.section_name for one in first] == sorted(one.section_name for one in own)


def test_where_two_sections_meet_nobody_is_beside_himself_either():
    # Mono is A's alone and short; Open must not end, nor begin, with A
    own = [*entries(["A"], "Mono"), *entries(["A", "B", "C", "D", "E", "F"], "Open")]
    for seed in range(20):
        assert neighbours(running_order(own, seed)) == 0


def test_the_order_is_by_chance_and_not_by_entrant():
    own = entries(["A"] * 5 + ["B"] * 5 + [f"C{n}" for n in range(30)])
    firsts = {running_order(own, seed)[0].author for seed in range(60)}
    assert len(firsts) > 10
