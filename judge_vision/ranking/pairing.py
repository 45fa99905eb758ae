"""Who meets whom in the playoff."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def draw(images: Iterable[str], seed: int, group: str) -> list[str]:
    """The photographs in an order that follows from the seed alone: not from their names, nor from how they came."""
    return sorted(
        images, key=lambda image: hashlib.sha256(f"{seed}\0{group}\0{image}".encode("utf-8", "surrogatepass")).digest()
    )


def rounds(drawn: list[str], each: int) -> list[list[tuple[str, str]]]:
    """Rounds of a round-robin by the circle method in which every photograph meets at least `each` others.

    No pair meets twice; with an odd number one photograph sits out in each round, and one more round makes up for it.
    With all rounds everyone has met everyone. Two successive rounds link all photographs, so that from two rounds on
    the strengths of all are comparable.
    """
    players: list[str | None] = [*drawn] if len(drawn) % 2 == 0 else [*drawn, None]
    count = len(players)
    if len(drawn) < 2:
        return []
    wanted = min(each + (1 if None in players else 0), count - 1)
    found = []
    for number in range(wanted):
        turn = number % (count - 1)
        circle = [players[0], *players[1:][turn:], *players[1:][:turn]]
        pairs = [(circle[place], circle[count - 1 - place]) for place in range(count // 2)]
        found.append([(one, other) for one, other in pairs if one is not None and other is not None])
    return found
