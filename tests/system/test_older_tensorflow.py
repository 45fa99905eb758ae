"""The networks under TensorFlow 2.15 with Keras 2, as in NVIDIA's 24.02 image: the golden cases hold there too."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "tensorflow==2.15.1",
    "tf-keras==2.15.1",
    "tensorflow-hub==0.16.1",
    "numpy==1.26.4",
    "pillow==12.2.0",
    "h5py==3.13.0",
    "setuptools==80.9.0",
    "pytest==9.0.2",
    "hypothesis==6.150.0",
)
TESTS = ("test_nima.py", "test_musiq.py", "test_official.py", "test_scorer.py")

pytestmark = pytest.mark.slow


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="TensorFlow 2.15 has no wheel for Python 3.12 and later")
def test_the_golden_cases_hold_under_tensorflow_2_15(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "env")], check=True)
    python = tmp_path / "env" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = subprocess.run(
        [python, "-c", "import tensorflow; print(tensorflow.__version__)"], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "2.15.1"
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/unit/{name}" for name in TESTS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert "skipped" not in done.stdout
