"""What happens once per call of Snakemake, before it plans: lock the results, look at the photographs, write settings.

Snakemake compares files, so everything a job depends on is put into a file that is rewritten only when its content
changes: the inventory of the photo folder (Snakemake does not notice an edited file in a folder), and one settings
file per rule with its parameters, the hash of its code and the versions of its libraries.
"""

from __future__ import annotations

import dataclasses
import fcntl
import importlib.metadata
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from judge_vision.compliance.registry import open_competition
from judge_vision.config import Config, read_config
from judge_vision.failure import UserError
from judge_vision.models import bundle, nima
from judge_vision.photograph.proof import ProofSizes
from judge_vision.records import store
from judge_vision.workflow import apptainer, paths
from judge_vision.workflow.code import code_digest
from judge_vision.workflow.pixels import READERS

# The libraries whose version can change what a rule computes.
LIBRARIES = {
    "prepare": ("pillow", "pillow-heif", "pillow-jxl-plugin", "rawpy", "numpy", "imagehash"),
    "iqa": ("tensorflow", "tensorflow-hub", "numpy", "pillow"),
    "tonal": ("numpy", "opencv-python-headless", "pillow"),
    "mono": ("numpy", "opencv-python-headless", "pillow"),
    "compliance": ("numpy", "pillow"),
    "entries": ("numpy",),
    "merge": ("pyarrow",),
    "report": ("jinja2", "pyarrow"),
}

# The rules that measure what `prepare` decoded.
READ_PIXELS = (*READERS, "compliance")

_lock_handle: Any = None  # open for the life of the process: closing it would release the lock


def open_config(raw: dict[str, Any], base: Path, main: bool) -> Config:
    """The configuration with absolute paths.

    The main process checks what Snakemake read, taking relative paths from `base`. The process of a job, which may run
    on another machine, works in the results folder and reads what the main process wrote there.
    """
    if main:
        return read_config(raw).resolved(base)
    return Config.model_validate(store.read_json(base / paths.RUN_CONFIG))


def shards(manifest: str) -> list[str]:
    """The names of all shards."""
    return list(store.read_json(Path(manifest))["shards"])


def set_environment(config: Config, root: Path) -> None:
    """Set what the jobs find in their environment: this interpreter first, and what a container may see.

    Host rules run with the interpreter that runs Snakemake, whether or not its environment is activated; a container or
    a conda environment puts its own in front.
    """
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    os.environ.update(apptainer.environment(config, root, os.environ))


def begin(config: Config, root: Path) -> None:
    """Make the results folder ready for a run with `config`, whose paths are absolute; `root` holds the Snakefile.

    Raises UserError where a folder is missing or not writable, or another run uses the results folder.
    """
    results = Path(config.results)
    _check_folders(config, results)
    _lock(results)
    # We hold the lock of the whole folder, so a lock file of Snakemake's own is the remains of a killed run.
    shutil.rmtree(results / ".snakemake" / "locks", ignore_errors=True)
    _write(results / paths.RUN_CONFIG, config.model_dump(mode="json"))
    _write_inventory(config, results)
    documents = {rule: _with_code(rule, settings, root) for rule, settings in rule_settings(config).items()}
    # which sizes the proofs have changes no fact of a photograph, so it is no part of `measured_by`
    documents["prepare"]["proof"] = dataclasses.asdict(
        ProofSizes(nima.INPUT_SIDE, config.iqa.max_side, config.mono.long_side_px)
    )
    for rule in READ_PIXELS:
        # other preparation, other pixels
        documents[rule]["measured_by"] = store.digest(
            [documents[rule]["measured_by"], documents["prepare"]["measured_by"]]
        )
    for rule, document in documents.items():
        changed = _write(results / paths.settings_file(rule), document)
        if rule == "iqa" and changed:
            # the scoring container cannot decode photographs, so `prepare` has to make proofs again
            shutil.rmtree(results / paths.index_file("prepare", "x").parent, ignore_errors=True)
    _forget_broken_manifest(results)


def rule_settings(config: Config) -> dict[str, dict[str, Any]]:
    """The parameters of each rule that can change what it writes; how fast it runs is not among them."""
    registry = config.compliance.registry
    # a mistake in the rules is said before anything runs
    open_competition(config.compliance.model_dump())
    rules = {
        "borders": dataclasses.asdict(config.borders),
        "competition": config.compliance.competition,
        # the content counts, not where the file lies
        "registry_sha256": store.file_sha256(Path(registry)) if registry else None,
    }
    chosen = bundle.describe(config.models.bundle, config.models.root, config.musiq.variant, config.musiq.backend)
    return {
        "prepare": dataclasses.asdict(config.prepare),
        "iqa": {
            "bundle": chosen,
            "max_side": config.iqa.max_side,
        },
        "tonal": {"tonal": dataclasses.asdict(config.tonal), "light": dataclasses.asdict(config.light)},
        "mono": dataclasses.asdict(config.mono),
        "compliance": rules,
        "entries": rules,
        "merge": {},
        "report": dataclasses.asdict(config.report),
    }


def remove_proofs() -> None:
    """Delete the proofs below the current folder; a later job makes again what it needs."""
    shutil.rmtree(paths.working_folder("x").parent, ignore_errors=True)


def _with_code(rule: str, settings: dict[str, Any], root: Path) -> dict[str, Any]:
    script = root / "scripts" / f"{rule}.py"
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES[rule]}
    measuring = code_digest(script, root, carriers=False)
    return {
        "rule": rule,
        "settings": settings,
        "libraries": versions,
        "code": code_digest(script, root, carriers=True),
        "measured_by": store.digest([rule, settings, versions, measuring]),
    }


def _check_folders(config: Config, results: Path) -> None:
    photos = Path(config.photos)
    if not photos.is_dir():
        raise UserError(f"the photo folder {photos} does not exist; set it with --config photos=FOLDER")
    if results == photos or results in photos.parents:
        raise UserError(f"the photo folder {photos} lies inside the results folder {results}; choose another one")
    try:
        (results / paths.STATE).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"the results folder {results} cannot be written: {error.strerror}") from None
    if not os.access(results / paths.STATE, os.W_OK):
        raise UserError(f"the results folder {results} cannot be written: permission denied")


def _lock(results: Path) -> None:
    global _lock_handle  # noqa: PLW0603 - the lock lives exactly as long as the process
    handle = (results / paths.RUN_LOCK).open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise UserError(f"another run is using the results folder {results}; wait for it or choose another") from None
    _lock_handle = handle


def _write(path: Path, value: Any) -> bool:
    return store.write_if_changed(path, (json.dumps(value, indent=1, sort_keys=True) + "\n").encode())


def _write_inventory(config: Config, results: Path) -> None:
    from judge_vision.photograph import listing

    found = listing.take_inventory(config)
    lines = "".join(store.canonical_json(entry) + "\n" for entry in found.entries)
    store.write_if_changed(results / paths.INVENTORY, lines.encode())
    _write(results / paths.SKIPPED, found.skipped)


def _forget_broken_manifest(results: Path) -> None:
    """Delete the manifest if a shard list that it names is gone, so that the checkpoint runs again."""
    manifest = results / paths.MANIFEST
    try:
        shards = store.read_json(manifest)["shards"]
    except (FileNotFoundError, ValueError, KeyError):
        manifest.unlink(missing_ok=True)
        return
    if not all((results / paths.shard_list(shard)).exists() for shard in shards):
        manifest.unlink()
