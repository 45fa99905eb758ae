"""How often the monochrome verdict is right: twelve versions of real photographs, as a table in Markdown.

The versions are made as the reference's own verdict was measured: see docs/explanation/monochrome.md.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import argparse
from collections import Counter

from PIL import Image

from benchmarks.mono_versions import VERSIONS, fitted, through_jpeg, version
from judge_vision.metrics import mono

PHOTOGRAPHS = ROOT / "tests" / "data" / "photographs"
VERDICTS = ("pass", "query", "fail")


def matrix(paths: list[Path]) -> dict[str, Counter[str]]:
    """Counts of verdicts by version over the photographs at `paths`."""
    counts: dict[str, Counter[str]] = {}
    for path in paths:
        photograph = fitted(Image.open(path))
        for name in VERSIONS:
            verdict = mono.judge(through_jpeg(version(name, photograph)))[0]["mono_verdict"]
            counts.setdefault(name, Counter())[verdict] += 1
    return counts


def main() -> None:
    """Print the table for the photographs of a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=PHOTOGRAPHS)
    paths = sorted(parser.parse_args().folder.glob("*.*"))
    print("| Version | pass | query | fail |\n| --- | --- | --- | --- |")
    for name, counts in matrix(paths).items():
        print(f"| {name} | " + " | ".join(str(counts[verdict]) for verdict in VERDICTS) + " |")


if __name__ == "__main__":
    main()
