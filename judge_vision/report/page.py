"""The page's shell: the template, its own script and style put inside, and the policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from judge_vision.records import store

_ROOM = Path(__file__).parent

# In this order: each may use what those before it define.
SCRIPTS = (
    "base.js",
    "model.js",
    "conditions.js",
    "filters.js",
    "gallery.js",
    "table.js",
    "strips.js",
    "charts.js",
    "evidence.js",
    "photograph.js",
    "lists.js",
    "ranking.js",
    "marks.js",
    "made.js",
    "sheets.js",
    "app.js",
)


def script_json(value: Any) -> str:
    """`value` as JSON that can stand inside a script element.

    Whatever the text holds, no character of it can end the element or begin a comment; ASCII throughout.
    """
    return escape_json(store.canonical_json(value))


def escape_json(text: str) -> str:
    """JSON text made safe for a script element; the value is unchanged."""
    return text.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")


def render(title: str, facts: dict[str, Any], index: dict[str, Any]) -> str:
    """The page as text: `facts` fill the template (escaped by it), `index` is the data for the page's script."""
    chart = _own_text("vendor/chart.umd.min.js").split("\n//# sourceMappingURL=")[0]
    app = '"use strict";\n' + "\n".join(_own_text(f"static/{name}") for name in SCRIPTS)
    style = _own_text("static/style.css")
    environment = Environment(
        loader=FileSystemLoader(_ROOM / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("index.html.j2").render(
        title=title,
        policy=_policy([chart, app], style),
        style=Markup(style),
        chart=Markup(chart),
        app=Markup(app),
        data=Markup(script_json(index)),
        **facts,
    )


def _own_text(name: str) -> str:
    return (_ROOM / name).read_text(encoding="utf-8")


def _policy(scripts: list[str], style: str) -> str:
    """The content security policy: our own scripts and style by their hashes, pictures beside the page, nothing else.

    'strict-dynamic' lets the hashed script, and nothing in the markup, load the data files beside the page; a page
    opened from a disk may not fetch them. `file:` is there for browsers that do not count a disk as 'self'.
    """
    allowed = " ".join(f"'{_hash(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed} 'strict-dynamic'; style-src '{_hash(style)}'; "
        "img-src 'self' file:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
