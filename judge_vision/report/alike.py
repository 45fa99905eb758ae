"""Which photographs are to be shown side by side: the same file, or entries that the rules found to look alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from judge_vision.compliance.duplicates import look_alikes

Group = dict[str, Any]
Link = tuple[int, int, int]

MAX_BITS = 6
"""How many of 64 bits may differ where no competition says: crops and exports of one picture, seldom two moments."""


def groups(
    rows: list[dict[str, Any]], set_findings: Mapping[str, list[dict[str, Any]]], hashes: Sequence[str | None] = ()
) -> list[Group]:
    """Groups of at least two photographs: `kind` (same_file | look_alike), `members` (positions in `rows`) and
    `bits`, the most bits by which two linked perceptual hashes differ (null for the same file).

    Look-alikes are what the rules found, and rows whose `hashes` (one for each) differ by at most MAX_BITS. They are
    linked through pairs: in a chain A-B-C the ends need not look alike themselves.
    """
    links = _found_by_rules(rows, set_findings) + _found_by_hashes(rows, hashes)
    return _same_files(rows) + _look_alikes(rows, links)


def _same_files(rows: list[dict[str, Any]]) -> list[Group]:
    by_content: dict[str, list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        if row["sha256"]:
            by_content[row["sha256"]].append(position)
    return [{"kind": "same_file", "members": found, "bits": None} for found in by_content.values() if len(found) > 1]


def _found_by_rules(rows: list[dict[str, Any]], set_findings: Mapping[str, list[dict[str, Any]]]) -> list[Link]:
    position = {row["image"]: number for number, row in enumerate(rows)}
    links = []
    for image, findings in set_findings.items():
        for finding in findings:
            if finding["rule"] == "no_near_duplicates" and image in position:
                alike = [pair for pair in finding["measured"]["alike"] if pair["image"] in position]
                links += [(position[image], position[pair["image"]], pair["bits"]) for pair in alike]
    return links


def _found_by_hashes(rows: list[dict[str, Any]], hashes: Sequence[str | None]) -> list[Link]:
    """Links within MAX_BITS; of the same file, which is another group's matter, only the first counts."""
    first: dict[str, int] = {}
    for number, perceptual in enumerate(hashes):
        if perceptual:
            first.setdefault(rows[number]["sha256"], number)
    places = list(first.values())
    found = look_alikes([str(hashes[place]) for place in places], MAX_BITS)
    return [(places[index], places[other], bits) for index, alike in found.items() for other, bits in alike.nearest]


def _look_alikes(rows: list[dict[str, Any]], links: list[Link]) -> list[Group]:
    parent = list(range(len(rows)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for one, other, _ in links:
        parent[max(root(one), root(other))] = min(root(one), root(other))
    members: dict[int, set[int]] = defaultdict(set)
    bits: dict[int, int] = defaultdict(int)
    for one, other, away in links:
        members[root(one)] |= {one, other}
        bits[root(one)] = max(bits[root(one)], away)
    return [
        {"kind": "look_alike", "members": sorted(found), "bits": bits[first]}
        for first, found in sorted(members.items())
    ]
