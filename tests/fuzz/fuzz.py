"""Run a target under atheris: python -m tests.fuzz.fuzz TARGET CORPUS [libFuzzer's options]. Coverage guides it."""

import sys
from pathlib import Path

import atheris

# What is imported inside is instrumented: branches that an input reaches make it worth changing further.
with atheris.instrument_imports(include=["judge_vision"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Write the seeds into CORPUS, a folder, and fuzz until the options say stop or a promise breaks."""
    name, corpus, *options = sys.argv[1:]
    target = TARGETS[name]
    folder = Path(corpus)
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (folder / f"seed-{number:03d}").write_bytes(seed)
    atheris.Setup([sys.argv[0], str(folder), *options], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
