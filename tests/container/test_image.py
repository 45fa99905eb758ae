"""The image itself, as a real Docker Engine built it."""

import json
import re
import shutil

import pytest

from tests.container import parts

pytestmark = pytest.mark.slow

# Says itself to be NVIDIA's TensorFlow, which is in no package registry; it can nothing.
STAND_IN = """FROM debian-python:12
COPY wheels /wheels
RUN pip install --break-system-packages --no-index --no-deps /wheels/numpy-*.whl /wheels/h5py-*.whl \\
 && cd /usr/local/lib/python3.11/dist-packages && mkdir tensorflow tensorflow-2.15.0+nv24.2.dist-info \\
 && echo '__version__ = "2.15.0"' > tensorflow/__init__.py \\
 && printf 'Metadata-Version: 2.1\\nName: tensorflow\\nVersion: 2.15.0+nv24.2\\n' \\
    > tensorflow-2.15.0+nv24.2.dist-info/METADATA && rm -r /wheels
"""
# a package of the image hides the base's own of the same name, which comes later
LISTED = """import importlib.metadata, json
found = list(importlib.metadata.distributions())
print(json.dumps({package.name.lower(): package.version for package in reversed(found)}))
"""


def installed(docker, image):
    return json.loads(docker.call("run", "--rm", "--network=none", "--read-only", image, "python", "-c", LISTED))


def test_it_holds_the_listed_packages_and_no_root(docker):
    lines = (parts.ROOT / "containers" / "iqa" / "requirements.txt").read_text()
    wanted = dict(re.findall(r"^([a-z][a-z0-9-]*)==(\S+)", lines, flags=re.MULTILINE))
    del wanted["exceptiongroup"]  # for Python 3.10 only
    found = {name.replace("_", "-"): version for name, version in installed(docker, parts.IMAGE).items()}
    assert {name: found.get(name) for name in wanted} == wanted
    assert docker.call("run", "--rm", "--network=none", parts.IMAGE, "id", "-u").strip() == "65534"
    settings = json.loads(docker.call("image", "inspect", parts.IMAGE))[0]["Config"]
    assert "JUDGE_VISION_INSIDE_CONTAINER=1" in settings["Env"] and not settings["Entrypoint"]


def test_a_base_with_tensorflow_keeps_its_own(docker, context, store):
    folder = store / "with tensorflow"
    (folder / "wheels").mkdir(parents=True)
    for wheel in (context / "wheels").glob("*.whl"):
        if wheel.stat().st_size < 50_000_000:
            (folder / "wheels" / wheel.name).hardlink_to(wheel)
    for name in ("Containerfile", "requirements.txt", "install.py"):
        shutil.copy(context / name, folder)
    (folder / "Base").write_text(STAND_IN)
    docker.call("build", "--network=none", "--tag", "tensorflow-stand-in:24.02", "--file", folder / "Base", folder)
    docker.build(folder, "tensorflow-stand-in:24.02", "on-tensorflow:1")
    found = installed(docker, "on-tensorflow:1")
    assert found["tensorflow"] == "2.15.0+nv24.2"
    assert found["pillow"] == "12.2.0" and found["starlette"] == "1.10.0" and "tensorboard" not in found
