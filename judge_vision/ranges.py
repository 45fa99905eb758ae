"""Ranges of settings, written in their types: `Annotated[float, Range(0, 1)]`.

pydantic reads them where it checks the configuration. This module does not need it: a job reads settings that were
checked, and importing pydantic takes longer than measuring a photograph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any


@dataclass(frozen=True)
class Range:
    """The least and, if any, the greatest value that a number may have."""

    least: float
    greatest: float | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """The schema of the number with these limits; pydantic asks for it by this name."""
        limits = {"ge": self.least} | ({} if self.greatest is None else {"le": self.greatest})
        return {**handler(source), **limits}


Share = Annotated[float, Range(0, 1)]
"""A part of a whole, or a value on a scale from 0 to 1."""
Percent = Annotated[float, Range(0, 100)]
Degrees = Annotated[float, Range(0, 180)]
"""The angle between two directions."""
Amount = Annotated[float, Range(0)]
Level = Annotated[int, Range(0, 255)]
"""A value of 8 bits, or a difference of two."""
Count = Annotated[int, Range(0)]
Side = Annotated[int, Range(1)]
"""A length, px."""
