"""How long to wait before asking again."""

from __future__ import annotations

import email.utils
import math


def retry_after_s(header: str | None, now: float) -> float | None:
    """Seconds that a Retry-After header asks to wait at the time `now` (seconds since 1970); None for none or nonsense.

    The header holds seconds or an HTTP date (RFC 9110, 10.2.3).
    """
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(header).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def wait_s(attempt: int, first_s: float, longest_s: float, asked_s: float | None, chance: float) -> float:
    """Seconds to wait after failed try `attempt` (1, 2, ...); `chance`, 0 to 1, spreads those who wait.

    Doubles from try to try, half of it left to chance. What the server asked for is waited in full, with up to a
    quarter of `first_s` on top: all who were told the same would otherwise come back at the same moment.
    """
    if asked_s is not None:
        return asked_s + chance * first_s / 4
    full = min(longest_s, first_s * 2.0 ** min(attempt - 1, 60))
    return full * (0.5 + chance / 2)
