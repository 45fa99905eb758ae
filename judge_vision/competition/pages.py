"""Pages of the competition: one file each, styled inside, without a script, and nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

_ROOM = Path(__file__).parent


def render(template: str, **values: Any) -> str:
    """The page as text. All values are escaped; `title` and, unless English, `language` are among them."""
    style = (_ROOM / "templates" / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = Environment(
        loader=FileSystemLoader(_ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # `file:` is there for browsers that do not count a disk as 'self'
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data: 'self' file:; "
        "base-uri 'none'; form-action 'none'"
    )
    return environment.get_template(template).render(style=Markup(style), policy=policy, **{"language": "en", **values})


def inline_picture(jpeg: Path, side_px: int) -> str | None:
    """A picture as a data URI, so that the page is one file; None where there is none."""
    try:
        with Image.open(jpeg) as picture:
            small = picture.convert("RGB")
    except FileNotFoundError:
        return None
    small.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
