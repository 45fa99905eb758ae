r"""File names as text that fits into JSON, Parquet and a log line, and back.

A file name is bytes. Most are UTF-8, and then the text is the name itself. A byte that is not part of valid UTF-8,
and a control character (a newline, say), is written `\xNN`; so is a backslash that would read as such an escape.
Nothing else changes, and the way back is exact, also where the locale is not UTF-8.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")
_TO_ESCAPE = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029\udc80-\udcff]|\\(?=x[0-9a-f]{2})")


def name_to_text(name: bytes) -> str:
    r"""`name` as valid UTF-8 text without control characters; see the module for the escapes."""

    def escaped(match: re.Match[str]) -> str:
        raw = match.group().encode("utf-8", "surrogateescape")
        return "".join(f"\\x{byte:02x}" for byte in raw)

    return _TO_ESCAPE.sub(escaped, name.decode("utf-8", "surrogateescape"))


def text_to_name(text: str) -> bytes:
    """The file name of which `text` was made. Raises ValueError where `text` is not valid UTF-8."""
    return _ESCAPE.sub(lambda match: bytes([int(match.group(1), 16)]), text.encode())


def locate(photo_root: Path, image: str) -> Path:
    """The file called `image` in the records, below `photo_root`."""
    return photo_root / os.fsdecode(text_to_name(image))
