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

import branch_nima  # noqa: E402
import nima_inputs  # noqa: E402
import refine_musiq  # noqa: E402
import refine_nima  # noqa: E402
import technical_nima  # noqa: E402
import train_musiq  # noqa: E402
import train_nima  # noqa: E402
import widen_nima  # noqa: E402

VERSION = "6"
LICENCE = "Apache-2.0"
MUSIQ = ("train_musiq.py", "refine_musiq.py")


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def learnt(path: Path) -> int:
    """How many photographs of one list were learnt from."""
    listed = json.loads(path.read_text())
    back = listed.get("held_back", [])
    return sum(entry["split"] == "train" and entry["package"] not in back for entry in listed["photographs"])


def described(work: Path) -> dict[str, Any]:
    """The `models` of bundle.json."""
    lists = ("photographs.json", "more_photographs.json", "further_photographs.json")
    first, more, further = (learnt(HERE / name) for name in lists)
    common = {"licence": LICENCE, "human_ratings": False}
    data = "photographs of Debian packages with synthetic"
    scripts = {name: sha256(HERE / name) for name in ("scenes.py", "distortions.py", lists[0])}
    own = {name: sha256(HERE / name) for name in (*lists[1:], "nima_inputs.py", "refine_nima.py", "widen_nima.py")}
    # of the aesthetic network, which was learnt in four parts, and of the technical one, in one
    four = {name: sha256(HERE / name) for name in ("train_nima.py", "branch_nima.py")}
    one = {"technical_nima.py": sha256(HERE / "technical_nima.py")}
    seeds = [train_nima.SEED, nima_inputs.SEED, refine_nima.SEED, widen_nima.SEED, branch_nima.SEED]
    lessons = [lesson.steps for lesson in branch_nima.LESSONS.values()]
    steps = [*train_nima.STEPS, *refine_nima.STEPS, *widen_nima.STEPS, *lessons]
    models: dict[str, Any] = {
        name: {
            "file": f"{name}.hdf5",
            "format": "nima-hdf5",
            "alpha": module.ALPHA,
            "padding": "asymmetric",
            "score_range": [1, 10],
            "training_data": f"{first + more + further} {data} {what}",
            "training": {"seed": seed, "steps": taught, "sha256": {**scripts, **own, **hashes}},
            **common,
        }
        for name, what, module, seed, taught, hashes in (
            ("nima_aesthetic", "aesthetic damages", branch_nima, seeds, steps, four),
            ("nima_technical", "technical distortions", technical_nima, technical_nima.SEED, technical_nima.STEPS, one),
        )
    }
    models["musiq"] = {
        "file": "musiq.npz",
        "format": "musiq-npz",
        "architecture": dataclasses.asdict(train_musiq.ARCHITECTURE),
        "score_range": [0, 100],
        "training_data": f"{first + more + further} {data} technical distortions",
        "training": {
            "seed": [train_musiq.SEED, refine_musiq.SEED, refine_musiq.DRAWS],
            "steps": [train_musiq.EMBEDDING_STEPS, train_musiq.ENCODER_STEPS, refine_musiq.STEPS],
            "sha256": {
                **scripts,
                **{name: sha256(HERE / name) for name in (*lists[1:], "nima_inputs.py", *MUSIQ)},
            },
        },
        **common,
    }
    for name, model in models.items():
        model["sha256"] = sha256(trained(work, name))
    return models


def trained(work: Path, name: str) -> Path:
    """The weights of one model as its last training script left them."""
    last = {"musiq": "musiq.refined.npz", "nima_technical": "nima_technical.taught.hdf5"}
    return work / last.get(name, "nima_aesthetic.joined.hdf5")


def main() -> None:
    """Copy the weights and write bundle.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="where the training scripts left the weights")
    parser.add_argument("--bundle", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.bundle.mkdir(parents=True, exist_ok=True)
    models = described(arguments.work)
    for name, model in models.items():
        shutil.copyfile(trained(arguments.work, name), arguments.bundle / model["file"])
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
