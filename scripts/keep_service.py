"""Keep a scoring service in a container: keep_service.py CONFIG.json OPTIONS, the options of iqa_service.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from judge_vision.engines.keeper import main

if __name__ == "__main__":
    main(sys.argv[1:])
