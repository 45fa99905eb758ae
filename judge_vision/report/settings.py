"""Settings of the page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportSettings:
    """What a reader of the page may want different."""

    title: str = "Judge Vision"
    """Heading of the page and of the printed sheets, such as the competition's name."""
