"""Explain a registry of competition rules in words, or say what is wrong with it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse

from judge_vision.compliance.explain import explain, explain_registry
from judge_vision.compliance.registry import load_registry, select
from judge_vision.failure import UserError


def main() -> None:
    """Print the rules; exit with status 1 and one line a mistake where the registry is refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("registry", type=Path, help="TOML file with the rules")
    parser.add_argument("competition", nargs="?", help="id of one competition (default: all)")
    arguments = parser.parse_args()
    try:
        registry = load_registry(arguments.registry)
        if arguments.competition:
            print(explain(select(registry, arguments.competition)))
        else:
            print(explain_registry(registry))
    except UserError as error:
        sys.exit(f"judge-vision: {error}")


if __name__ == "__main__":
    main()
