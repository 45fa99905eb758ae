"""Every rule there is, by name, in the order in which they are checked and explained."""

from __future__ import annotations

# imported for what they register
from judge_vision.compliance import checks_file, checks_picture, checks_text, entry_set  # noqa: F401
from judge_vision.compliance.rulebook import RULES

__all__ = ["RULES"]
