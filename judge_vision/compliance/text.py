"""Text that entrants typed: made safe to show, counted, and compared."""

from __future__ import annotations

import re
import unicodedata

# Direction overrides and isolates can make a title read as something else; the rest of category Cf (joiners of emoji
# and of Persian) is honest text.
_BIDI_CONTROLS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_QUOTED_CHARS = 80


def clean(text: str) -> str:
    """`text` in NFC without outer blanks; control characters, lone surrogates and direction controls become U+FFFD."""
    composed = unicodedata.normalize("NFC", text.strip())
    return "".join(
        "\ufffd" if char in _BIDI_CONTROLS or unicodedata.category(char) in ("Cc", "Cs") else char for char in composed
    )


def clean_or_none(text: str | None) -> str | None:
    """`clean`, with None for nothing and for blanks."""
    return (clean(text) or None) if text else None


def quoted(text: str) -> str:
    """`text` for a sentence: cleaned, cut at 80 characters, in double quotes."""
    shown = clean(text)
    return f'"{shown[:_QUOTED_CHARS]}…"' if len(shown) > _QUOTED_CHARS else f'"{shown}"'


def length(text: str) -> int:
    """Characters as a person counts them: a letter with its accents is one, and so is a blank; joiners are none."""
    return sum(unicodedata.category(char) not in ("Mn", "Me", "Cf") for char in unicodedata.normalize("NFC", text))


def folded(text: str) -> str:
    """`text` for comparing: without accents and case, runs of blanks as one."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(bare.casefold().split())


def words(text: str) -> list[str]:
    """The words of `text`, folded: runs of letters and digits."""
    return re.findall(r"[^\W_]+", folded(text))


def file_size(size: int) -> str:
    """`size` in bytes for people: "4.19 MB (4,194,304 bytes)"; MB and kB are decimal, as file managers show them."""
    for unit, factor in (("MB", 1_000_000), ("kB", 1_000)):
        if size >= factor:
            return f"{size / factor:.2f} {unit} ({size:,} bytes)"
    return f"{size:,} bytes"


def joined(items: list[str], word: str = "or") -> str:
    """ "a", "a or b", "a, b or c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"
