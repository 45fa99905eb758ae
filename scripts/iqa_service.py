"""Serve scores of pictures over HTTP, in the foreground. Runs in the scoring container or on the host."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if __name__ == "__main__":
    # imported here: the decoding processes import this file too and need none of it
    from judge_vision.service.main import main

    main()
