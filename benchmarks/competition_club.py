"""A competition end to end on a made-up club: what was planted and what was found, as a table in Markdown.

    python benchmarks/competition_club.py FOLDER SOURCE [SOURCE ...]

FOLDER is made new; a SOURCE is a folder of photographs, see docs/how-to/competition.md for those that were used.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import argparse
import json
import random
import subprocess
import time
from collections import defaultdict

import pyarrow.parquet as pq

from benchmarks.club import Club, make_club

SUFFIXES = (".jpg", ".jpeg", ".png")


def snakemake(club: Club, results: Path, target: str, **settings: object) -> None:
    """Run one target; the configuration travels in a file."""
    config = {
        "photos": str(club.photos),
        "results": str(results),
        "compliance": {"registry": str(club.registry)},
        "competition": settings,
    }
    path = results.parent / "config.json"
    path.write_text(json.dumps(config))
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2"]
    subprocess.run(
        [*command, "--configfile", str(path), "--quiet", "rules", "host", "--", target], check=True, cwd=results.parent
    )


def rows(results: Path) -> dict[str, dict[str, object]]:
    """The Stage 1 table, by image."""
    return {row["image"]: row for row in pq.read_table(results / "stage1.parquet").to_pylist()}


def findings(results: Path) -> dict[str, list[dict[str, object]]]:
    """Every finding on every entry, those of the whole set too, by image."""
    found: dict[str, list[dict[str, object]]] = defaultdict(list)
    for path in (results / "records" / "compliance").rglob("*.json"):
        record = json.loads(path.read_text())
        found[record["image"]] += record.get("findings") or []
    for image, more in json.loads((results / "state" / "entries.json").read_text()).items():
        found[image] += more
    return found


def compare(club: Club, results: Path) -> tuple[dict[str, list[str]], list[str], list[str]]:
    """For each kind, what was found of each planted one ("" for nothing); clean entries refused; and referred."""
    table, found = rows(results), findings(results)
    by_kind: dict[str, list[str]] = defaultdict(list)
    for one in club.planted:
        if one.rules == ("unreadable",):
            by_kind[one.kind].append("unreadable" if table[one.image]["status"] == "failed" else "")
            continue
        words = [
            {"does_not_comply": str(finding["severity"])}.get(str(finding["status"]), "refer")
            for finding in found[one.image]
            if finding["rule"] in one.rules and finding["status"] in ("does_not_comply", "refer")
        ]
        by_kind[one.kind].append(words[0] if words else "")
    refused = [image for image in club.clean if table[image]["compliance_status"] not in ("complies", "refer")]
    referred = [image for image in club.clean if table[image]["compliance_status"] == "refer"]
    return by_kind, refused, referred


def made_up_marks(form: Path, folder: Path, judges: int, seed: int = 1) -> None:
    """The form, filled in by made-up judges: half marks, and a few absent ones."""
    chance = random.Random(seed)
    head, *lines = form.read_text(encoding="utf-8-sig").splitlines()
    worth = [chance.gauss(13.5, 2) for _ in lines]
    folder.mkdir(exist_ok=True)
    for judge in range(1, judges + 1):
        marked = []
        for line, value in zip(lines, worth, strict=True):
            mark = max(0.0, min(20.0, round(2 * chance.gauss(value, 1.2)) / 2))
            marked.append(f"{line.rpartition(',')[0]},{'' if chance.random() < 0.01 else f'{mark:g}'}")
        (folder / f"Judge {judge}.csv").write_text("\n".join([head, *marked]) + "\n", encoding="utf-8")


def main() -> None:
    """Make the club, run it, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sources", type=Path, nargs="+")
    parser.add_argument("--entrants", type=int, default=60)
    parser.add_argument("--entries", type=int, default=300)
    parser.add_argument("--of-each", type=int, default=2)
    arguments = parser.parse_args()
    sources = sorted(path for folder in arguments.sources for path in folder.rglob("*") if path.suffix in SUFFIXES)
    club = make_club(arguments.folder, sources, arguments.entrants, arguments.entries, arguments.of_each)
    results, started = arguments.folder / "results", time.monotonic()
    snakemake(club, results, "secretary")
    snakemake(club, results, "judge_pack")
    made_up_marks(results / "competition" / "judge-pack" / "marks.csv", arguments.folder / "marks", 3)
    snakemake(club, results, "results", marks=str(arguments.folder / "marks"))
    print(f"{time.monotonic() - started:.0f} s for Stage 1, pages, pack and results", file=sys.stderr)
    by_kind, refused, referred = compare(club, results)
    print("| Planted | Entries | Found | As |\n| --- | --- | --- | --- |")
    for kind, words in by_kind.items():
        ways = ", ".join(sorted({word for word in words if word}))
        print(f"| {kind} | {len(words)} | {sum(map(bool, words))} | {ways} |")
    total = sum(map(len, by_kind.values()))
    print(f"| all | {total} | {sum(bool(word) for words in by_kind.values() for word in words)} | |")
    print(f"\n{len(club.clean)} clean entries: {len(refused)} refused, {len(referred)} referred to a person.")
    for image in [*refused, *referred]:
        said = [finding["sentence"] for finding in findings(results)[image]
                if finding["status"] in ("refer", "does_not_comply")]  # fmt: skip
        print(f"{'refused' if image in refused else 'referred'}: {image}: {' '.join(map(str, said))}", file=sys.stderr)


if __name__ == "__main__":
    main()
