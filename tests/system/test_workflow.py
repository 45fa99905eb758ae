"""Stage 1 as a user runs it: the example photographs, trouble among them, a second run, one photograph more."""

import json
import shutil

import jsonschema
import pyarrow.parquet as pq
import pytest
from PIL import Image

from benchmarks.opens import write_watcher
from judge_vision.records.columns import COLUMNS
from judge_vision.records.steps import STEPS
from tests.system.stage1 import EXAMPLES, ROOT, measured, rows, snakemake

SCHEMAS = ROOT / "judge_vision" / "records" / "schemas"
SCORES = ("nima_aesthetic_mean", "nima_technical_mean", "musiq_mos", "mean_luminance", "mono_verdict")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a space and a quote in its name: five photographs and four files that cannot be judged."""
    photos = tmp_path_factory.mktemp("club") / "our club's photos {2026}"
    photos.mkdir()
    for name in ("Chelsea.jpg", "Coffee break.png", "Drum and wine.jpg", "Sun over the hills.tif"):
        shutil.copy(EXAMPLES / name, photos)
    shutil.copytree(EXAMPLES / "Mono", photos / "Mono")
    data = (EXAMPLES / "Astronaut.jpg").read_bytes()
    (photos / "cut.jpg").write_bytes(data[: len(data) // 2])
    (photos / "empty.jpg").write_bytes(b"")
    (photos / "letter.jpg").write_text("Dear secretary, my picture is in the post.")
    (photos / "notes.txt").write_text("not a photograph")
    return photos


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    results = tmp_path_factory.mktemp("out") / "results"
    config = results.parent / "paths.yaml"
    config.write_text(json.dumps({"photos": str(folder)}))
    watcher = tmp_path_factory.mktemp("watcher")
    write_watcher(watcher, results.parent / "opened.txt", f"{folder}/")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(watcher))
        status, output = snakemake(results, "--configfile", str(config))
    assert status == 0, output
    return results, config, output


def test_each_photograph_is_read_once(run, folder):
    opened = (run[0].parent / "opened.txt").read_text().splitlines()
    counts = {path: opened.count(str(path)) for path in folder.rglob("*") if path.is_file()}
    assert counts.pop(folder / "notes.txt") == 0
    counts.pop(folder / "empty.jpg")  # refused by its size, then opened for its hash
    assert set(counts.values()) == {1}


def test_every_file_has_a_row_and_failures_have_reasons(run):
    results, _, output = run
    table = rows(results)
    assert len(table) == 12
    failed = {name: row["error_type"] for name, row in table.items() if row["status"] == "failed"}
    assert failed == {"cut.jpg": "truncated", "empty.jpg": "empty", "letter.jpg": "not_an_image"}
    for name, row in table.items():
        if row["status"] == "ok":
            assert all(row[score] is not None for score in SCORES), name
        else:
            assert row["error"] and all(row[score] is None for score in SCORES), name
    assert "12 photographs: 9 ok, 3 failed" in output
    assert "'cut.jpg': truncated" in output


def test_the_table_has_the_documented_columns_in_order_and_says_what_made_it(run):
    schema = pq.read_schema(run[0] / "stage1.parquet")
    assert schema.names == [column.name for column in COLUMNS]
    assert list(rows(run[0])) == sorted(rows(run[0]))
    bundle = json.loads(schema.metadata[b"judge_vision.bundle"])
    assert bundle["name"] == "embedded" and len(bundle["models"]["musiq"]["sha256"]) == 64
    assert schema.metadata[b"judge_vision.schema_version"] == b"1"


@pytest.mark.parametrize("rule", STEPS)
def test_every_record_is_valid_against_its_schema(run, rule):
    schema = json.loads((SCHEMAS / f"{rule}.schema.json").read_text())
    records = list((run[0] / "records" / rule).rglob("*.json"))
    assert len(records) == 12
    for path in records:
        jsonschema.validate(json.loads(path.read_text()), schema)


def test_orientation_depth_and_colour_are_settled_once(run):
    table = rows(run[0])
    assert table["Drum and wine.jpg"]["height"] > table["Drum and wine.jpg"]["width"]
    assert table["Sun over the hills.tif"]["bit_depth"] == 16
    assert table["Mono/Only the bowl.jpg"]["mono_verdict"] == "fail"
    assert table["Mono/The cameraman.png"]["mono_mode"] == "neutral"
    assert table["Mono/Path to the peaks.jpg"]["mono_mode"] == "toned"
    assert not any((run[0] / "work").glob("*")), "proofs are temporary"


def test_a_second_run_has_nothing_to_do(run):
    results, config, _ = run
    before = (results / "stage1.parquet").stat().st_mtime_ns
    status, output = snakemake(results, "--configfile", str(config))
    assert status == 0 and "Nothing to be done" in output
    assert (results / "stage1.parquet").stat().st_mtime_ns == before


def test_strict_fails_and_names_the_photographs(run):
    results, config, _ = run
    status, output = snakemake(results, "--configfile", str(config), strict="true")
    assert status != 0 and "3 of 12 photographs failed" in output
    assert (results / "stage1.parquet").exists()
    assert snakemake(results, "--configfile", str(config), strict="false")[0] == 0


def test_changes_measure_what_changed_and_nothing_else(run, folder, tmp_path):
    results, config, _ = run
    more = ("--configfile", str(config))
    shutil.copy(EXAMPLES / "Nuthatch.jpg", folder / "Chelsea (2).jpg")
    assert snakemake(results, *more)[0] == 0
    assert (measured(results, "iqa"), measured(results, "tonal")) == (1, 1)
    (folder / "Chelsea (2).jpg").rename(folder / "-renamed.jpg")
    assert snakemake(results, *more)[0] == 0
    assert (measured(results, "iqa"), measured(results, "tonal")) == (0, 0)
    assert "-renamed.jpg" in rows(results)
    (folder / "-renamed.jpg").unlink()
    assert snakemake(results, *more)[0] == 0
    assert len(rows(results)) == 12
    status, output = snakemake(results, *more, "--dry-run", tonal="{punchy_above: 0.7}")
    assert status == 0 and "rule tonal:" in output and "rule iqa:" not in output and "rule mono:" not in output
    clean = tmp_path / "clean"
    assert snakemake(clean, *more)[0] == 0
    assert (clean / "stage1.parquet").read_bytes() == (results / "stage1.parquet").read_bytes()


def test_a_list_brings_titles_and_columns_and_names_what_is_missing(tmp_path):
    (tmp_path / "list.csv").write_text("image,title,author,club_number\nChelsea.jpg,Cat,Ann,7\ngone.jpg,Lost,Bob,8\n")
    status, output = snakemake(tmp_path / "results", list=tmp_path / "list.csv", photos=EXAMPLES)
    assert status == 0, output
    table = rows(tmp_path / "results")
    wanted = {"Chelsea.jpg": ("ok", None, "Cat", "Ann", "7"), "gone.jpg": ("failed", "missing", "Lost", "Bob", "8")}
    keys = ("status", "error_type", "title", "author", "club_number")
    assert {image: tuple(row[key] for key in keys) for image, row in table.items()} == wanted


def test_entries_are_checked_against_a_registry(folder, tmp_path):
    """One entry too large: it is scaled down beside the results; duplicates and limits are found over the whole set."""
    photos = tmp_path / "entries"
    photos.mkdir()
    shutil.copy(EXAMPLES / "Chelsea.jpg", photos / "Cat by Ann.jpg")
    shutil.copy(EXAMPLES / "Chelsea.jpg", photos / "Same cat by Bob.jpg")
    shutil.copy(EXAMPLES / "Paint brushes.jpg", photos / "Brushes by Ann.jpg")
    registry = tmp_path / "rules.toml"
    registry.write_text(
        """[competition.spring]
