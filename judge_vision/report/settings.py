"""Settings of the page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportSettings:
    """What a reader of the page may want different."""

    title: str = "Judge Vision"
    """Heading of the page and of the printed sheets, such as the competition's name."""
    max_photographs: int = 20_000
    """Photographs that the page holds: the failed ones and an even sample, where there are more. 20,000 are 20 MB."""

    def __post_init__(self) -> None:
        """Raise ValueError for a page that could hold nothing."""
        if self.max_photographs < 2:
            raise ValueError("max_photographs must be at least 2")
