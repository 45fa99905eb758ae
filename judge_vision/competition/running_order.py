"""The order in which judges see the entries: by chance, and no entrant's pictures next to each other."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from judge_vision.competition.entry import Entry

# Orders that are tried until one has no neighbours where two sections meet either.
_TRIES = 200


def running_order(entries: Sequence[Entry], seed: int) -> list[Entry]:
    """`entries` by section, each section shuffled with `seed` so that no two neighbours are of one entrant.

    Where an entrant has more than half of a section that cannot be, and there are as few such neighbours as possible.
    Entries whose entrant nobody knows are nobody's neighbours. The same entries and seed give the same order,
    whatever order they come in.
    """
    by_section: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda one: (one.section_name, one.sha256 or "", one.image)):
        by_section.setdefault(entry.section_name, []).append(entry)
    best: list[Entry] = []
    for attempt in range(_TRIES):
        chance = random.Random(f"{seed}/{attempt}")
        order: list[Entry] = []
        for section in by_section.values():
            order += _shuffled(section, chance, order[-1].entrant if order else None)
        if not best or neighbours(order) < neighbours(best):
            best = order
        if neighbours(best) == sum(_unavoidable(section) for section in by_section.values()):
            break
    return best


def neighbours(order: Sequence[Entry]) -> int:
    """How many pairs of neighbours are of one entrant."""
    return sum(one.entrant is not None and one.entrant == other.entrant for one, other in pairwise(order))


def _unavoidable(entries: Sequence[Entry]) -> int:
    counts = Counter(entry.entrant for entry in entries if entry.entrant is not None)
    most = max(counts.values(), default=0)
    return max(0, most - 1 - (len(entries) - most))


def _shuffled(entries: list[Entry], chance: random.Random, before: str | None) -> list[Entry]:
    """`entries` drawn one after another, each time by chance among those after which the rest can still be parted."""
    left = list(entries)
    chance.shuffle(left)
    counts = Counter(entry.entrant for entry in left if entry.entrant is not None)
    order: list[Entry] = []
    while left:
        most = max(counts.values(), default=0)
        after = len(left) - 1
        # from here on an entrant with more than half of what is left has to come next, or neighbours are certain
        pressing = {who for who, count in counts.items() if count == most and 2 * count > after + 1}
        allowed = [entry for entry in left if entry.entrant is None or entry.entrant != before]
        chosen = next((entry for entry in allowed if entry.entrant in pressing), None)
        chosen = chosen or (allowed or left)[0]
        left.remove(chosen)
        order.append(chosen)
        before = chosen.entrant
        if before is not None:
            counts[before] -= 1
    return order
