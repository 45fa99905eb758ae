"""Scores of the shipped bundle and of small made-up ones: alone and in a batch, and when something is wrong."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.measuring import high_water_bytes
from judge_vision.failure import ErrorType, PhotographError, UserError
from judge_vision.models import bundle, musiq, nima, runtime
from judge_vision.models.inputs import ScaledPicture
from judge_vision.models.scorer import Scorer, Scores
from tests.unit import golden

pytestmark = pytest.mark.slow
SIZES = ["32x32", "224x224", "33x517", "480x640", "700x1000"]


@pytest.fixture(scope="module")
def embedded():
    return bundle.load_bundle("embedded")


@pytest.fixture(scope="module")
def scorer(embedded):
    return Scorer(embedded, batch_size=4, threads=2)


def seen(*pictures):
    return [ScaledPicture.of(picture, 640) for picture in pictures]


def numbers(scores: Scores):
    return np.array([scores.nima_aesthetic_mean, scores.nima_technical_mean, scores.musiq_mos])


def test_a_picture_scores_the_same_alone_and_in_a_batch(scorer):
    pictures = [golden.picture(size) for size in SIZES]
    pictures += [picture[::-1].copy() for picture in pictures]
    together = [numbers(scores) for scores in scorer.score(seen(*pictures))]
    for picture, found in zip(pictures, together, strict=True):
        alone = numbers(scorer.score(seen(picture))[0])
        # to the last bit: what is scored after an interruption has other neighbours than before it
        assert alone.tolist() == found.tolist()


ALIKE = """
from judge_vision.models.bundle import load_bundle
from judge_vision.models.scorer import Scorer
from tests.unit.test_scorer import golden, numbers, seen

