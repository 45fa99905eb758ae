"""The exports and Snakemake's own report as a user asks for them: targets of one run on the example photographs."""

import base64
import csv
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "photos"
TARGETS = ("score_sheet", "xmp", "contact_sheet", "author_packs")
NAMES = ("O1 Cat by M. Okafor.jpg", "O2 <b>Cup & saucer by M. Okafor.png", "M1 =1+1 by J. Lindqvist.jpg")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Everything that can be asked for, of three photographs and one broken file."""
    folder = tmp_path_factory.mktemp("club's exports")
    photos = folder / "photos"
    photos.mkdir()
    for source, name in zip(("Chelsea.jpg", "Coffee break.png", "Mono/Woodland stream.jpg"), NAMES, strict=True):
        shutil.copy(EXAMPLES / source, photos / name)
    (photos / "O3 Letter by M. Okafor.jpg").write_text("Dear secretary")
    config = folder / "paths.yaml"
    registry = ROOT / "examples" / "competitions" / "club-round.toml"
    settings = {"photos": str(photos), "results": str(folder / "results"), "compliance": {"registry": str(registry)}}
    config.write_text(
        json.dumps({**settings, "xmp": {"naming": "full", "embed_copies": bool(shutil.which("exiftool"))}})
    )

    def snakemake(*more):
        command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), *more, "--cores", "2"]
        done = subprocess.run(
            [*command, "--quiet", "host", "--configfile", str(config)],
            capture_output=True, text=True, cwd=folder, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    before = {path: path.read_bytes() for path in photos.iterdir()}
    output = snakemake("all", *TARGETS)
    assert {path: path.read_bytes() for path in photos.iterdir()} == before
    return folder, snakemake, output


def test_each_export_is_there_and_opens(run):
    exports = run[0] / "results" / "exports"
    lines = list(csv.DictReader((exports / "score-sheet.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [line["Title"] for line in lines] == ["'=1+1", "Cat", "<b>Cup & saucer", "Letter"]
    book = openpyxl.load_workbook(exports / "score-sheet.xlsx")
    assert book.sheetnames == ["Score sheet", "About"] and book["Score sheet"]["B2"].data_type == "s"
    assert (exports / "contact-sheet.pdf").read_bytes().startswith(b"%PDF-")
    packs = sorted((exports / "authors").glob("*.zip"))
    assert [path.name.rsplit("-", 1)[0] for path in packs] == ["J.-Lindqvist", "M.-Okafor"]
    page = zipfile.ZipFile(packs[1]).read("results.html").decode()
    # a file that cannot be read is somebody's all the same
    assert "Letter" in page
    assert "&lt;b&gt;Cup &amp; saucer" in page and "<b>Cup" not in page and "Lindqvist" not in page


def test_sidecars_and_copies_lie_beside_nothing_of_the_users(run):
    exports = run[0] / "results" / "exports"
    assert {path.name for path in (exports / "xmp").iterdir()} == {f"{name}.xmp" for name in NAMES}
    assert "3 sidecars in exports/xmp; 1 photographs have none and 1 a remark" in run[2]
    if not shutil.which("exiftool"):
        pytest.skip("needs ExifTool")
    done = subprocess.run(
        ["exiftool", "-json", "-XMP-dc:Title", "-XMP-xmp:Rating", exports / "xmp-copies" / NAMES[2]],
        capture_output=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)[0]["Title"] == "=1+1" and 1 <= json.loads(done.stdout)[0]["Rating"] <= 5


def test_exports_are_made_again_only_when_something_changed_and_with_the_same_bytes(run):
    folder, snakemake, _ = run
    results = folder / "results"

    def made():
        files = [*(results / "exports").rglob("*"), results / "report" / "index.html"]
        return {path: path.read_bytes() for path in files if path.is_file()}

    assert "Nothing to be done" in snakemake("all", *TARGETS)
    first = made()
    assert {".csv", ".xlsx", ".pdf", ".zip", ".xmp", ".html"} <= {path.suffix for path in first}
    sheet, pdf = results / "exports" / "score-sheet.csv", results / "exports" / "contact-sheet.pdf"
    before = sheet.stat().st_mtime_ns, pdf.stat().st_mtime_ns
    snakemake(*TARGETS, "--config", "contact_sheet={columns: 3}")
    assert sheet.stat().st_mtime_ns == before[0] and pdf.stat().st_mtime_ns > before[1]
    snakemake(*TARGETS, "report/index.html", "--forcerun", *TARGETS, "report")
    again = made()
    assert [str(path) for path in again if again[path] != first.get(path)] == [] and again.keys() == first.keys()


def test_snakemakes_own_report_has_table_plots_and_page_with_captions(run):
    folder, snakemake, _ = run
    snakemake("all", *TARGETS, "--report", "report.html")
    text = (folder / "results" / "report.html").read_text(encoding="utf-8")
    for name in (
        "stage1.parquet",
        "index.html",
        "distributions.svg",
        "scatter.svg",
        "verdicts.svg",
        "contact-sheet.pdf",
    ):
        assert name in text, name
    for caption in ("One row for every file found", "The page for people", "were never shown a mark", "for paper"):
        assert caption in text, caption
    for category in ("Results", "Plots", "Exports"):
        assert f'"{category}"' in text
    # the rule graph and the run times
    assert '"runtime"' in text and '"prepare"' in text
    plots = re.findall(r"data:image/svg\+xml;[^\"]*base64,([A-Za-z0-9+/=]+)", text)
    assert len(plots) >= 3 and all(b"<svg" in base64.b64decode(plot) for plot in plots[:3])
    snakemake("--report", "report.zip")
    assert any(name.endswith("report.html") for name in zipfile.ZipFile(folder / "results" / "report.zip").namelist())


def test_a_setting_that_gives_no_stars_is_said_in_a_line(run):
    folder = run[0]
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2", "xmp", "--configfile",
               str(folder / "paths.yaml"), "--config", "xmp={stars_by: musik}"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "config key xmp.stars_by: the results have no figure 'musik'" in said
    assert "Traceback" not in said
