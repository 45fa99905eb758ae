"""What a job that Snakemake runs with Apptainer may see, and which paths and images it cannot be told about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from judge_vision.config import Config
from judge_vision.engines.container import INSIDE
from judge_vision.failure import UserError
from judge_vision.models import bundle

# Apptainer splits its list of folders at commas and colons; Snakemake puts the results folder between quotes.
_UNMOUNTABLE = re.compile(r"[,:'\"\\\n\r]")
# Snakemake writes the image into a shell command as it is.
_IMAGE = re.compile(r"[\w./:@%+=,~-]+")
# Singularity, the older name of the same command, reads the older variables.
_NAMES = ("APPTAINER", "SINGULARITY")


def environment(config: Config, root: Path, present: Mapping[str, str]) -> dict[str, str]:
    """The variables that tell Apptainer which folders to show, added to what `present`, the environment, asks for.

    `config` has absolute paths; `root` holds the Snakefile. To read: the code, the photographs, the models. To write:
    the results, last in the list because they may lie in one of the others.
    """
    binds = [f"{folder}:{folder}:ro" for folder in _readable(config, root)]
    binds.append(f"{config.results}:{config.results}")
    found = {}
    for name in _NAMES:
        own = [bind for bind in present.get(f"{name}_BIND", "").split(",") if bind and bind not in binds]
        found[f"{name}_BIND"] = ",".join([*own, *binds])
        found[f"{name}ENV_{INSIDE}"] = "1"
    return found


def check(config: Config, root: Path) -> None:
    """Raise UserError where Apptainer could not find the image, or could not be told a folder."""
    for folder in (*_readable(config, root), Path(config.results)):
        if _UNMOUNTABLE.search(str(folder)):
            raise UserError(
                f"Apptainer cannot be told about the folder {folder}; rename it without comma, colon, quote and "
                "backslash, or leave out --sdm apptainer"
            )
    image = config.containers.iqa
    if not _IMAGE.fullmatch(image):
        raise UserError(
            f"containers.iqa is {image!r}, and Snakemake takes no image with spaces, quotes or braces in its path; "
            "rename it"
        )
    if image.startswith("/") and not Path(image).exists():
        raise UserError(
            f"the image {image} does not exist; build it with `make image RUNTIME=apptainer`, or set containers.iqa"
        )
    if image.startswith("docker://localhost/"):
        raise UserError(
            f"containers.iqa is {image}, an image of Docker or Podman on this machine, which Apptainer cannot read; "
            "make its own with `make image RUNTIME=apptainer` and set containers='{iqa: containers/iqa/iqa.sif}'"
        )


def _readable(config: Config, root: Path) -> Sequence[Path]:
    folders = [root, Path(config.photos), bundle.folder(config.models.bundle, config.models.root)]
    if config.musiq.backend == "tfhub":
        folders.append(bundle.tfhub_cache(config.models.root))
    return list(dict.fromkeys(folder.absolute() for folder in folders if folder.is_dir()))
