"""What decides the scores of a service, so that a client takes them only from one that would compute its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_MODELS = Path(__file__).parents[1] / "models"


def identity(described: Mapping[str, Any], max_side: int) -> dict[str, Any]:
    """Of a bundle as `models.bundle.describe` gives it: the hash of each network, the cap, and the code's own hash."""
    return {"models": model_hashes(described), "max_side": max_side, "code": _code()}


def model_hashes(described: Mapping[str, Any]) -> dict[str, str]:
    """By role: the hash of the network's file, whichever kind the bundle gives."""
    return {role: str(model.get("sha256") or model.get("git_blob")) for role, model in described["models"].items()}


def _code() -> str:
    hasher = hashlib.sha256()
    for path in sorted(_MODELS.glob("*.py")):
        hasher.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return hasher.hexdigest()
