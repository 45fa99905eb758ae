"""Earlier pictures are found again, though changed as entrants change them, and others are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import re_entry as benchmark
from judge_vision.compliance.re_entry import BITS, CROPS, entry_hashes, matches, picture_hashes

PHOTOGRAPHS = sorted(benchmark.PHOTOGRAPHS.glob("*.jpg"))


@pytest.mark.slow
def test_at_least_95_percent_are_found_and_hardly_any_unrelated_pair():
    own, wrong, pairs = benchmark.measure(PHOTOGRAPHS)
    every = [bits for version in own.values() for bits in version]
    assert len(PHOTOGRAPHS) >= 30
    assert sum(bits is not None for bits in every) / len(every) >= 0.99
    assert min(sum(bits is not None for bits in version) / len(version) for version in own.values()) >= 0.95
    assert len(wrong) / pairs <= 0.001


def test_a_mirrored_picture_is_found_and_said_to_be_mirrored():
    picture = Image.open(PHOTOGRAPHS[0]).convert("RGB")
    archive = np.stack([picture_hashes(benchmark.thumbnail(Image.open(path))) for path in PHOTOGRAPHS[:3]])
    entries = np.stack([
        entry_hashes(benchmark.thumbnail(benchmark.VERSIONS[name](picture)))
        for name in ("mirrored", "retitled, saved again as JPEG 85")
    ])  # fmt: skip
    found = [(match.entry, match.earlier, match.mirrored) for match in matches(entries, archive, 64)]
    assert found == [(0, 0, True), (1, 0, False)]


def test_distances_are_counted_bits_against_every_crop_in_both_directions():
    zeros = np.zeros((len(CROPS), BITS // 8), dtype=np.uint8)
    entry = np.full((1, 2, len(CROPS), BITS // 8), 255, dtype=np.uint8)
    # the entry's tenth crop is 3 bits from the whole picture; all else is 256 bits from everything
    entry[0, 0, 9] = 0
    entry[0, 0, 9, 0] = 0b111
    assert [(match.bits, match.mirrored) for match in matches(entry, zeros[None], 64)] == [(3, False)]
    # and the other way round: the whole mirrored entry is 5 bits from the picture's last crop
    entry[:] = 255
    entry[0, 1, 0] = 0
    earlier = np.full((1, len(CROPS), BITS // 8), 0b10101010, dtype=np.uint8)
    earlier[0, 15] = 0
    earlier[0, 15, 31] = 0b11111
    assert [(match.bits, match.mirrored) for match in matches(entry, earlier, 64)] == [(5, True)]
    assert matches(entry, earlier, 4) == []


def test_blocks_give_what_one_by_one_gives(monkeypatch):
    chance = np.random.default_rng(0)
    entries = chance.integers(0, 256, (7, 2, 16, 32), dtype=np.uint8)
    archive = chance.integers(0, 256, (11, 16, 32), dtype=np.uint8)
    archive[8] = entries[5, 1]
    whole = matches(entries, archive, 100)
    monkeypatch.setattr("judge_vision.compliance.re_entry._PICTURES", 2)
    monkeypatch.setattr("judge_vision.compliance.re_entry._ENTRIES", 3)
    assert matches(entries, archive, 100) == whole
    assert (5, 8, 0, True) in [(one.entry, one.earlier, one.bits, one.mirrored) for one in whole]


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (12, 9), (480, 3)])
def test_the_smallest_pictures_have_hashes(size):
    assert entry_hashes(np.zeros((size[1], size[0], 3), dtype=np.uint8)).shape == (2, 16, 32)


def test_the_measured_table_is_on_the_page():
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "competition.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in page for name in benchmark.VERSIONS)
