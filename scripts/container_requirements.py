"""Print containers/iqa/requirements.txt: the packages of the scoring image, in the versions of requirements.lock."""

import importlib.metadata
import re
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
TENSORFLOW = ("tensorflow", "tf-keras")
OURS = ("pillow", "tensorflow-hub", "starlette", "uvicorn", "prometheus-client")
PYTHONS = ("3.10", "3.11", "3.12")
# The lock starts at Python 3.11; NVIDIA's 24.02 has 3.10, where anyio needs one package more.
OLDER_PYTHON = """exceptiongroup==1.3.1 ; python_version < '3.11' \\
    --hash=sha256:a7a39a3bd276781e98394987d3a5701d0c4edffb633bb7a5144577f82c773598"""
INTRODUCTION = """\
# The packages of the scoring image, in the versions of requirements.lock. Made by
#   python scripts/container_requirements.py > containers/iqa/requirements.txt
# Both the Containerfile and the Apptainer definition install from here, with install.py.
"""


def needed(names: tuple[str, ...], without: tuple[str, ...] = ()) -> set[str]:
    """The packages `names` and all that they need on any of `PYTHONS`, but for `without` and what only that needs."""
    found: set[str] = set()
    queue = [name for name in names if name not in without]
    while queue:
        name = queue.pop()
        if name in found or name in without or name == "exceptiongroup":
            continue
        found.add(name)
        for text in importlib.metadata.requires(name) or []:
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"python_version": python, "extra": ""}) for python in PYTHONS):
                queue.append(canonicalize_name(requirement.name))
    return found


def page() -> str:
    """The whole file."""
    blocks = {}
    for block in re.split(r"\n(?=[a-z])", LOCK.read_text(encoding="utf-8")):
        blocks[re.split("==| ", block)[0]] = re.sub(r"\n *#.*", "", block).strip()
    ours = needed(OURS, without=(*TENSORFLOW, "numpy", "protobuf"))
    theirs = needed(TENSORFLOW) - ours
    first = "\n".join(blocks[name] for name in sorted(theirs))
    second = "\n".join([*(blocks[name] for name in sorted(ours)), OLDER_PYTHON])
    return (
        f"{INTRODUCTION}\n# [tensorflow] left out where the base image has TensorFlow already\n{first}\n"
        f"\n# [ours] installed on every base image\n{second}\n"
    )


if __name__ == "__main__":
    print(page(), end="")
