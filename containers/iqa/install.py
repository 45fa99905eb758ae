"""Install the packages of the scoring image into /opt/judge-vision. Runs once, while the image is built.

Standard library only, Python 3.10 to 3.12. On a base image with TensorFlow, such as NVIDIA's, TensorFlow and what came
with it stay as they are: theirs is built for their GPU libraries. If the folder `wheels` beside this file holds wheels,
only those are used and no network is needed; `install.py --download` fills it.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
WHEELS = HERE / "wheels"
TARGET = Path("/opt/judge-vision")
SUPPORTED = ("2.15", "2.16", "2.17")
CHECK = "import PIL, h5py, numpy, prometheus_client, starlette, tensorflow, uvicorn; assert numpy.__version__ < '2'"


def minor(version: str) -> str:
    """The first two numbers of a version: 2.15.0+nv24.02 gives 2.15."""
    return ".".join(version.split(".")[:2])


def chosen(requirements: str, tensorflow: str | None) -> str:
    """The part of `requirements` to install on a base image with this version of TensorFlow, or none.

    Exits with one line where that version is not supported.
    """
    if tensorflow is None:
        return requirements
    if minor(tensorflow) not in SUPPORTED:
        sys.exit(
            f"the base image has TensorFlow {tensorflow}; supported are {', '.join(SUPPORTED)}: choose another TAG"
        )
    theirs, ours = requirements.split("\n# [ours]")
    # tensorflow-hub needs it beside Keras 3; it must be of TensorFlow's own minor version
    keras = re.search(r"^tf-keras==(\S+)(.*\\\n)*.*\n", theirs, flags=re.MULTILINE)
    if keras and minor(keras[1]) == minor(tensorflow):
        ours += keras[0]
    return f"# [ours]{ours}"


def base_tensorflow() -> str | None:
    """The version of TensorFlow in the base image, or None. Exits with one line where it cannot be told."""
    for name in ("tensorflow", "nvidia-tensorflow", "tensorflow-cpu"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    if importlib.util.find_spec("tensorflow"):
        sys.exit("the base image has a TensorFlow that does not say its version: choose another BASE or TAG")
    return None


def main() -> None:
    """Install, or with `--download` fill the folder of wheels; either way exactly the files with the listed hashes."""
    tensorflow = base_tensorflow()
    wanted = Path("/tmp/wanted.txt")
    wanted.write_text(chosen(REQUIREMENTS.read_text(encoding="utf-8"), tensorflow), encoding="utf-8")
    # NVIDIA's images set constraints of their own for pip
    environment = {key: value for key, value in os.environ.items() if key != "PIP_CONSTRAINT"}
    options = ["--require-hashes", "--only-binary=:all:", "--no-cache-dir", "--disable-pip-version-check"]
    options += ["--no-deps"] if tensorflow else []
    if "--download" in sys.argv:
        command = [sys.executable, "-m", "pip", "download", f"--dest={WHEELS}"]
    else:
        venv.create(TARGET, system_site_packages=True, symlinks=True)
        command = [str(TARGET / "bin" / "python"), "-m", "pip", "install", "--no-warn-script-location"]
        if any(WHEELS.glob("*.whl")):
            options += ["--no-index", f"--find-links={WHEELS}"]
    subprocess.run([*command, *options, f"--requirement={wanted}"], env=environment, check=True)
    wanted.unlink()
    if "--download" not in sys.argv:
        subprocess.run(
            [str(TARGET / "bin" / "python"), "-c", CHECK],
            env={**environment, "HOME": "/tmp", "TF_CPP_MIN_LOG_LEVEL": "2"},
            check=True,
        )


if __name__ == "__main__":
    main()
