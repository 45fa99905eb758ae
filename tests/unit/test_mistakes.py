"""Mistakes that people make with files and settings, and the one line that they then read."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from judge_vision.calibration.mapping import read_mapping
from judge_vision.competition.language import read_language
from judge_vision.competition.marks import read_marks
from judge_vision.compliance.registry import load_registry
from judge_vision.compliance.rules import Marking
from judge_vision.compliance.rulings import read_rulings
from judge_vision.config import read_config
from judge_vision.engines import keeper, notes, options
from judge_vision.engines.container import ContainerError, OneOff
from judge_vision.engines.options import Options
from judge_vision.failure import PhotographError, UserError
from judge_vision.models import bundle, download, musiq, runtime, tfhub
from judge_vision.photograph import listing, lists, source
from judge_vision.photograph.decoders import check_size
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.ranking.settings import PlayoffSettings, RankingSettings, check_playoff
from judge_vision.records import paths, store
from judge_vision.workflow import apptainer, bucket, calibrating, competing, later, session

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder, content, name="file.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("image\n", "has no rows; name a photograph"),
        (b"image\n\xff.jpg\n", "is not UTF-8 text; save it as 'CSV UTF-8'"),
        ("image,title\na.jpg,Sea, sun and sand\n", "3 values for 2 columns; put quotes around a value that holds ','"),
        ('image\n"a.jpg"b\n', "not valid CSV"),
        ("image,title,title\na.jpg,x,y\n", "has the column title twice; keep one"),
        ("image,title\n,Sea\n", "the column image is empty; name the photograph"),
        ("image\na\\x00.jpg\n", "holds a zero byte; no file is called so"),
        ("title\nSea\n", "has no column called image; its columns are: title"),
        ("image\n../a.jpg\n", "leads out of the photo folder"),
    ],
)
def test_a_list_that_cannot_be_meant(folder, content, says):
    path = written(folder, content)
    with pytest.raises(UserError) as raised:
        list(lists.read_list(path))
    assert says in str(raised.value) and str(path) in str(raised.value)


def test_a_list_that_is_not_there_or_of_another_kind(folder):
    for name, says in (("gone.csv", "cannot be read"), ("gone.parquet", "cannot be read")):
        with pytest.raises(UserError, match=f"the list .*{says}.*see `list`"):
            list(lists.read_list(folder / name))
    with pytest.raises(UserError, match=r"is not a Parquet file .*; write it again, or give a CSV"):
        list(lists.read_list(written(folder, "image\na.jpg\n", "list.parquet")))
    pq.write_table(pa.table({"image": ["a.jpg", "a.jpg"]}), folder / "twice.parquet")
    with pytest.raises(UserError, match=r"is not valid text; write it as UTF-8"):
        lists._checked("\udc80.jpg", "line 2")
    with pytest.raises(UserError, match=r"line 2: a.jpg is in line 1 already"):
        list(lists.read_list(folder / "twice.parquet"))


def test_a_photo_folder_that_cannot_be_listed(folder):
    with pytest.raises(UserError, match=r"cannot be listed .*; see that you may read it"):
        listing.walk(folder / "gone", listing.ListingSettings())


def test_a_folder_in_the_place_of_a_photograph_and_one_without_pixels(folder):
    with pytest.raises(PhotographError, match=r"a folder or a device, not a file; take it out"):
        source.read_source(folder, 1000)
    with pytest.raises(PhotographError, match=r"its header says 0 x 4 pixels; copy or export it again"):
        check_size(0, 4, PrepareSettings())


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ("rules = {max_width = 100, min_width = 200}", "rules: min_width 200 is more than max_width 100"),
        (
            "rules = {exact_size = [200, 100], max_width = 100}",
            "rules: exact_size has the width 200, more than max_width 100",
        ),
        (
            "rules = {exact_size = [200, 100], min_width = 300}",
            "rules: exact_size has the width 200, less than min_width 300",
        ),
        ("marking = {least = 5, most = 5}", "marking: least 5 is not less than most 5"),
        ('marking = {ties = ["countback", "countback"]}', "marking: ties names a rule twice"),
        ("rules = {archive_max_bits = 9}", "rules: archive_max_bits needs archive"),
        ('awards = ["Best", "best"]', "awards names an award twice"),
    ],
)
def test_rules_that_contradict_each_other(folder, rules, says):
    path = written(folder, f'[competition.spring]\nname = "Spring"\n{rules}\n', "rules.toml")
    with pytest.raises(UserError) as raised:
        load_registry(path)
    assert str(raised.value) == f"{path}: [competition.spring] {says}"


def test_registries_rulings_languages_and_calibrations_that_cannot_be_read(folder):
    for content, says in ((b"\xff", "not a text file in UTF-8; save it"), ("a = ", "is not TOML .*; examples/comp")):
        with pytest.raises(UserError, match=says):
            load_registry(written(folder, content, "rules.toml"))
    with pytest.raises(UserError, match=r"the rulings .* cannot be read .*; see compliance.rulings"):
        read_rulings(folder)
    with pytest.raises(UserError, match=r"line 2: not valid CSV .*; save it again"):
        read_rulings(written(folder, "sha256,rule,ruling,by,date,reason\n" + "x" * 140_000, "rulings.csv"))
    with pytest.raises(UserError, match=r"cannot read the language file .*; see `language` in the registry"):
        read_language(folder / "gone.toml")
    with pytest.raises(UserError, match=r"\[rules.max_width\] is a table with problem and mend"):
        read_language(written(folder, '[rules]\nmax_width = "too wide"\n', "xx.toml"))
    with pytest.raises(UserError, match=r"cannot read the calibration .*; make it with `make calibration`"):
        read_mapping(folder / "gone.json", "musiq_mos")


def test_marks_that_are_no_csv(folder):
    keys = {"aaaaaa": {1: ("0" * 64, "a.jpg")}}
    with pytest.raises(UserError, match=r"not valid CSV .*; save it again from the spreadsheet program"):
        read_marks(written(folder, "number,Ann\n" + "x" * 140_000, "long.csv"), keys, Marking())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (None, "no bundle .*: there is no file .*; set models.bundle to embedded"),
        ("{", "is not JSON .*; fetch the bundle again"),
        ("[]", "does not describe a bundle: an object is expected"),
        ({"models": {}}, "does not describe a bundle: 'nima_aesthetic' is missing"),
        ({"musiq": {"format": "onnx"}}, "does not describe a bundle: .*musiq has format 'onnx'"),
        ({"musiq": {"file": "gone.npz"}}, "gone.npz of bundle .* is missing"),
    ],
)
def test_a_bundle_that_is_none(folder, change, says):
    embedded = ROOT / "models" / "embedded"
    described = json.loads((embedded / "bundle.json").read_text())
    if isinstance(change, dict):
        described |= {key: value for key, value in change.items() if key == "models"}
        if "musiq" in change:
            described["models"]["musiq"] |= change["musiq"]
    for model in described["models"].values():
        if (embedded / model["file"]).exists():
            (folder / model["file"]).symlink_to(embedded / model["file"])
    if change is not None:
        written(folder, change if isinstance(change, str) else json.dumps(described), "bundle.json")
    with pytest.raises(UserError, match=says):
        bundle.load_bundle(str(folder), None)


def test_networks_that_a_bundle_does_not_have(folder, monkeypatch):
    with pytest.raises(UserError, match=r"has no MUSIQ for musiq.backend=tfhub; set models.bundle=official"):
        bundle.load_bundle("embedded", None, backend="tfhub")
    with pytest.raises(UserError, match=r"bundle official.* has no MUSIQ variant 'x'; set musiq.variant to one of"):
        bundle.load_bundle("official", str(folder), variant="x")
    with pytest.raises(UserError, match=r"of bundle .* is missing; "):
        bundle.load_bundle("official", str(folder))
    for wanted in download.wanted_files(["spaq"]):
        (folder / wanted.path).parent.mkdir(parents=True, exist_ok=True)
        written(folder, "", wanted.path)
    with pytest.raises(UserError, match=r"has not been verified and recorded yet; run `make models` once"):
        bundle.load_bundle("official", str(folder))
    with pytest.raises(UserError, match=r"has no field 'widht'; known: "):
        musiq.read_architecture({"widht": 96})
    with pytest.raises(UserError, match=r"does not add up; make width / heads"):
        musiq.read_architecture({"width": 97, "heads": 6})
    (folder / bundle.LOCK).parent.mkdir(parents=True, exist_ok=True)
    written(folder, "{", bundle.LOCK)
    with pytest.raises(UserError, match=r"cannot be read .*; delete it and run `make models` again"):
        bundle.read_lock(folder)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(UserError, match=r"TensorFlow cannot be imported .*; install requirements.lock"):
        runtime.start_tensorflow()


@pytest.mark.slow
def test_a_folder_that_holds_no_musiq_of_tf_hub(folder):
    with pytest.raises(UserError, match=r"holds no MUSIQ SavedModel .*; delete it and fetch the module"):
        tfhub.load(folder)


def test_settings_of_the_service_that_leave_it_open(folder, monkeypatch):
    monkeypatch.delenv(options.TOKEN_VARIABLE, raising=False)
    with pytest.raises(UserError, match=r"0.0.0.0 can be reached by others; set JUDGE_VISION_TF_TOKEN to a secret"):
        options.required_token(Options(address="0.0.0.0"))
    monkeypatch.setenv(options.TOKEN_VARIABLE, "short")
    with pytest.raises(UserError, match=r"at least 16 printable ASCII characters; choose a longer secret"):
        options.required_token(Options())
    with pytest.raises(UserError, match=r"--owner: .* is no process"):
        options.read_options(["--owner=nobody"])
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    (folder / "judge-vision").mkdir()
    (folder / "judge-vision").chmod(0o777)
    with pytest.raises(UserError, match=r"is not a folder that only you can write; remove it"):
        notes.folder()


def test_container_engines_that_cannot_start(folder, monkeypatch):
    (folder / "docker").write_text("no program")
    (folder / "docker").chmod(0o700)
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(ContainerError, match=r"the command docker cannot be started .*; see that you may run it"):
        OneOff("docker", "localhost/x:latest", ROOT, folder, ()).run("iqa.py", [])
    written(folder, json.dumps(read_config({}).model_dump(mode="json")), "config.json")
    with pytest.raises(ContainerError, match=r"iqa.runtime names no container engine; set it to docker"):
        keeper.keep(folder / "config.json", Options())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"photos": "gone"}, "the photo folder .*gone does not exist; set it with --config photos=FOLDER"),
        ({"photos": "results/x"}, "lies inside the results folder .*; choose another one"),
        ({"results": "file/results"}, "cannot be written .*; choose another one, or see that you may write there"),
    ],
)
def test_folders_that_cannot_be_used(folder, settings, says):
    written(folder, "", "file")
    for name in ("photos", "results/x"):
        (folder / name).mkdir(parents=True)
    config = read_config({"photos": "photos", "results": "results", **settings}).resolved(folder)
    with pytest.raises(UserError, match=says):
        session.begin(config, ROOT, None)


def test_a_folder_in_the_place_of_the_lock(folder):
    for name in ("photos", f"results/{paths.RUN_LOCK}"):
        (folder / name).mkdir(parents=True)
    config = read_config({"photos": "photos", "results": "results"}).resolved(folder)
    with pytest.raises(UserError, match=r"run\.lock cannot be written: Is a directory; once that is mended"):
        session.begin(config, ROOT, None)


def test_a_second_run_on_the_same_results(folder, monkeypatch):
    (folder / "photos").mkdir()
    config = read_config({"photos": "photos", "results": "results"}).resolved(folder)
    (folder / "results" / "state").mkdir(parents=True)
    hold = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); input()"
    command = [sys.executable, "-c", hold, str(folder / "results" / paths.RUN_LOCK)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(UserError, match=r"another run is using the results folder .*; wait for it or choose"):
            session.begin(config, ROOT, None)
        other.communicate(b"\n")


@pytest.mark.parametrize(
    ("image", "says"),
    [
        ("/a b.sif", "takes no image with spaces, quotes or braces in its path; rename it"),
        ("/gone.sif", "the image /gone.sif does not exist; build it with `make image RUNTIME=apptainer`"),
        ("docker://localhost/x:latest", "which Apptainer cannot read; make its own with `make image"),
    ],
)
def test_images_that_apptainer_cannot_use(folder, image, says):
    config = read_config({"containers": {"iqa": image}}).resolved(folder)
    with pytest.raises(UserError, match=says):
        apptainer.check(config, ROOT)


def test_buckets_that_cannot_be_used(folder, monkeypatch):
    class BotoError(Exception):
        pass

    def said(raised):
        with bucket._said_of("s3://club/photos"):
            raise raised

    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "botocore.exceptions", None)
        with pytest.raises(UserError, match=r"needs Snakemake's storage plugin for S3; `make cluster` installs it"):
            said(OSError())
    known = SimpleNamespace(BotoCoreError=BotoError, ClientError=BotoError)
    monkeypatch.setitem(sys.modules, "botocore", SimpleNamespace(exceptions=known))
    monkeypatch.setitem(sys.modules, "botocore.exceptions", known)
    with pytest.raises(UserError, match=r"s3://club/photos cannot be used .*; see its name, and the keys"):
        said(BotoError("no key"))
    with pytest.raises(UserError, match=r"cannot be brought here .No space left on device: a.*; make room"):
        said(OSError(28, "No space left on device", "a"))
    with pytest.raises(UserError, match=r"there is nothing below s3://club/photos; see `bucket`"):
        bucket.bring(lambda _: SimpleNamespace(key="photos", get_subkeys=list), "s3://club/photos", folder)


def run_config(**settings):
    store.write_json(paths.RUN_CONFIG, read_config(settings).model_dump(mode="json"))


def test_calibration_and_competition_without_what_they_need(folder):
    run_config()
    with pytest.raises(UserError, match=r"calibration needs marks that people gave; set them with --config"):
        calibrating.write_calibration()
    with pytest.raises(UserError, match=r"this needs the competition's rules; set COMPETITION=rules.toml"):
        competing.gather()
    with pytest.raises(UserError, match=r"no judge's pack was made here.*; make one first: make judge-pack"):
        competing._keys()
    with pytest.raises(UserError, match=r"cannot read gone.csv .*; see that you may read it"):
        later._content("gone.csv")
    with pytest.raises(UserError, match=r"playoff.comparisons holds what is no pair; write pairs"):
        check_playoff(PlayoffSettings(enabled=True, comparisons=((0, 1),)), RankingSettings(), "server")
    store.write_json(paths.SUMMARY, {"failed": 3})
    for script, arguments, says in (
        ("strict.py", (), "3 photographs failed and strict is set; see summary.json"),
        ("plan.py", ("0",), "numbers of photographs and cores start at 1, of GPUs at 0"),
    ):
        command = [sys.executable, str(ROOT / "scripts" / script), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode and says in done.stderr


def test_no_python_that_will_do(tmp_path):
    """A machine whose only Python is too old: `make` runs what is printed, and that fails."""
    for name in ("python3.12", "python3.11", "python3", "python"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    command = ["/bin/sh", str(ROOT / "scripts" / "find_python.sh")]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == "false\n"
    assert done.stderr.startswith("judge-vision: Python 3.11 or 3.12 with venv is needed; install it")
