"""A folder of photographs and a running server with stand-in networks, for the tests of the service."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from tests.unit.standin_service import Server

ROOT = Path(__file__).parents[2]
CHELSEA = ROOT / "examples" / "photos" / "Chelsea.jpg"
GREY_100 = 1 + 9 * 100 / 255


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Photographs, one of them grey of level 100 throughout, and ways out of the folder."""
    folder = tmp_path_factory.mktemp("photos")
    Image.new("RGB", (60, 40), (100, 100, 100)).save(folder / "grey.png")
    secret = folder.parent / "secret"
    secret.mkdir(exist_ok=True)
    Image.new("RGB", (60, 40), (1, 1, 1)).save(secret / "secret.png")
    (folder / "link.png").symlink_to(secret / "secret.png")
    (folder / "inside.png").symlink_to(folder / "grey.png")
    (folder / "way out").symlink_to(secret)
    os.mkfifo(folder / "pipe.png")
    return folder


@pytest.fixture(scope="module")
def server(photos):
    limits = ("--max-body-mb=2", "--max-pixels=4000000", "--max-side=640", "--batch-size=4")
    with Server(f"--allow={photos}", "--restarts=2", "--last-error=it <hung>", *limits) as running:
        yield running


def png(width=60, height=40, level=100):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (level,) * 3).save(buffer, "PNG")
    return buffer.getvalue()
