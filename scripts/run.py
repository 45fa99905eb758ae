"""Judge a folder of photographs: call Snakemake with the paths quoted right, then say where the results are."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import argparse
import contextlib
import fcntl
import os
import subprocess
import tempfile
import time

import yaml

from judge_vision.records.paths import CALL_PREFIX, STATE
from judge_vision.workflow import messages


def _absolute(path: Path) -> str:
    return str(path.expanduser().resolve())


def main() -> int:
    """Run Snakemake on the given folders; its exit status is ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--results", type=Path, required=True, help="folder for everything that is written")
    parser.add_argument("--cores", default="all", help="cores to use (default: all)")
    parser.add_argument("--registry", type=Path, help="TOML file with the rules of competitions")
    parser.add_argument("--competition", help="which competition in it (default: the only one)")
    parser.add_argument("--marks", type=Path, help="the judges' marks: a CSV, or a folder with one of each judge")
    parser.add_argument("--rounds", type=Path, nargs="+", default=[], help="results.csv of earlier rounds")
    parser.add_argument("rest", nargs="*", help="passed on to Snakemake, after --")
    arguments = parser.parse_args()
    results = arguments.results.expanduser().resolve()
    # Paths travel in a file: on the command line Snakemake would read 2024_05 as a number and cut at a quote. It lies
    # with the results, because the nodes of a cluster do not see this machine's folder for temporary files.
    paths: dict[str, object] = {"photos": _absolute(arguments.photos), "results": str(results)}
    if arguments.registry:
        paths["compliance"] = {"registry": _absolute(arguments.registry), "competition": arguments.competition}
    if arguments.marks:
        rounds = [_absolute(path) for path in arguments.rounds]
        paths["competition"] = {"marks": _absolute(arguments.marks), "rounds": rounds}
    started = time.time()
    folder = results / STATE
    # where that fails, the run itself says why
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    beside = folder if os.access(folder, os.W_OK) else None
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", prefix=CALL_PREFIX, dir=beside) as handle:
        # lets go however we end, so that a later run knows whether the file is still wanted
        fcntl.flock(handle, fcntl.LOCK_EX)
        yaml.safe_dump(paths, handle)
        handle.flush()
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        # --cores last: it takes one value, where the others would take a target that follows for one more of theirs
        command += ["--configfile", handle.name, "--quiet", "rules", "host", "--cores", arguments.cores]
        status = subprocess.run([*command, *arguments.rest], check=False).returncode
    # a run that did something has said this already
    summary = results / "summary.json"
    if status == 0 and summary.exists() and summary.stat().st_mtime < started:
        print(messages.summary(results))
    return status


if __name__ == "__main__":
    sys.exit(main())
