"""Start a scoring service that runs until it is stopped, and wait until it is ready.

Settings are those of config/config.yaml. Runs of this user find it by themselves with iqa.engine=service; others reach
it through its address.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import argparse
import os

import yaml

from judge_vision.config import read_config
from judge_vision.engines import lifecycle, notes
from judge_vision.engines.engine import EngineUnavailable
from judge_vision.engines.options import required_token
from judge_vision.failure import UserError
from judge_vision.records import store


def main() -> None:
    """Start it and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("allow", nargs="*", help="folders below which image_path may be read (default: none)")
    parser.add_argument("--configfile", type=Path, help="settings of yours, as for Snakemake")
    parser.add_argument("--address", default="127.0.0.1", help="address to listen on; others than this need a token")
    arguments = parser.parse_args()
    try:
        raw = yaml.safe_load(arguments.configfile.read_text()) if arguments.configfile else {}
        config = read_config(raw or {})
        run = config.resolved(Path.cwd()).model_dump(mode="json")
        path = notes.folder() / "kept-config"
        store.write_json(path, run)
        allow = tuple(str(Path(folder).expanduser().resolve()) for folder in arguments.allow)
        plan = lifecycle.plan_of(run, path, address=arguments.address, allow=allow)
        required_token(plan.options)
        os.chdir(notes.folder())  # a container may write where it is started
        note = lifecycle.start_kept(plan, notes.folder() / f"kept-{plan.options.port}.log")
    except (UserError, EngineUnavailable, OSError, yaml.YAMLError) as error:
        sys.exit(f"judge-vision: {error}")
    print(f"ready at {note.url}; its log is {note.log}")


if __name__ == "__main__":
    main()
