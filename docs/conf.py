"""The documentation as a site: `make docs` builds it into site/, strictly and without a network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from judge_vision.reference.pages import filled

project = "Judge Vision"
author = "The Judge Vision developers"
language = "en-GB"
extensions = ["myst_parser"]
exclude_patterns = ["captions"]  # of Snakemake's own report
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = "Judge Vision"
html_copy_source = False
html_show_search_summary = False  # a browser fetches nothing from a disk
html_show_copyright = False
html_show_sphinx = False


def setup(app):
    """Fill the blocks that are made at the build."""
    app.connect("source-read", lambda _app, _page, source: source.append(filled(source.pop(), "make docs")))
