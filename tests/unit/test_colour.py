"""Colourfulness: pictures worked out by hand, and what must hold for any picture."""

import math
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from judge_vision.config import read_config
from judge_vision.metrics.colour import colourfulness
from judge_vision.records.steps import record_schema
from judge_vision.workflow import session
from judge_vision.workflow.shard import read_records

ROOT = Path(__file__).parents[2]

RED, GREEN, BLUE, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (90, 90, 90)
PIXELS = arrays.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3)))


def halves(left, right):
    picture = np.empty((4, 6, 3), np.uint8)
    picture[:, :3], picture[:, 3:] = left, right
    return picture


@pytest.mark.parametrize(
    ("left", "right", "by_hand"),
    [
        # rg is 255 and -255: mean 0, deviation 255; yb is 127.5 everywhere: 255 + 0.3 x 127.5
        (RED, GREEN, 293.25),
        # one colour: no deviation; 0.3 sqrt(255^2 + 127.5^2)
        (RED, RED, 0.3 * 255 * math.sqrt(1.25)),
        # rg 0; yb -255 everywhere
        (BLUE, BLUE, 76.5),
        # rg 255 and 0: 127.5, 127.5; yb 127.5 and -255: mean -63.75, deviation 191.25
        (RED, BLUE, math.hypot(127.5, 191.25) + 0.3 * math.hypot(127.5, 63.75)),
        # rg 255 and 0: 127.5, 127.5; yb 127.5 and 0: 63.75, 63.75
        (RED, GREY, 1.3 * math.hypot(127.5, 63.75)),
        (GREY, (200, 200, 200), 0.0),
    ],
)
def test_pictures_of_two_halves_are_as_worked_out_by_hand(left, right, by_hand):
    assert colourfulness(halves(left, right)) == pytest.approx(by_hand, abs=1e-9)


@given(PIXELS)
def test_grey_has_none_and_nothing_has_less(picture):
    assert colourfulness(np.repeat(picture[..., :1], 3, axis=2)) == 0
    assert 0 <= colourfulness(picture) < 500


@given(PIXELS)
def test_turning_and_mirroring_change_nothing(picture):
    wanted = pytest.approx(colourfulness(picture), abs=1e-9)
    for turned in (picture[::-1], picture[:, ::-1], picture.swapaxes(0, 1), np.tile(picture, (2, 1, 1))):
        assert colourfulness(np.ascontiguousarray(turned)) == wanted


@given(PIXELS, st.integers(1, 7))
def test_it_grows_in_step_with_the_distance_from_grey(picture, share):
    """Colours moved towards the grey of 128 by exact eighths: the figure shrinks by just as much."""
    exact = picture // 8 * 8
    away = exact.astype(int) - 128
    paler = (128 + away * share // 8).astype(np.uint8)
    assert colourfulness(paler) == pytest.approx(colourfulness(exact) * share / 8, abs=1e-9)


def test_the_rule_measures_each_photograph_of_a_shard(tmp_path, monkeypatch):
    photos, results = tmp_path / "photos", tmp_path / "results"
    photos.mkdir()
    Image.fromarray(halves(RED, GREEN)).save(photos / "red and green.png")
    Image.fromarray(halves(GREY, GREY)).save(photos / "grey.png")
    (photos / "letter.jpg").write_text("Dear secretary")
    monkeypatch.setattr(session, "_lock_handle", None)
    session.begin(read_config({"photos": str(photos), "results": str(results)}).resolved(tmp_path), ROOT, None, 1)
    for script, *shard in (["manifest"], ["prepare", "--shard", "00000"], ["colour", "--shard", "00000"]):
        command = [sys.executable, str(ROOT / "scripts" / f"{script}.py"), "--results", str(results), *shard]
        subprocess.run(command, check=True, capture_output=True)
    monkeypatch.chdir(results)
    records = read_records("colour", "00000")
    found = {image: record.get("colourfulness") for image, record in records.items()}
    assert found == {"grey.png": 0.0, "red and green.png": pytest.approx(293.25), "letter.jpg": None}
    assert records["letter.jpg"]["error_type"] == "not_an_image"
    for record in records.values():
        jsonschema.validate(record, record_schema("colour"))
