import numpy as np
import pytest

from judge_vision.failure import UserError
from judge_vision.models import nima, runtime
from tests.unit import golden

pytestmark = pytest.mark.slow
GOLDEN = golden.read("nima-golden.json")


@pytest.fixture(scope="module", autouse=True)
def _on_every_digit():
    """As the scoring does it: by itself TensorFlow would round products on a GPU."""
    runtime.start_tensorflow()


@pytest.fixture(scope="module")
def weights():
    return {key: golden.nima_weight(key, shape) for key, shape in GOLDEN["parameters"].items()}


def test_names_and_shapes_are_the_published_ones():
    assert nima.weight_shapes(1.0) == {key: tuple(shape) for key, shape in GOLDEN["parameters"].items()}


@pytest.mark.parametrize("padding", ["symmetric", "asymmetric"])
def test_every_golden_case_is_met(weights, padding, tmp_path):
    nima.save_hdf5(tmp_path / "w.hdf5", weights)
    loaded = nima.folded(nima.load_hdf5(tmp_path / "w.hdf5", 1.0))
    inputs = np.stack([nima.prepare(golden.picture(size)) for size in GOLDEN["cases"]])
    for (size, case), found in zip(GOLDEN["cases"].items(), nima.forward(loaded, inputs, padding).numpy(), strict=True):
        mean, std = nima.mean_and_std(found)
        assert found == pytest.approx(case[padding]["distribution"], abs=1e-4), size
        assert (mean, std) == pytest.approx((case[padding]["mean"], case[padding]["std"]), abs=1e-4), size


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("dense_1/bias"), "array dense_1/bias is missing"),
        (lambda w: w.update({"dense/bias": w["dense_1/bias"]}), "array dense/bias does not belong"),
        (lambda w: w.update({"dense_1/bias": np.zeros(9, np.float32)}), r"array dense_1/bias has shape \[9\]"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(weights, change, message, tmp_path):
    changed = dict(weights)
    change(changed)
    nima.save_hdf5(tmp_path / "w.hdf5", changed)
    with pytest.raises(UserError, match=message):
        nima.load_hdf5(tmp_path / "w.hdf5", 1.0)


def test_a_truncated_file_is_refused(weights, tmp_path):
    nima.save_hdf5(tmp_path / "w.hdf5", weights)
    data = (tmp_path / "w.hdf5").read_bytes()
    (tmp_path / "w.hdf5").write_bytes(data[: len(data) // 2])
    with pytest.raises(UserError, match="fetch it again"):
        nima.load_hdf5(tmp_path / "w.hdf5", 1.0)
