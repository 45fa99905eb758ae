"""What the tests of the engines share: quick settings, stand-in networks, pictures, and notes of a test's own."""

import pytest

from judge_vision.config import Config
from judge_vision.engines import lifecycle, notes
from judge_vision.engines.identity import identity
from judge_vision.engines.settings import ServiceSettings
from judge_vision.models import bundle
from judge_vision.models.inputs import ScaledPicture
from judge_vision.models.scorer import Scores
from tests.unit import golden, standin_service

QUICK = ServiceSettings(connect_timeout_s=1.0, timeout_s=2.0, start_timeout_s=20.0, port=0)
GOOD = Scores(5.0, 1.0, [0.1] * 10, 4.0, 1.0, [0.1] * 10, 50.0, None).as_dict()
WANTED = identity(bundle.describe("embedded"), 640)
HEALTH = {"service": "judge-vision", "state": "ready", "device": "cpu", "limits": {"body_bytes": 10**9}, **WANTED}


@pytest.fixture(autouse=True)
def own_notes(tmp_path, monkeypatch):
    """A folder of notes of this test's own."""
    (tmp_path / "runtime").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))
    for name in ("JUDGE_VISION_TF_TOKEN", "JUDGE_VISION_TF_PORT", "JUDGE_VISION_RUN", "JUDGE_VISION_TF_AUTO_SHUTDOWN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def standin_networks(monkeypatch, tmp_path):
    """`ensure` starts the real server with stand-in networks; whatever it started is gone afterwards."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "iqa_service.py").symlink_to(standin_service.__file__)
    monkeypatch.setattr(lifecycle, "_SCRIPTS", scripts)
    yield
    left = notes.read_all()
    lifecycle.stop_own()
    for note in left:
        assert not note.server.alive or note.owner is None


def inputs(*sizes):
    return [ScaledPicture.of(golden.picture(size), 640) for size in sizes or ("32x32",)]


def iqa(**changes):
    return {**Config().iqa.model_dump(), **changes}
