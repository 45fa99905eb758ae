"""Which photographs are to be shown side by side: the same file, or entries that the rules found to look alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

Group = dict[str, Any]


def groups(rows: list[dict[str, Any]], set_findings: Mapping[str, list[dict[str, Any]]]) -> list[Group]:
    """Groups of at least two photographs: `kind` (same_file | look_alike), `members` (positions in `rows`) and
    `bits`, the most bits by which two linked perceptual hashes differ (null for the same file).

    Look-alikes are linked through pairs: in a chain A-B-C the ends need not look alike themselves.
    """
    return _same_files(rows) + _look_alikes(rows, set_findings)


def _same_files(rows: list[dict[str, Any]]) -> list[Group]:
    by_content: dict[str, list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        if row["sha256"]:
            by_content[row["sha256"]].append(position)
    return [{"kind": "same_file", "members": found, "bits": None} for found in by_content.values() if len(found) > 1]


def _look_alikes(rows: list[dict[str, Any]], set_findings: Mapping[str, list[dict[str, Any]]]) -> list[Group]:
    position = {row["image"]: number for number, row in enumerate(rows)}
    parent = list(range(len(rows)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    links = []
    for image, findings in set_findings.items():
        for finding in findings:
            if finding["rule"] == "no_near_duplicates" and image in position:
                alike = [pair for pair in finding["measured"]["alike"] if pair["image"] in position]
                links += [(position[image], position[pair["image"]], pair["bits"]) for pair in alike]
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
