"""Settings of the calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True)
class CalibrationSettings:
    """What is compared, and how sure the figures are."""

    marks: str | None = None
    """CSV of human marks: image, mark."""
    bootstrap_samples: Annotated[int, Field(ge=100)] = 1000
    """Samples out of which intervals are taken."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of those samples."""
    least_photographs: Annotated[int, Field(ge=3)] = 10
    """Fewest marked photographs for which figures are given."""
