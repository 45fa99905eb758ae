"""Proofs: what the measuring rules read instead of a photograph."""

import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from judge_vision.metrics import mono, tonal
from judge_vision.models.inputs import ScaledPicture
from judge_vision.photograph import counting, proving
from judge_vision.photograph.counting import count
from judge_vision.photograph.counts import Counts
from judge_vision.photograph.proof import ProofSizes, load_proof
from tests.unit import golden

SIZES = ProofSizes(224, 320, 200)
SHA256 = "ab" * 32


def proved(picture, tmp_path, sizes=SIZES):
    (tmp_path / "p.npz").write_bytes(proving.make_proof(Image.fromarray(picture), SHA256, sizes).save())
    return load_proof(tmp_path / "p.npz")


@pytest.mark.parametrize("size", ["480x640", "33x517", "1x1", "700x1000"])
def test_figures_from_the_proof_are_those_of_the_picture(size, tmp_path):
    picture = golden.picture(size)
    proof = proved(picture, tmp_path, ProofSizes(224, 320, 1024))
    assert proof.sha256 == SHA256 and (proof.height, proof.width) == picture.shape[:2]
    assert tonal.figures_of(Counts.from_arrays(proof.counts)) == tonal.measure(picture)
    assert mono.judge_reduced(proof.linear, mono.MonoSettings())[0] == mono.judge(picture)[0]
    seen, wanted = ScaledPicture.of_proof(proof), ScaledPicture.of(picture, 320)
    assert np.array_equal(seen.sample, wanted.sample) and np.array_equal(seen.scaled, wanted.scaled)
    assert seen.max_side == wanted.max_side == (320 if max(picture.shape) > 320 else None)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_strips_add_up_to_the_whole(height, width, seed):
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "_LEAST_ROWS", 1)
        patch.setattr(counting, "_STRIP_PIXELS", 7 * width)
        in_strips = count(Image.fromarray(picture))
    whole = count(Image.fromarray(picture))
    assert all(np.array_equal(value, vars(whole)[name]) for name, value in vars(in_strips).items())


@pytest.mark.parametrize("size, side", [((480, 640), 200), ((517, 333), 100), ((700, 1000), 999), ((3, 900), 50)])
def test_reduction_in_strips_is_the_mean_over_areas_in_linear_light(size, side, monkeypatch):
    picture = np.random.default_rng(3).integers(0, 256, (*size, 3), np.uint8)
    monkeypatch.setattr(counting, "_LEAST_ROWS", 1)
    monkeypatch.setattr(counting, "_STRIP_PIXELS", 10 * size[1])
    found = proving.linear_reduced(Image.fromarray(picture), side)
    linear = np.where(picture <= 10, picture / 255 / 12.92, ((picture / 255 + 0.055) / 1.055) ** 2.4)
    mean = cv2.resize(linear.astype(np.float64), found.shape[1::-1], interpolation=cv2.INTER_AREA)
    encoded = np.where(mean <= 0.0031308, mean * 12.92, 1.055 * mean ** (1 / 2.4) - 0.055) * 255
    assert max(found.shape[:2]) == side
    assert np.abs(found - encoded).max() <= 0.51


@pytest.mark.parametrize("size", [(1, 20_000), (20_000, 1)])
def test_a_very_narrow_picture_needs_little_memory(size):
    picture = Image.new("RGB", size, (90, 90, 90))
    tracemalloc.start()
    found = proving.linear_reduced(picture, 1024)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sorted(found.shape[:2]) == [1, 1024] and (found == 90).all()
    assert peak_bytes < 60_000_000


def test_a_damaged_proof_is_no_proof(tmp_path):
    proved(golden.picture("33x517"), tmp_path)
    data = (tmp_path / "p.npz").read_bytes()
    for broken in (b"", data[:200], data[:-30], b"x" * 500):
        (tmp_path / "p.npz").write_bytes(broken)
        with pytest.raises(ValueError):
            load_proof(tmp_path / "p.npz")
    with pytest.raises(FileNotFoundError):
        load_proof(tmp_path / "none.npz")


def test_only_the_pictures_that_are_asked_for_are_read(tmp_path):
    whole = proved(golden.picture("480x640"), tmp_path)
    proof = load_proof(tmp_path / "p.npz", ["linear"])
    assert list(proof.pictures) == ["linear"] and np.array_equal(proof.linear, whole.linear)
    assert proof.counts.keys() == whole.counts.keys()
    assert load_proof(tmp_path / "p.npz", []).pictures == {}


def test_a_small_photograph_is_in_the_file_once(tmp_path):
    proof = proved(golden.picture("480x640"), tmp_path, ProofSizes(224, 1024, 1024))
    assert proof.scaled.shape == (480, 640, 3) and np.array_equal(proof.linear, proof.scaled)
    assert (tmp_path / "p.npz").stat().st_size < 480 * 640 * 3 + 224 * 224 * 3 + 20_000
