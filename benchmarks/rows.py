"""Time and memory of the merge and of the page by the number of rows, on records that are written without measuring.

The records are those of the tests of the page (tests/unit/report_results.py), repeated under other names and hashes;
the thumbnails are hard links to few.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import argparse
import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from typing import Any

from benchmarks.scale import RESULTS, conditions, step
from judge_vision.config import Config
from judge_vision.exports.settings import ReportSettings
from judge_vision.failure import PhotographError
from judge_vision.records import paths, store
from judge_vision.records.steps import STEPS
from judge_vision.workflow import packing
from judge_vision.workflow.manifest import write_manifest
from judge_vision.workflow.plan import make_plan
from tests.unit import report_results

_TEMPLATES = 500


def write_results(photographs: int, packed: bool) -> None:
    """Write what the jobs of a run leave, below the current folder."""
    images = [f"year {number % 40 + 1980}/photograph {number:08d}.jpg" for number in range(photographs)]
    lines = (store.canonical_json({"image": image}).encode() + b"\n" for image in sorted(images))
    store.write_lines_if_changed(paths.INVENTORY, lines)
    plan = make_plan(photographs, 256, 0 if packed else photographs)
    store.write_json(paths.PLAN, {"photographs": photographs, "photographs_per_shard": 256, "packed": plan.packed})
    store.write_json(paths.SKIPPED, {})
    store.write_json(paths.ENTRIES, {})
    store.write_json(paths.RUN_CONFIG, Config().model_dump(mode="json"))
    store.write_json(paths.settings_file("merge"), {"code": "0" * 64})
    settings = {"settings": dataclasses.asdict(ReportSettings()), "code": "0" * 64}
    store.write_json(paths.settings_file("report"), settings)
    settings = {"bundle": report_results.bundle(True)}
    document = {"settings": settings, "libraries": {}, "code": "0" * 64, "measured_by": "0" * 64}
    templates = report_results.photographs(_TEMPLATES)
    for rule in STEPS:
        store.write_json(paths.settings_file(rule), document)
    for shard in write_manifest(paths.INVENTORY, 256)["shards"]:
        entries = [json.loads(line) for line in paths.shard_list(shard).read_text().splitlines()]
        for rule in STEPS:
            records = [_record(rule, entry["image"], templates) for entry in entries]
            named = [(paths.file_name(record["image"], ".json"), record) for record in records]
            packing.write_records(
                paths.index_file(rule, shard), paths.records_folder(rule) / shard, named, rule, packed
            )
        for entry in entries:
            _link_thumbnail(_sha256(entry["image"]))


def _record(rule: str, image: str, templates: list[dict[str, Any]]) -> dict[str, Any]:
    template = templates[int(_sha256(image)[:8], 16) % len(templates)]
    failure, figures = template["prepare"], template.get(rule, {})
    failed = isinstance(failure, PhotographError)
    return {
        **({} if failed or not isinstance(figures, dict) else figures),
        "image": image,
        "sha256": _sha256(image),
        "status": "failed" if failed else "ok",
        "error_type": failure.error_type.value if failed else None,
        "error": failure.message if failed else None,
    }


def _sha256(image: str) -> str:
    return hashlib.sha256(image.encode()).hexdigest()


def _link_thumbnail(sha256: str) -> None:
    jpegs = report_results.thumbnails()
    choice = int(sha256[:8], 16) % len(jpegs)
    source = Path("few") / f"{choice}-{sha256[0]}.jpg"
    if not source.exists():
        store.write_bytes(source, jpegs[choice], durable=False)
    target = paths.by_content(paths.THUMBNAILS, sha256, ".jpg")
    target.parent.mkdir(parents=True, exist_ok=True)
    os.link(source, target)


def main() -> None:
    """Measure for each number of rows; write JSON and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="*", default=[100, 1_000, 10_000, 100_000])
    parser.add_argument("--files", action="store_true", help="a record a file, as in small runs (default: packed)")
    arguments = parser.parse_args()
    found = []
    for rows in arguments.rows:
        folder = Path(tempfile.mkdtemp(prefix="judge-vision-rows-"))
        os.chdir(folder)
        try:
            write_results(rows, not arguments.files)
            figures = {**conditions(rows, not arguments.files), "merge": step(ROOT, folder, "merge")}
            figures["report"] = step(ROOT, folder, "report")
            figures["report_again"] = step(ROOT, folder, "report")
            figures["table_mb"] = round(sum(p.stat().st_size for p in _parts(paths.TABLE)) / 1e6, 2)
            figures["page_mb"] = round(Path("report/index.html").stat().st_size / 1e6, 2)
        finally:
            os.chdir(ROOT)
            shutil.rmtree(folder)
        found.append(figures)
        print(json.dumps(figures), flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"rows-{'files' if arguments.files else 'packed'}.json").write_text(json.dumps(found, indent=1) + "\n")


def _parts(table: Path) -> list[Path]:
    return list(table.glob("*.parquet")) if table.is_dir() else [table]


if __name__ == "__main__":
    main()
