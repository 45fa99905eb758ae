"""Settings of the page and of the exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

UNTITLED = "Judge Vision"


@dataclass(frozen=True)
class ReportSettings:
    """What a reader of the page may want different."""

    title: str | None = None
    """Heading of the page and of the printed sheets; None: the competition's name, else Judge Vision."""
    max_photographs: int = 20_000
    """Photographs that the page holds: the failed ones and an even sample, where there are more. 20,000 are 20 MB."""

    def __post_init__(self) -> None:
        """Raise ValueError for a page that could hold nothing."""
        if self.max_photographs < 2:
            raise ValueError("max_photographs must be at least 2")


@dataclass(frozen=True)
class XmpSettings:
    """What the sidecars say and how they are called."""

    naming: Literal["stem", "full"] = "stem"
    """A sidecar's name: stem, IMG_1.xmp (Lightroom, Capture One), or full, IMG_1.jpg.xmp (darktable, digiKam)."""
    embed_copies: bool = False
    """Also copy each photograph and write the same into the copy, for programs that ignore the sidecars of JPEGs."""
    stars_by: str = "musiq_mos"
    """The column that gives the stars, such as musiq_mos, nima_aesthetic_mean, critique_score or mark."""
    stars_from: Literal["quantiles", "cutoffs"] = "quantiles"
    """quantiles: shares of the photographs, best last; cutoffs: values of the column."""
    stars_limits: tuple[float, float, float, float] = (0.1, 0.35, 0.65, 0.9)
    """From where there are 2, 3, 4 and 5 stars, ascending: shares from 0 to 1, or values of the column."""
    label_complies: str = "Green"
    """Colour label of entries that comply with the rules; empty for none. Programs know labels by these names."""
    label_refer: str = "Yellow"
    """Colour label of entries with a remark, or that a person has to look at."""
    label_does_not_comply: str = "Red"
    """Colour label of entries that do not comply."""

    def __post_init__(self) -> None:
        """Refuse limits that no photograph could pass in order."""
        if list(self.stars_limits) != sorted(self.stars_limits):
            raise ValueError("the four limits must be ascending")
        if self.stars_from == "quantiles" and not all(0 <= one <= 1 for one in self.stars_limits):
            raise ValueError("with stars_from: quantiles the limits are shares from 0 to 1")


@dataclass(frozen=True)
class ContactSheetSettings:
    """How the contact sheet looks."""

    page: Literal["A4", "Letter"] = "A4"
    """Size of the paper."""
    columns: int = 4
    """Pictures side by side, 1 to 8."""
    authors: bool = True
    """Put the authors' names under the pictures; off for anonymous judging."""
    font: str | None = None
    """A font file (TTF, OTF or TTC) for titles in scripts that no font found has; null: those of the system."""

    def __post_init__(self) -> None:
        """Refuse what would leave no room for a picture."""
        if not 1 <= self.columns <= 8:
            raise ValueError("columns must be 1 to 8")
