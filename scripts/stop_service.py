"""End the scoring service of this run, so that its memory is free; a service kept on purpose only with --kept.

JUDGE_VISION_TF_AUTO_SHUTDOWN=0 keeps a service beyond its run: such a one stays, and so does a remote one.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import os

from judge_vision.engines import lifecycle
from judge_vision.failure import UserError


def main() -> int:
    """End what was asked for and say what was ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    port = int(os.environ.get("JUDGE_VISION_TF_PORT") or 5105)
    parser.add_argument("--kept", action="store_true", help="end the kept service, too: the one on --port")
    parser.add_argument("--port", type=int, default=port, help=f"its port (default: {port})")
    parser.add_argument("--log", type=Path, help="write what was ended to this file")
    arguments = parser.parse_args()
    try:
        lines = lifecycle.stop_own()
        if arguments.kept:
            lines += lifecycle.stop_kept(arguments.port)
    except UserError as error:
        sys.exit(f"judge-vision: {error}")
    text = "\n".join(lines or ["no scoring service was running"])
    print(text)
    if arguments.log:
        arguments.log.parent.mkdir(parents=True, exist_ok=True)
        arguments.log.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
