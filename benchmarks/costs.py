"""What one photograph costs in each rule: the figures behind config/costs.yaml, as YAML.

CPU seconds, so that a busy machine does not stretch them: the difference between a job on many photographs and one on
few, divided by their number; and what a job costs before its first photograph.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import argparse
import os
import shutil
import subprocess
import tempfile
import time

import numpy as np
import yaml
from PIL import Image

from judge_vision.photograph.prepare import prepare_photograph
from judge_vision.photograph.proof import ProofSizes
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.records import store
from judge_vision.records.steps import STEPS

PHOTOGRAPHS = ROOT / "tests" / "data" / "photographs"
SIZES = {"club": (1600, 1200), "camera": (6000, 4000)}
FEW, MANY = 2, 10


def make(folder: Path, count: int, size: tuple[int, int]) -> None:
    """`count` different JPEGs of `size` pixels, from the photographs of the tests."""
    folder.mkdir(parents=True)
    originals = sorted(PHOTOGRAPHS.glob("*.jpg"))
    for number in range(count):
        picture = Image.open(originals[number % len(originals)]).convert("RGB").resize(size, Image.Resampling.BICUBIC)
        grain = np.random.default_rng(number).normal(0, 2, (size[1], size[0], 1))
        Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8)).save(
            folder / f"{number}.jpg", quality=90
        )


def job_seconds(folder: Path, count: int, size: tuple[int, int]) -> dict[str, float]:
    """CPU seconds of one job of each rule on `count` photographs."""
    photos, results = folder / f"photos-{count}", folder / f"results-{count}"
    make(photos, count, size)
    snakemake = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "1"]
    config = ["--config", f"photos={photos}", f"results={results}"]
    subprocess.run([*snakemake, "state/manifest.json", *config], check=True, capture_output=True, cwd=folder)
    seconds = {"prepare": _preparing(photos, results)}
    for rule in STEPS:
        command = [sys.executable, str(ROOT / "scripts" / f"{rule}.py"), "--results", str(results)]
        process = subprocess.Popen(
            [*command, "--shard", "00000", "--threads", "1"], stderr=subprocess.DEVNULL, env={**os.environ, **_QUIET}
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"{rule} failed")
        # the decoders of `prepare` run in processes of their own, which this figure leaves out
        seconds[rule] = seconds.get(rule, 0.0) + usage.ru_utime + usage.ru_stime
    return seconds


_QUIET = {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def _preparing(photos: Path, results: Path) -> float:
    document = store.read_json(results / "state" / "settings" / "prepare.json")
    settings, sizes = PrepareSettings(**document["settings"]), ProofSizes(**document["proof"])
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        for path in sorted(photos.iterdir()):
            prepare_photograph(path, settings, sizes, Path(folder) / "proof")
        return time.process_time() - started


def main() -> None:
    """Print the costs."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    found: dict[str, dict[str, float]] = {}
    for name, size in SIZES.items():
        folder = Path(tempfile.mkdtemp(prefix="judge-vision-costs-"))
        try:
            few, many = (job_seconds(folder, count, size) for count in (FEW, MANY))
        finally:
            shutil.rmtree(folder)
        found[name] = {rule: round((many[rule] - few[rule]) / (MANY - FEW), 4) for rule in few}
        found["job"] = {rule: round(few[rule] - FEW * found[name][rule], 2) for rule in few}
    print(yaml.safe_dump(found, sort_keys=False))


if __name__ == "__main__":
    main()
