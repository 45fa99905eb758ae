"""Other machines: no AVX; another locale, clock, number of cores and order of files; and the memory of a run."""

import shutil
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from PIL import Image

from tests.system.stage1 import MORE, fresh, rows, snakemake, start, stop_group

pytestmark = pytest.mark.slow

# Stands in for a processor without AVX: /proc/cpuinfo reads that way, and importing TensorFlow kills, as it would.
OLD_PROCESSOR = """
import os, signal, sys
from pathlib import Path

class Killer:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "tensorflow":
            os.kill(os.getpid(), signal.SIGILL)

sys.meta_path.insert(0, Killer())
read = Path.read_text

def read_text(self, *arguments, **options):
    if str(self) == "/proc/cpuinfo":
        return "processor\\t: 0\\nflags\\t\\t: fpu sse sse2 sse4_2\\n"
    return read(self, *arguments, **options)

Path.read_text = read_text
"""


def test_a_processor_without_avx(photos, undisturbed, tmp_path):
    """All but the scores is measured, the rows say why, and a better machine fills the gap with the same command."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(OLD_PROCESSOR)
    old = {"PYTHONPATH": str(site)}
    results = tmp_path / "results"
    killed = subprocess.run([sys.executable, "-c", "import tensorflow"], env={**old}, capture_output=True, check=False)
    assert killed.returncode == -4, "the stand-in does not kill"
    status, output = snakemake(results, env=old, photos=photos, **MORE)
    assert status == 0, output
    assert sum("no model scores: this machine's processor" in line for line in output.splitlines()) == 1
    for name, row in rows(results).items():
        if name != "cut.jpg":
            assert (row["status"], row["error_type"]) == ("failed", "model_unavailable") and "AVX" in row["error"]
            assert row["musiq_mos"] is None and row["mono_verdict"] and row["dynamic_range"] is not None
    assert snakemake(results, env=old, photos=photos, strict="true", **MORE)[0] != 0
    status, output = snakemake(results, photos=photos, **MORE)
    assert status == 0, output
    assert (results / "stage1.parquet").read_bytes() == (undisturbed / "stage1.parquet").read_bytes()


def test_locale_clock_cores_and_order_change_nothing(photos, undisturbed, tmp_path):
    """The networks too: one thread adds in the order of two."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in sorted(photos.iterdir(), reverse=True):
        shutil.copyfile(path, folder / path.name)
    other = {"LC_ALL": "tr_TR.UTF-8", "LANG": "C", "TZ": "Asia/Kathmandu", "PYTHONUTF8": "0", "PYTHONHASHSEED": "7"}
    results = tmp_path / "results"
    status, output = snakemake(results, env=other, cores=1, photos=folder, photographs_per_job=4)
    assert status == 0, output
    assert (results / "stage1.parquet").read_bytes() == (undisturbed / "stage1.parquet").read_bytes()
    results = fresh(tmp_path, "plain", undisturbed)
    status, output = snakemake(results, env={"LC_ALL": "C", "TZ": "UTC"}, cores=3, photos=folder, photographs_per_job=1)
    assert status == 0, output
    assert (results / "stage1.parquet").read_bytes() == (undisturbed / "stage1.parquet").read_bytes()


ENTRIES = 300


@pytest.fixture(scope="module")
def entries(tmp_path_factory):
    """As many different entries of 1600 x 1200 as a club has in an evening."""
    folder = tmp_path_factory.mktemp("entries")
    random = np.random.default_rng(7)
    y, x = np.mgrid[0:1200, 0:1600].astype(np.float32)
    waves = [np.sin(0.01 * x + 0.004 * y * (channel + 1)) for channel in range(3)]
    scene = 127 + 100 * np.stack(waves, axis=-1) + random.normal(0, 6, (1200, 1600, 1))
    scene = scene.clip(0, 255).astype(np.uint8)
    for number in range(ENTRIES):
        Image.fromarray(np.roll(scene, 5 * number, axis=1)).save(folder / f"{number:03d}.jpg", quality=88)
    return folder


def proportional_set_size(process):
    """Bytes of memory of the process and all below it; what they share counts once."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def test_three_hundred_entries_stay_under_four_gigabytes(entries, tmp_path):
    output = tmp_path / "output.txt"
    with output.open("w") as handle:
        run = start(tmp_path / "results", output=handle, photos=entries)
        most, process = 0, psutil.Process(run.pid)
        started = time.monotonic()
        try:
            while run.poll() is None:
                most = max(most, proportional_set_size(process))
                time.sleep(0.5)
        finally:
            stop_group(run)
    seconds = time.monotonic() - started
    said = output.read_text()
    assert run.returncode == 0, said
    print(f"{ENTRIES} entries of 1600 x 1200: {most / 1e9:.2f} GB at most, {seconds:.0f} s")
    assert most < 4e9
    assert len(rows(tmp_path / "results")) == ENTRIES
    assert "judge-vision: 300 photographs, 300 of them to be measured: about " in said
    assert "; the whole run: about " in said
