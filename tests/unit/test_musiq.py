import numpy as np
import pytest

from judge_vision.failure import UserError
from judge_vision.models import musiq, runtime
from judge_vision.models.musiq_patches import patches_of
from tests.unit import golden

GOLDEN = golden.read("musiq-golden.json")


@pytest.fixture(scope="module", autouse=True)
def _on_every_digit():
    """As the scoring does it: by itself TensorFlow would round products on a GPU."""
    runtime.start_tensorflow()


def weights(outputs=1):
    shapes = {key.removeprefix(musiq.PREFIX): shape for key, shape in GOLDEN["parameters"].items()}
    shapes |= {"head/kernel": [384, outputs], "head/bias": [outputs]}
    return {key: golden.musiq_weight(musiq.PREFIX + key, shape) for key, shape in shapes.items()}


def logits(loaded, arch, sequences, length):
    """The encoder's output for several pictures in one batch, padded to `length`."""

    def padded(arrays):
        return np.stack([np.pad(a, [(0, length - len(a)), *[(0, 0)] * (a.ndim - 1)]) for a in arrays])

    tokens = padded([musiq.embed(loaded, arch, one.pixels).numpy() for one in sequences])
    mask = np.stack([np.arange(length) < len(one.where) for one in sequences])
    where, scale = (padded([getattr(one, name) for one in sequences]) for name in ("where", "scale"))
    return musiq.encode(loaded, arch, tokens, where, scale, mask).numpy()


def test_names_and_shapes_are_those_of_the_original_code():
    wanted = {key.removeprefix(musiq.PREFIX): tuple(shape) for key, shape in GOLDEN["parameters"].items()}
    assert musiq.weight_shapes(musiq.Architecture()) == wanted
    assert sum(int(np.prod(shape)) for shape in wanted.values()) == GOLDEN["number_of_parameters"]


@pytest.mark.parametrize("size", GOLDEN["cases"])
def test_patches_and_positions_are_the_originals(size):
    case = GOLDEN["cases"][size]
    found = patches_of(golden.picture(size), musiq.Architecture())
    scales = [found.scale == index for index in range(3)]
    assert [int(chosen.sum()) for chosen in scales] == case["real_tokens_per_scale"]
    sums = [found.pixels[chosen].astype(np.float64).sum() for chosen in scales]
    assert sums == pytest.approx(case["patch_sum_per_scale"], rel=1e-6, abs=1e-2)
    assert found.where[scales[2]][:20].tolist() == case["hash_first_20_full_size"]


@pytest.mark.slow
@pytest.mark.parametrize("outputs", [1, 10])
def test_every_golden_case_is_met_alone(outputs, tmp_path):
    arch = musiq.Architecture(outputs=outputs)
    musiq.save_npz(tmp_path / "m.npz", weights(outputs))
    loaded = musiq.standardised(musiq.load_npz(tmp_path / "m.npz", arch))
    for size, case in GOLDEN["cases"].items():
        one = patches_of(golden.picture(size), arch)
        score = musiq.mos(logits(loaded, arch, [one], len(one.where))[0])
        assert score == pytest.approx(case[f"score_{outputs}"], abs=1e-5), size


@pytest.mark.slow
def test_a_score_does_not_depend_on_the_batch():
    arch = musiq.Architecture()
    loaded = musiq.standardised(weights())
    sizes = ["1x1", "224x224", "33x517", "300x420"]
    sequences = [patches_of(golden.picture(size), arch) for size in sizes]
    together = logits(loaded, arch, sequences, 512)[:, 0]
    assert together == pytest.approx([GOLDEN["cases"][size]["score_1"] for size in sizes], abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("head/bias"), "array head/bias is missing"),
        (lambda w: w.update({"head/spare": np.zeros(1)}), "array head/spare does not belong"),
        (lambda w: w.update({"head/bias": np.zeros(2)}), r"array head/bias has shape \[2\], \[1\] is needed"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused_by_name(change, message, tmp_path):
    changed = weights()
    change(changed)
    musiq.save_npz(tmp_path / "m.npz", changed)
    with pytest.raises(UserError, match=message):
        musiq.load_npz(tmp_path / "m.npz", musiq.Architecture())


def test_a_truncated_checkpoint_is_refused(tmp_path):
    musiq.save_npz(tmp_path / "m.npz", {"head/bias": np.zeros(1, np.float32)})
    (tmp_path / "m.npz").write_bytes((tmp_path / "m.npz").read_bytes()[:60])
    with pytest.raises(UserError, match="fetch it again"):
        musiq.load_npz(tmp_path / "m.npz", musiq.Architecture())
