"""Fetch the official networks and verify them; without a network, say exactly what to fetch by hand."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.failure import UserError
from judge_vision.models import download
from judge_vision.models.bundle import folder


def main() -> None:
    """Exit with status 1 where something is left to fetch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", help="where they go (default: $IMAGEWORKS_MODEL_ROOT, else models/official)")
    parser.add_argument("--variants", nargs="+", default=["spaq"], help="MUSIQ's data sets (default: spaq)")
    arguments = parser.parse_args()
    try:
        left = download.fetch_all(arguments.root, arguments.variants)
    except UserError as error:
        sys.exit(f"judge-vision: {error}")
    if left:
        sys.exit("these files are missing; fetch them by hand on a machine with a network:\n" + "\n".join(left))
    print(f"all official networks are in {folder('official', arguments.root)}, verified")


if __name__ == "__main__":
    main()
