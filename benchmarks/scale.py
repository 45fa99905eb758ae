"""Run simulated photographs through the whole workflow and measure what the workflow itself takes.

Every rule runs; only the networks are replaced, by scores drawn from each file's hash (benchmarks/recorded_iqa.py), and
the photographs are 48 pixels wide. What reading, decoding and measuring those takes in memory is measured apart, in one
bare loop in one process; all else is overhead: planning, processes, records, cache, flushes, merge, page, plots.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
import time
from typing import Any

from benchmarks.measuring import counting
from benchmarks.simulated import link_photographs, make_photographs, make_project
from judge_vision.metrics import colour, light, mono, tonal
from judge_vision.photograph.counts import Counts
from judge_vision.photograph.prepare import show, thumbnail_jpeg
from judge_vision.photograph.proof import ProofSizes
from judge_vision.photograph.proving import make_proof
from judge_vision.photograph.settings import PrepareSettings

RESULTS = ROOT / "benchmarks" / "results"

_BARE = 500  # photographs in the bare loop


def run(snakefile: Path, photos: Path, results: Path, pack_above: int, *more: str) -> dict[str, Any]:
    """Call Snakemake; seconds, CPU seconds, jobs, and the peak memory of its own process in MB."""
    command = [sys.executable, "-m", "snakemake", "-s", str(snakefile), "--cores", str(os.cpu_count()), *more]
    command += ["--config", f"photos={photos}", f"results={results}", f"json={{pack_above: {pack_above}}}"]
    log = results.with_suffix(".log")
    with log.open("w") as handle, counting() as spent:
        process = subprocess.Popen(command, cwd=results.parent, stdout=handle, stderr=handle)
        peak = 0
        while process.poll() is None:
            peak = max(peak, _peak_kb(process.pid))
            time.sleep(0.1)
    if process.returncode:
        sys.exit(f"the run failed:\n{log.read_text()[-3000:]}")
    done = re.findall(r"of (\d+) steps", log.read_text())
    planned = re.findall(r"^total +(\d+)", log.read_text(), flags=re.M)
    return {
        "seconds": round(spent.seconds, 1),
        # of all processes: what a busy machine does not stretch
        "cpu_seconds": round(spent.cpu_seconds, 1),
        "jobs": int((done or planned or [0])[-1]),
        "scheduler_mb": peak // 1000,
    }


def _peak_kb(pid: int) -> int:
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(found[1]) if found else 0


def step(project: Path, results: Path, name: str) -> dict[str, Any]:
    """Run one script of the project again by itself: seconds, CPU seconds, and peak memory in MB."""
    script = project / "scripts" / f"{name}.py"
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, str(script), "--results", str(results)], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{name} failed")
    return {
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": usage.ru_maxrss // 1000,
    }


def rule_seconds(results: Path) -> dict[str, float]:
    """Seconds that the jobs of each rule took, added up, from Snakemake's benchmark files."""
    sums: dict[str, float] = {}
    for path in (results / "benchmarks").rglob("*.tsv"):
        rule = path.parent.name if path.parent != results / "benchmarks" else path.stem
        sums[rule] = sums.get(rule, 0.0) + float(path.read_text().splitlines()[1].split("\t")[0])
    return {rule: round(seconds, 1) for rule, seconds in sorted(sums.items())}


def bare_seconds(photos: Path) -> float:
    """CPU seconds a photograph takes to be read, decoded and measured in memory, in one loop in this process."""
    settings, sizes = PrepareSettings(), ProofSizes(224, 1024, 1024)
    chosen = sorted(photos.rglob("*.jpg"))[:_BARE]
    started = time.process_time()
    for path in chosen:
        shown = show(path, settings)
        proof = make_proof(shown.image, shown.facts["sha256"], sizes)
        thumbnail_jpeg(shown.image, settings.thumbnail_side_px)
        tonal.record(Counts.from_arrays(proof.counts), tonal.TonalSettings(), light.LightSettings())
        colour.colourfulness(proof.linear)
        mono.judge_reduced(proof.linear, mono.MonoSettings())
    return (time.process_time() - started) / len(chosen)


def measure(photographs: int, pack_above: int, folder: Path, again: bool = True) -> dict[str, Any]:
    """All figures for a run of so many photographs below `folder`; without `again` only those of the first call."""
    photos, results = folder / "photos", folder / "results"
    snakefile = make_project(folder / "project")
    make_photographs(photos, photographs)
    figures: dict[str, Any] = {
        **conditions(photographs, photographs > pack_above),
        "complete": run(snakefile, photos, results, pack_above),
    }
    bare = bare_seconds(photos)
    figures["bare_ms_per_photograph"] = round(1000 * bare, 2)
    own = bare * photographs / (os.cpu_count() or 1)
    figures["overhead_seconds"] = round(figures["complete"]["seconds"] - own, 1)
    figures["rule_seconds"] = rule_seconds(results)
    figures["files"] = sum(len(names) for _, _, names in os.walk(results))
    if not again:
        return figures
    figures["merge"] = step(snakefile.parent, results, "merge")
    figures["report"] = step(snakefile.parent, results, "report")
    # those two wrote their outputs by themselves, of which Snakemake has no record
    run(snakefile, photos, results, pack_above)
    figures["nothing_to_do"] = run(snakefile, photos, results, pack_above)
    make_photographs(photos, 1, first=photographs)
    figures["one_added"] = run(snakefile, photos, results, pack_above)
    shutil.rmtree(results / "state" / "index")
    figures["dry_run"] = run(snakefile, photos, results, pack_above, "--dry-run", "--quiet", "rules")
    return figures


def measure_planning(photographs: int, pack_above: int, folder: Path) -> dict[str, Any]:
    """What it takes to list so many photographs, to write the shard lists and to plan all jobs, without running any."""
    photos, results = folder / "photos", folder / "results"
    snakefile = make_project(folder / "project")
    link_photographs(photos, photographs)
    return {
        **conditions(photographs, photographs > pack_above),
        "manifest": run(snakefile, photos, results, pack_above, "state/manifest.json"),
        "manifest_step": step(snakefile.parent, results, "manifest"),
        "dry_run": run(snakefile, photos, results, pack_above, "--dry-run", "--quiet", "rules"),
    }


def conditions(photographs: int, packed: bool) -> dict[str, Any]:
    """What was measured, and on what."""
    return {
        "photographs": photographs,
        "packed": packed,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "load_before": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Measure for each number of photographs; write JSON and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", type=int, nargs="+")
    parser.add_argument("--pack-above", type=int, default=100_000, help="json.pack_above (default: 100000)")
    parser.add_argument("--plan", action="store_true", help="list and plan only, on hard links to few files")
    parser.add_argument("--first-only", action="store_true", help="measure the first call only")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    parser.add_argument("--keep", action="store_true", help="keep what was written")
    arguments = parser.parse_args()
    for photographs in arguments.photographs:
        folder = Path(tempfile.mkdtemp(prefix="judge-vision-scale-", dir=arguments.folder))
        try:
            if arguments.plan:
                figures = measure_planning(photographs, arguments.pack_above, folder)
            else:
                figures = measure(photographs, arguments.pack_above, folder, not arguments.first_only)
        finally:
            if not arguments.keep:
                shutil.rmtree(folder)
        form = "planning" if arguments.plan else "packed" if figures["packed"] else "files"
        RESULTS.mkdir(exist_ok=True)
        text = json.dumps(figures, indent=1) + "\n"
        (RESULTS / f"scale-{photographs}-{form}.json").write_text(text)
        print(text, end="", flush=True)


if __name__ == "__main__":
    main()
