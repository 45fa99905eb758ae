"""How many jobs, hours, gigabytes and megabytes a run takes: make plan N=1000000 GPUS=4 CORES=64 SIZE=camera."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import argparse
import os

import yaml

from judge_vision.workflow.sizing import Machine, size_run, table


def main() -> None:
    """Print the sizing."""
    costs = yaml.safe_load((ROOT / "config" / "costs.yaml").read_text(encoding="utf-8"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", type=int, help="how many photographs")
    parser.add_argument("--gpus", type=int, default=0, help="GPUs that score (default: none, cores do)")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="cores (default: this machine's)")
    parser.add_argument("--size", choices=list(costs["photograph_cpu_s"]), default="camera", help="of the photographs")
    parser.add_argument("--photographs-per-job", type=int, default=256, help="as in config.yaml (default: 256)")
    arguments = parser.parse_args()
    if arguments.photographs < 1 or arguments.cores < 1 or arguments.gpus < 0 or arguments.photographs_per_job < 1:
        parser.error("numbers of photographs and cores start at 1, of GPUs at 0")
    machine = Machine(arguments.cores, arguments.gpus)
    sizing = size_run(arguments.photographs, machine, costs, arguments.size, arguments.photographs_per_job)
    print(table(sizing, machine))


if __name__ == "__main__":
    main()
