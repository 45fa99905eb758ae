"""The official bundle, with files made here in the published layout: the real ones cannot be had in a test."""

import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from judge_vision.failure import UserError
from judge_vision.models import bundle, musiq, nima
from judge_vision.models.inputs import ScaledPicture
from judge_vision.models.scorer import Scorer
from scripts import verify_models
from tests.unit import golden

pytestmark = pytest.mark.slow
NIMA = golden.read("nima-golden.json")
MUSIQ = golden.read("musiq-golden.json")
PICTURES = {"42039.png": "300x420", "42040.png": "224x224"}


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """A root as `make models` leaves it, and the description that fits it: golden weights, published scores by rule."""
    root = tmp_path_factory.mktemp("official")
    described = bundle.read_official()
    weights = {key: golden.nima_weight(key, shape) for key, shape in NIMA["parameters"].items()}
    for role, head in (("nima_aesthetic", 1.0), ("nima_technical", -1.0)):
        path = root / described["models"][role]["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        nima.save_hdf5(path, {**weights, "dense_1/kernel": head * weights["dense_1/kernel"]})
        described["models"][role]["git_blob"] = bundle.git_blob_id(path)
    shapes = {key.removeprefix(musiq.PREFIX): shape for key, shape in MUSIQ["parameters"].items()}
    checkpoint = root / described["models"]["musiq"]["variants"]["spaq"]["native"]["file"]
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    musiq.save_npz(checkpoint, {key: golden.musiq_weight(musiq.PREFIX + key, shape) for key, shape in shapes.items()})
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    (root / bundle.LOCK).write_text(json.dumps({checkpoint.name: {"sha256": digest}}))
    folder = root / described["golden_pictures"]["folder"]
    folder.mkdir(parents=True, exist_ok=True)
    described["golden_pictures"]["pictures"] = {}
    technical = nima.folded(nima.load_hdf5(root / described["models"]["nima_technical"]["file"], 1.0))
    for name, size in PICTURES.items():
        Image.fromarray(golden.picture(size)).save(folder / name)
        pixels = nima.prepare(golden.picture(size))[None]
        described["golden_pictures"]["pictures"][name] = {
            "nima_aesthetic": NIMA["cases"][size]["symmetric"]["mean"],
            "nima_technical": nima.mean_and_std(nima.forward(technical, pixels, "symmetric").numpy()[0])[0],
        }
    return root, described


@pytest.fixture
def described(official, monkeypatch):
    root, description = official
    copy = json.loads(json.dumps(description))
    monkeypatch.setattr(bundle, "read_official", lambda: copy)
    monkeypatch.setattr(verify_models, "read_official", lambda: copy)
    return root, copy


def test_the_published_scores_are_met_and_each_picture_says_so(described, capsys):
    assert verify_models.compare(str(described[0]))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == len(PICTURES) * 2 * 2
    assert all(line[0] == "pass" for line in lines if "symmetric" in line)


def test_a_wrong_padding_fails_and_the_right_one_is_shown(described, capsys):
    root, description = described
    for role in ("nima_aesthetic", "nima_technical"):
        description["models"][role]["padding"] = "asymmetric"
    assert not verify_models.compare(str(root))
    out = capsys.readouterr().out
    assert "FAIL" in out and "would pass" in out


def test_a_score_that_is_off_by_more_than_a_hundredth_fails(described):
    root, description = described
    description["golden_pictures"]["pictures"]["42039.png"]["nima_aesthetic"] += 0.012
    assert not verify_models.compare(str(root))


def test_a_missing_test_picture_is_named(described):
    root, description = described
    description["golden_pictures"]["pictures"]["absent.jpg"] = {"nima_aesthetic": 5.0, "nima_technical": 5.0}
    with pytest.raises(UserError, match=r"absent\.jpg is missing; run `make models`"):
        verify_models.compare(str(root))


def test_the_official_networks_score_as_the_original_code_does(described):
    scorer = Scorer(bundle.load_bundle("official", described[0]), batch_size=4)
    sizes = ["224x224", "300x420"]
    for size, scores in zip(
        sizes, scorer.score([ScaledPicture.of(golden.picture(size), 1024) for size in sizes]), strict=True
    ):
        assert scores.nima_aesthetic_mean == pytest.approx(NIMA["cases"][size]["symmetric"]["mean"], abs=1e-4)
        assert scores.musiq_mos == pytest.approx(MUSIQ["cases"][size]["score_1"], abs=1e-4)


def test_official_files_that_were_swapped_are_refused(described):
    root, description = described
    models = description["models"]
    blobs = [models[role]["git_blob"] for role in ("nima_aesthetic", "nima_technical")]
    models["nima_aesthetic"]["git_blob"], models["nima_technical"]["git_blob"] = reversed(blobs)
    with pytest.raises(UserError, match="the files are swapped"):
        bundle.load_bundle("official", root)


def test_musiq_is_found_in_the_tf_hub_cache_under_the_hash_of_its_handle(described, tmp_path, monkeypatch):
    """A SavedModel made here with the published signature, ten ratings: the mean is what counts."""
    import tensorflow as tf

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.string, name="image_bytes_tensor")])
        def serve(self, image_bytes_tensor):
            tf.image.decode_image(image_bytes_tensor, channels=3)
            return {"output_0": tf.constant([[4.25]])}

    handle = b"https://tfhub.dev/google/musiq/koniq-10k/1"
    module = Module()
    where = tmp_path / hashlib.sha1(handle).hexdigest()
    tf.saved_model.save(module, str(where), signatures={"serving_default": module.serve})
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    chosen = bundle.load_bundle("official", described[0], variant="koniq", backend="tfhub")
    (scores,) = Scorer(chosen, batch_size=4).score([ScaledPicture.of(np.zeros((40, 60, 3), np.uint8), 640)])
    assert scores.musiq_mos == pytest.approx(4.25)


def test_a_file_that_keras_2_wrote_is_read_strictly(tmp_path):
    """Keras itself writes the file, as in 2018: layer names, groups and attributes are its own, not ours."""
    import tf_keras

    tf_keras.utils.set_random_seed(2)
    base = tf_keras.applications.MobileNet((224, 224, 3), 0.25, include_top=False, weights=None, pooling="avg")
    head = tf_keras.layers.Dense(10, activation="softmax", name="dense_1")(base.output)
    model = tf_keras.Model(base.input, head)
    model.save_weights(str(tmp_path / "keras.hdf5"), save_format="h5")
    loaded = nima.folded(nima.load_hdf5(tmp_path / "keras.hdf5", 0.25))
    pixels = nima.prepare(golden.picture("300x420"))[None]
    ours = nima.forward(loaded, pixels, "asymmetric").numpy()
    assert ours == pytest.approx(model.predict(pixels, verbose=0), abs=1e-5)
    fresh = tf_keras.Model(base.input, tf_keras.layers.Dense(10, activation="softmax", name="dense")(base.output))
    fresh.save_weights(str(tmp_path / "other.hdf5"), save_format="h5")
    with pytest.raises(UserError, match="array dense_1/bias is missing"):
        nima.load_hdf5(tmp_path / "other.hdf5", 0.25)
