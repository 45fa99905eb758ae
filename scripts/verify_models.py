"""Score the published test pictures with the official NIMA networks and compare with the published scores."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

import numpy as np
from PIL import Image

from judge_vision.failure import UserError
from judge_vision.models import nima
from judge_vision.models.bundle import folder, load_bundle, read_official

TOLERANCE = 0.01


def compare(root: str | None) -> bool:
    """Print, for each picture, network and padding, the score beside the published one; say whether all match.

    The padding that the bundle configures decides; the other one is shown to tell a wrong padding from a wrong file.
    """
    bundle, golden = load_bundle("official", root), read_official()["golden_pictures"]
    passed = True
    for role in ("nima_technical", "nima_aesthetic"):
        model = bundle.models[role]
        weights = nima.folded(nima.load_hdf5(model.path, float(model.entry["alpha"])))
        for name, picture in golden["pictures"].items():
            path = folder("official", root) / golden["folder"] / name
            if not path.is_file():
                raise UserError(f"{path} is missing; run `make models`")
            pixels = nima.prepare(np.asarray(Image.open(path).convert("RGB")))[None]
            for padding in nima.PADDING:
                score = nima.mean_and_std(nima.forward(weights, pixels, padding).numpy()[0])[0]
                match = abs(score - picture[role]) <= TOLERANCE
                used = padding == model.entry["padding"]
                passed &= match or not used
                verdict = ("pass" if match else "FAIL") if used else ("would pass" if match else "would fail")
                print(f"{verdict:10} {name} {role} {padding:10} {score:.4f} published {picture[role]:.4f}")
    return passed


def main() -> None:
    """Exit with status 1 where a score is off."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", help="where they are (default: $IMAGEWORKS_MODEL_ROOT, else models/official)")
    try:
        passed = compare(parser.parse_args().root)
    except UserError as error:
        sys.exit(f"judge-vision: {error}")
    sys.exit(0 if passed else "the official networks do not give the published scores")


if __name__ == "__main__":
    main()
