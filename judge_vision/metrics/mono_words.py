"""What the monochrome verdict says to a photographer."""

from __future__ import annotations

# By CIELAB hue, degrees: measured on patches (red 35, sepia 65 to 80, green 138, cyan 196, blue 294).
_TONES = (
    (20, "pink"),
    (50, "red"),
    (62, "copper"),
    (88, "sepia"),
    (112, "yellow"),
    (165, "green"),
    (225, "cyan"),
    (280, "steel blue"),
    (310, "blue"),
    (340, "violet"),
    (360, "pink"),
)

SENTENCES = {
    "neutral": "Neutral: shades of grey all over, with no tone that the eye would see.",
    "one_tone": "Toned: one {tone} tone over the whole picture.",
    "colour": "Colour: {percent} % of the picture departs from any single tone, {where}.",
    "unexplained_colour": "Colour: much of the colour that is there follows no single tone, {where}.",
    "spot_colour": "A spot of another colour stands out {where}; the rest of the picture is of one tone.",
    "partly_coloured": "Colour and grey share the picture: colour {where}, grey elsewhere; one tone is needed.",
    "split_toning": "Split toning: shadows are {shadows}, highlights are {highlights}; a single tone is needed.",
    "faint_colour": "Faint colour remains {where}; a person should look whether it counts.",
    "uneven_tone": "The tone is uneven {where}; a person should look whether it counts.",
    "turning_tone": "The tone turns from {shadows} in shadows to {highlights} in highlights; a person should look.",
}


def percent(share: float) -> str:
    """A share of the picture in whole per cent."""
    return f"{100 * share:.0f}" if share >= 0.01 else "less than 1"


def tone_name(hue_deg: float | None) -> str | None:
    """The name of a CIELAB hue; None for none."""
    if hue_deg is None:
        return None
    return next(name for end, name in _TONES if hue_deg % 360 < end)
