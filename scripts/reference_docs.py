"""Write the parts of the documentation that are made from the code: columns, settings, records, requests, targets."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from judge_vision.reference.pages import filled, pages

if __name__ == "__main__":
    for path, text in pages():
        path.write_text(filled(text, "scripts/reference_docs.py"), encoding="utf-8")
