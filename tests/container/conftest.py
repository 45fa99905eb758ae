import json
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from tests.container import parts

PHOTOGRAPHS = ("Chelsea.jpg", "Coffee break.png", "Green o'clock.heic", "Dandelions.jpg")


@pytest.fixture(scope="session")
def store():
    """A folder for everything, deleted at the end. Any user may enter it: the ordinary one of the tests does."""
    parts.require_real_parts()
    folder = Path(tempfile.mkdtemp(prefix="judge-vision-containers-"))
    parts.keep_in_memory(folder)
    folder.chmod(0o755)
    yield folder
    parts.unmount_below(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def context(store):
    """A copy of containers/iqa with its wheels fetched for the Python of Debian 12: the build needs no network."""
    folder = store / "context"
    shutil.copytree(parts.ROOT / "containers" / "iqa", folder)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--python-version=3.11", f"--dest={folder / 'wheels'}"]
    parts.call(*command, "--requirement", folder / "requirements.txt")
    return folder


@pytest.fixture(scope="session")
def docker(store, context):
    """A Docker Engine that holds the scoring image, built by the project's own Containerfile without a network."""
    folder = store / "docker"
    folder.mkdir()
    engine = parts.Docker(folder)
    try:
        archive = parts.debian_base(store)
        engine.call("import", archive, parts.BASE)
        archive.unlink()
        engine.build(context, parts.BASE, parts.IMAGE)
        engine.call("image", "prune", "--force")  # the stage that built it
        yield engine
    finally:
        engine.stop()


@pytest.fixture(scope="session")
def podman(store, docker):
    """A Podman without root that holds the image which Docker built."""
    folder = store / "podman"
    folder.mkdir()
    engine = parts.Podman(folder)
    try:
        saved = store / "image.tar"
        docker.call("save", "--output", saved, parts.IMAGE)
        saved.chmod(0o644)
        engine.call("load", "--input", saved)
        saved.unlink()
        yield engine
    finally:
        engine.stop()


@pytest.fixture(scope="session")
def sandbox(store, docker):
    """The image as a folder, as `apptainer build --sandbox` would make it: with the definition's %environment."""
    container = docker.call("run", "--detach", "--network=none", parts.IMAGE, "sleep", "infinity").strip()
    try:
        drivers = json.loads(docker.call("inspect", container))[0]["GraphDriver"]
        folder = Path((drivers["Data"] or {}).get("MergedDir") or store / "sandbox")
        if not folder.exists():  # the engine could not lay file systems over each other
            folder.mkdir()
            docker.call("export", "--output", store / "sandbox.tar", container)
            parts.call("tar", "-C", folder, "-xf", store / "sandbox.tar")
            (store / "sandbox.tar").unlink()
        scripts = folder / ".singularity.d" / "env"
        scripts.mkdir(parents=True)
        definition = (parts.ROOT / "containers" / "iqa" / "iqa.def").read_text()
        environment = definition.split("%environment")[1].split("%runscript")[0]
        (scripts / "90-environment.sh").write_text(environment)
        yield folder
    finally:
        docker.call("rm", "--force", container)


@pytest.fixture(scope="session")
def photos(store):
    """Photographs outside the clone, in a folder with a space in its name."""
    folder = store / "our photos"
    folder.mkdir()
    for name in PHOTOGRAPHS:
        shutil.copy(parts.ROOT / "examples" / "photos" / name, folder)
    return folder


@pytest.fixture(scope="session")
def prepared(store, photos):
    """The results folder of a run that got as far as the proofs: ready to be scored."""
    results = store / "prepared"
    command = [sys.executable, "-m", "snakemake", "--snakefile", parts.ROOT / "Snakefile", "--cores", "2", "--dry-run"]
    parts.call(*command, "--quiet", "--config", f"photos={photos}", f"results={results}", cwd=store)
    for script, *arguments in (("manifest.py",), ("prepare.py", "--shard=00000", "--threads=2")):
        parts.call(sys.executable, parts.ROOT / "scripts" / script, "--results", results, *arguments)
    return results


@pytest.fixture(scope="session")
def host(store, prepared):
    """The same, scored on the host: what the containers' scores are compared with."""
    results = store / "on the host"
    shutil.copytree(prepared, results)
    parts.call(sys.executable, parts.ROOT / "scripts" / "iqa.py", "--results", results, "--shard=00000", "--threads=2")
    return results


@pytest.fixture(params=["docker", "podman"])
def engine(request):
    """A real container engine; `user` is the ordinary user who may use it."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def unscored(store, prepared, engine, request):
    """A copy that is not scored yet and belongs to the user of the engine."""
    results = store / f"for {request.node.name}"
    shutil.copytree(prepared, results)
    parts.give_to(engine.user, results)
    yield results
    shutil.rmtree(results)


@pytest.fixture
def code(store, request):
    """A project with the real `in_container.py` and room for a test's own scripts."""
    folder = store / f"code for {request.node.name}"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(parts.ROOT / "scripts" / "in_container.py", folder / "scripts")
    yield folder
    shutil.rmtree(folder)