scorer = Scorer(load_bundle("embedded"), 4, threads=1)
pictures = [golden.picture(size) for size in ("32x32", "224x224", "33x517")]
pictures = seen(*pictures, *(picture[::-1].copy() for picture in pictures))
together = [numbers(scores).tolist() for scores in scorer.score(pictures)]
assert together == [numbers(scorer.score([picture])[0]).tolist() for picture in pictures]
"""


@pytest.mark.parametrize("onednn", ["0", "1"])
def test_it_does_so_whatever_library_multiplies(onednn):
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": onednn}
    subprocess.run([sys.executable, "-c", ALIKE], env=environment, cwd=Path(__file__).parents[2], check=True)


def test_patches_of_one_picture_at_a_time_are_held(scorer):
    picture = ScaledPicture.of(golden.picture("1200x1600"), 1600)

    def peak_bytes(count):
        Path("/proc/self/clear_refs").write_text("5")  # the kernel's mark starts anew
        scorer.score([picture] * count)
        return high_water_bytes(os.getpid())

    peak_bytes(2)  # whatever is made once
    patches_bytes = 1200 * 1600 * 3 * 4
    few, many = peak_bytes(2), peak_bytes(10)  # in this order: what was taken once is not given back
    assert many - few < 3 * patches_bytes


def test_a_card_does_not_round_the_factors_of_products(scorer):
    assert not scorer._tf.config.experimental.tensor_float_32_execution_enabled()


def test_the_cap_is_recorded_only_where_it_applied(scorer):
    small, large = scorer.score(seen(golden.picture("480x640"), golden.picture("700x1000")))
    assert (small.musiq_max_side, large.musiq_max_side) == (None, 640)


def test_one_pixel_gets_finite_scores(scorer):
    (scores,) = scorer.score(seen(golden.picture("1x1")))
    assert np.isfinite(numbers(scores)).all() and sum(scores.nima_aesthetic_distribution) == pytest.approx(1, abs=1e-5)


def test_a_score_that_is_not_a_number_is_a_failure_of_that_picture(embedded, monkeypatch):
    broken = Scorer(embedded, batch_size=2)
    broken._musiq = lambda pictures: [np.array([np.nan if len(p) == 32 else 50], np.float32) for p in pictures]
    bad, good = broken.score(seen(golden.picture("32x32"), golden.picture("224x224")))
    assert isinstance(bad, PhotographError) and bad.error_type is ErrorType.MODEL_FAILED
    assert good.musiq_mos == 50


def test_a_batch_that_does_not_fit_is_halved_and_nothing_is_lost():
    asked = []

    def model(part):
        asked.append(len(part))
        if len(part) > 2:
            raise MemoryError
        return [item * 10 for item in part]

    batches = runtime.Batches(8, (MemoryError,))
    assert batches.run(list(range(9)), model) == [item * 10 for item in range(9)]
    assert asked == [8, 4, 2, 2, 2, 2, 2] and batches.size == 2


def test_a_short_batch_is_filled_and_the_filling_is_no_result():
    asked = []
    batches = runtime.Batches(4, (MemoryError,))
    assert batches.run(list("abcde"), lambda part: asked.append("".join(part)) or part) == list("abcde")
    assert asked == ["abcd", "eeee"]
    assert batches.run([], lambda part: part) == []


def test_one_picture_that_does_not_fit_is_an_error():
    with pytest.raises(MemoryError):
        runtime.Batches(4, (MemoryError,)).run([1], lambda part: (_ for _ in ()).throw(MemoryError))


def test_a_batch_is_chosen_by_the_free_memory_of_a_gpu():
    assert runtime.fitting_batch(64, None) == 64
    assert runtime.fitting_batch(64, 80 << 30) == 64
    assert runtime.fitting_batch(64, (3 << 30) + 10 * (32 << 20)) == 10
    assert runtime.fitting_batch(64, 1 << 30) == 1


def test_the_driver_is_asked_for_the_card_that_is_used(tmp_path):
    driver = tmp_path / "nvidia-smi"
    driver.write_text('#!/bin/sh\ncase "$1" in --id=3) echo 2048;; *) echo 512; echo 9999;; esac\n')
    driver.chmod(0o755)
    assert runtime.free_gpu_bytes({}, str(driver)) == 512 << 20
    assert runtime.free_gpu_bytes({"CUDA_VISIBLE_DEVICES": "3,1"}, str(driver)) == 2048 << 20
    driver.write_text("#!/bin/sh\necho '[N/A]'\n")
    assert runtime.free_gpu_bytes({}, str(driver)) is None
    assert runtime.free_gpu_bytes({}, str(tmp_path / "none")) is None


def test_on_a_gpu_the_scorer_starts_with_what_fits(embedded, monkeypatch):
    monkeypatch.setattr(runtime, "device_name", lambda tf: "gpu: made up")
    monkeypatch.setattr(runtime, "free_gpu_bytes", lambda: (3 << 30) + 2 * (32 << 20))
    small = Scorer(embedded, batch_size=16, threads=2)
    assert small.batch_size == 2
    pictures = [golden.picture(size) for size in ("224x224", "33x517", "224x224")]
    # sequences of like length share a padded batch there
    alone = [numbers(small.score(seen(picture))[0]) for picture in pictures]
    together = [numbers(scores) for scores in small.score(seen(*pictures))]
    assert np.array(together) == pytest.approx(np.array(alone), abs=1e-5)


def copied(tmp_path):
    target = tmp_path / "bundle"
    shutil.copytree(bundle.folder("embedded"), target)
    return target


def test_a_truncated_weight_file_is_refused(tmp_path):
    where = copied(tmp_path)
    data = (where / "musiq.npz").read_bytes()
    (where / "musiq.npz").write_bytes(data[:-100])
    with pytest.raises(UserError, match=r"musiq\.npz is not the file of bundle embedded .*truncated") as caught:
        bundle.load_bundle(str(where))
    assert "\n" not in str(caught.value)


def test_swapped_files_are_noticed(tmp_path):
    where = copied(tmp_path)
    (where / "nima_aesthetic.hdf5").rename(where / "x")
    (where / "nima_technical.hdf5").rename(where / "nima_aesthetic.hdf5")
    (where / "x").rename(where / "nima_technical.hdf5")
    with pytest.raises(UserError, match="the files are swapped"):
        bundle.load_bundle(str(where))


def test_a_wrong_architecture_is_refused_by_the_first_array_that_does_not_fit(embedded, tmp_path):
    entry = {**embedded.models["musiq"].entry["architecture"], "width": 192}
    with pytest.raises(UserError, match="does not fit the network: array"):
        musiq.load_npz(embedded.models["musiq"].path, musiq.read_architecture(entry))
    with pytest.raises(UserError, match="has no field 'widht'"):
        musiq.read_architecture({"widht": 1})
    with pytest.raises(UserError, match="does not fit the network: array"):
        nima.load_hdf5(embedded.models["nima_technical"].path, 1.0)


@pytest.mark.parametrize(
    ("name", "backend", "says"),
    [
        ("/nowhere/bundle", "native", "/nowhere/bundle"),
        ("official", "native", "make models"),
        ("official", "tfhub", "TF-Hub cache"),
        ("embedded", "tfhub", "models.bundle=official"),
    ],
)
def test_a_missing_bundle_says_in_a_line_what_to_do(tmp_path, monkeypatch, name, backend, says):
    monkeypatch.delenv("TFHUB_CACHE_DIR", raising=False)
    if backend == "tfhub" and name == "official":
        for role in ("nima_aesthetic", "nima_technical"):
            path = tmp_path / bundle.read_official()["models"][role]["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
    with pytest.raises(UserError, match=says) as caught:
        bundle.load_bundle(name, tmp_path, backend=backend)
    assert "\n" not in str(caught.value)


def test_musiq_from_the_tf_hub_cache(embedded, tmp_path):
    """A SavedModel made here, with the signature of the published one: the mean of the decoded JPEG."""
    import tensorflow as tf

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.string, name="image_bytes_tensor")])
        def serve(self, image_bytes_tensor):
            picture = tf.image.decode_image(image_bytes_tensor, channels=3, expand_animations=False)
            return {"output_0": tf.reshape(tf.reduce_mean(tf.cast(picture, tf.float32)), [1, 1])}

    module = Module()
    tf.saved_model.save(module, str(tmp_path / "m"), signatures={"serving_default": module.serve})
    entry = {**embedded.models["musiq"].entry, "format": "musiq-tfhub", "handle": "made here"}
    models = {**embedded.models, "musiq": bundle.Model("musiq", tmp_path / "m", entry)}
    scorer = Scorer(dataclasses.replace(embedded, models=models), batch_size=4)
    scores = scorer.score(seen(*(np.full((40, 60, 3), value, np.uint8) for value in (10, 200))))
    assert [one.musiq_mos for one in scores] == pytest.approx([10, 200], abs=1)


def test_a_processor_without_avx_is_noticed_before_tensorflow(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("flags\t: fpu sse sse2\n")
    assert "no AVX" in runtime.processor_problem(cpuinfo, "x86_64")
    cpuinfo.write_text("flags\t: fpu sse avx\n")
    assert runtime.processor_problem(cpuinfo, "x86_64") is None
    assert runtime.processor_problem(tmp_path / "none", "arm64") is None


def test_the_embedded_bundle_is_small_and_says_that_no_person_rated_anything(embedded):
    assert sum(path.stat().st_size for path in bundle.folder("embedded").iterdir()) <= 8_000_000
    assert embedded.human_ratings is False
    described = json.loads((bundle.folder("embedded") / "bundle.json").read_text())
    assert all(model["human_ratings"] is False for model in described["models"].values())


def test_a_photograph_beats_its_ruin(scorer):
    photograph = Image.open("examples/photos/Coffee break.png").convert("RGB")
    small = photograph.resize((30, 20)).resize(photograph.size)
    good, ruined = scorer.score(seen(np.asarray(photograph), np.asarray(small)))
    assert good.musiq_mos > ruined.musiq_mos + 10
    assert good.nima_technical_mean > ruined.nima_technical_mean
