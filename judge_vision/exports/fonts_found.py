"""Fonts of this machine for scripts that our own font lacks, by what fontconfig says that each can show."""

from __future__ import annotations

import subprocess
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Where fontconfig is not: macOS ships one font with most of Unicode's first plane.
_WITHOUT_FONTCONFIG = (Path("/System/Library/Fonts/Supplemental/Arial Unicode.ttf"),)
_FORMAT = "%{file}\t%{index}\t%{family[0]}\t%{style[0]}\t%{charset}\n"
# Beyond it, fontconfig counts instances of variable fonts, which FreeType does not open by number.
_INDEX_LIMIT = 65_536
_EVERYTHING = ((0,), (0x10FFFF,))


@dataclass(frozen=True)
class FoundFont:
    """A font file (`index` is the face in a collection) and the code points that it has, as starts and ends."""

    path: Path
    index: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def covers(self, text: str) -> bool:
        """Whether the font has every character of `text`."""
        for char in text:
            place = bisect_right(self.starts, ord(char)) - 1
            if place < 0 or ord(char) > self.ends[place]:
                return False
        return True


def font_for(text: str, chosen: str | None) -> FoundFont | None:
    """A font with every character of `text`: the `chosen` file first, then the system's, upright sans-serifs first."""
    candidates = (*_described(chosen), *_system()) if chosen else _system()
    return next((font for font in candidates if font.covers(text)), None)


@cache
def _described(path: str) -> tuple[FoundFont, ...]:
    """The faces of one file; without fontconfig it is believed to have everything."""
    lines = _fontconfig("fc-query", "-f", _FORMAT, path)
    return _parse(lines) if lines else (FoundFont(Path(path), 0, *_EVERYTHING),)


@cache
def _system() -> tuple[FoundFont, ...]:
    lines = _fontconfig("fc-list", "-f", _FORMAT)
    if lines:
        return _parse(sorted(lines, key=_rank))
    return tuple(FoundFont(path, 0, *_EVERYTHING) for path in _WITHOUT_FONTCONFIG if path.exists())


def _fontconfig(*command: str) -> list[str]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.splitlines()


def _rank(line: str) -> tuple[bool, bool, str]:
    _, _, family, style, *_ = line.split("\t")
    return style not in ("Regular", "Book", "Roman"), "Sans" not in family, line


def _parse(lines: list[str]) -> tuple[FoundFont, ...]:
    found = []
    for line in lines:
        path, index, _, _, charset = line.split("\t")
        ranges = [part.partition("-") for part in charset.split()]
        if int(index) < _INDEX_LIMIT and ranges:
            starts = tuple(int(first, 16) for first, _, _ in ranges)
            ends = tuple(int(last or first, 16) for first, _, last in ranges)
            found.append(FoundFont(Path(path), int(index), starts, ends))
    return tuple(found)
