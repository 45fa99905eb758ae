"""Run the benchmarks and write their figures: JSON in benchmarks/results, tables in docs/explanation/benchmarks.md.

    make bench                      # all of them, an hour on two cores
    make bench QUICK=1              # a few minutes: do they run; nothing is written into the project
    make bench ONLY="host_metrics"  # some

Each benchmark is a function `measure(quick, scratch)` that gives a `Result`, or None where it cannot run here. Ratios
come from one run, in which the ways that are compared take turns; on a machine that does other things bare seconds say
little.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
# as in every job (workflow/session.py); idle threads that wait for work would count as CPU time here
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable
from importlib import import_module

from benchmarks.measuring import machine
from benchmarks.result import Result, table

RESULTS = ROOT / "benchmarks" / "results"
DOCUMENT = ROOT / "docs" / "explanation" / "benchmarks.md"
BEGIN, END = "<!-- measured: begin (written by `make bench`) -->", "<!-- measured: end -->"

# Name and module, in the order of the document.
BENCHMARKS = {
    "whole_workflow": "whole_workflow",
    "host_metrics": "host_metrics",
    "decoding": "decoding",
    "nima": "nima",
    "musiq": "musiq",
    "gpu": "gpu",
    "gpu_precision": "gpu_precision",
    "stage1": "stage1",
    "memory": "memory",
    "imports": "imports",
}


def benchmark(name: str) -> Callable[[bool, Path], Result | None]:
    """The function of a benchmark."""
    found: Callable[[bool, Path], Result | None] = import_module(f"benchmarks.{BENCHMARKS[name]}").measure
    return found


def main() -> None:
    """Run what is asked for, one benchmark after the other, each in the same process order as in the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"which ones: {', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="few and small pictures, to see that they run")
    parser.add_argument("--scratch", type=Path, help="keep what is made (photographs) here; default: deleted")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    scratch = arguments.scratch or Path(tempfile.mkdtemp(prefix="judge-vision-bench-"))
    results = scratch / "quick" if arguments.quick else RESULTS
    results.mkdir(parents=True, exist_ok=True)
    try:
        for name in arguments.names or BENCHMARKS:
            result = benchmark(name)(arguments.quick, scratch)
            if result is None:
                continue
            document = {"benchmark": name, "quick": arguments.quick, "machine": machine(), **result.as_dict()}
            text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
            (results / f"{name}.json").write_text(text, encoding="utf-8")
            print(f"{table(document)}\n", flush=True)
    finally:
        if not arguments.scratch:
            shutil.rmtree(scratch, ignore_errors=True)
    if not arguments.quick:
        write_document()


def write_document() -> None:
    """Put the tables of the JSON files between the markers of the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{tables()}\n{END}{after}", encoding="utf-8")


def tables() -> str:
    """The tables of all benchmarks that have been run, as Markdown."""
    found = []
    for name in BENCHMARKS:
        path = RESULTS / f"{name}.json"
        if path.exists():
            found.append(table(json.loads(path.read_text(encoding="utf-8"))))
    return "\n".join(found)


if __name__ == "__main__":
    main()
