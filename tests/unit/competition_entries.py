"""Entries for tests of the competition."""

from __future__ import annotations

import hashlib
from typing import Any

from judge_vision.competition.entry import Entry
from judge_vision.compliance.rules import Competition


def entry(image: str = "a.jpg", **values: Any) -> Entry:
    """An entry of "Member 001" that complies, unless said otherwise."""
    given = {
        "sha256": hashlib.sha256(image.encode()).hexdigest(),
        "title": image.removesuffix(".jpg").title(),
        "author": "Member 001",
        "member": None,
        "section": None,
        "section_name": "No section",
        "status": "complies",
    }
    return Entry(image=image, **(given | values))


def finding(rule: str, status: str = "does_not_comply", severity: str = "reject", **values: Any) -> dict[str, Any]:
    """A finding."""
    given = {"measured": 1700, "limit": 1600, "sentence": f"The program's sentence on {rule}."}
    return {"rule": rule, "status": status, "severity": severity, **(given | values)}


def competition(**keys: Any) -> Competition:
    """A competition."""
    return Competition.model_validate({"name": "Spring round"} | keys)