name = "Spring"
[competition.spring.rules]
max_width = 500
no_exact_duplicates = true
entries_per_author = 1
filename_pattern = "(?P<title>.+) by (?P<author>[A-Za-z]+)"
filename_example = "Sunset by Ann.jpg"
[competition.spring.severity]
max_width = "fix"
"""
    )
    results = tmp_path / "results"
    status, output = snakemake(results, photos=photos, compliance=f"{{registry: {registry}}}")
    assert status == 0, output
    table = rows(results)
    assert {row["author"] for row in table.values()} == {"Ann", "Bob"}
    assert table["Brushes by Ann.jpg"]["compliance_warnings"]
    corrected = next((results / "corrected").glob("Brushes-by-Ann*.jpg"))
    assert max(Image.open(corrected).size) <= 500
    assert any("same file" in issue for issue in table["Same cat by Bob.jpg"]["compliance_issues"])
    assert any("2 entries" in issue for row in table.values() for issue in row["compliance_issues"])
    registry.write_text(registry.read_text().replace("max_width = 500", "max_widht = 500"))
    status, output = snakemake(results, photos=photos, compliance=f"{{registry: {registry}}}")
    assert status != 0 and "max_widht" in output and "max_width" in output and "Traceback" not in output


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"fotos": "x"}, "judge-vision: unknown config key fotos; did you mean photos?"),
        ({"photos": "2024_05"}, "judge-vision: config key photos: was read as the int 202405"),
        ({"photos": "nowhere"}, "judge-vision: the photo folder"),
    ],
)
def test_a_wrong_setting_is_one_line(tmp_path, config, line):
    status, output = snakemake(tmp_path / "results", **config)
    assert status != 0 and line in output and "Traceback" not in output


def test_two_runs_on_one_results_folder(tmp_path):
    import fcntl

    (tmp_path / "results" / "state").mkdir(parents=True)
    with (tmp_path / "results" / "state" / "run.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        status, output = snakemake(tmp_path / "results", photos=EXAMPLES)
    assert status != 0 and "another run is using the results folder" in output
