"""Put trained weights together as the embedded bundle: the three files and the bundle.json that describes them."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import train_musiq  # noqa: E402
import train_nima  # noqa: E402

VERSION = "1"
LICENCE = "Apache-2.0"


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def described(work: Path) -> dict[str, Any]:
    """The `models` of bundle.json."""
    photographs = json.loads((HERE / "photographs.json").read_text())["photographs"]
    count = sum(entry["split"] == "train" for entry in photographs)
    common = {"licence": LICENCE, "human_ratings": False}
    data = f"{count} photographs of Debian packages with synthetic "
    scripts = {name: sha256(HERE / name) for name in ("scenes.py", "distortions.py", "photographs.json")}
    models: dict[str, Any] = {}
    for name, what in (("nima_aesthetic", "aesthetic damages"), ("nima_technical", "technical distortions")):
        models[name] = {
            "file": f"{name}.hdf5",
            "format": "nima-hdf5",
            "alpha": train_nima.ALPHA,
            "padding": "asymmetric",
            "score_range": [1, 10],
            "training_data": data + what,
            "training": {
                "seed": train_nima.SEED,
                "steps": train_nima.STEPS[name.removeprefix("nima_")],
                "sha256": {**scripts, "train_nima.py": sha256(HERE / "train_nima.py")},
            },
            **common,
        }
    models["musiq"] = {
        "file": "musiq.npz",
        "format": "musiq-npz",
        "architecture": dataclasses.asdict(train_musiq.ARCHITECTURE),
        "score_range": [0, 100],
        "training_data": data + "technical distortions",
        "training": {
            "seed": train_musiq.SEED,
            "steps": [train_musiq.EMBEDDING_STEPS, train_musiq.ENCODER_STEPS],
            "sha256": {**scripts, "train_musiq.py": sha256(HERE / "train_musiq.py")},
        },
        **common,
    }
    for model in models.values():
        model["sha256"] = sha256(work / model["file"])
    return models


def main() -> None:
    """Copy the weights and write bundle.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="where the training scripts left the weights")
    parser.add_argument("--bundle", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.bundle.mkdir(parents=True, exist_ok=True)
    models = described(arguments.work)
    for model in models.values():
        shutil.copyfile(arguments.work / model["file"], arguments.bundle / model["file"])
    bundle = {
        "name": "embedded",
        "version": VERSION,
        "human_ratings": False,
        "description": "Small networks taught on synthetic faults of free photographs; no person rated anything.",
        "models": models,
    }
    (arguments.bundle / "bundle.json").write_text(json.dumps(bundle, indent=2) + "\n")


if __name__ == "__main__":
    main()
