"""Bundles: folders with a `bundle.json` that says which networks score and how each weight file is recognised.

`embedded` ships with this project; `official` is described by `official.json` beside this module and lies below
$IMAGEWORKS_MODEL_ROOT; anything else is the path of a folder. Every weight file is verified before it is used: the
official NIMA files by their published git blob ids, official MUSIQ checkpoints by the SHA-256 that `make models`
recorded, all others by the SHA-256 in `bundle.json`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge_vision.failure import UserError
from judge_vision.records import store

ROOT = Path(__file__).resolve().parents[2]
OFFICIAL = Path(__file__).with_name("official.json")
ROLES = ("nima_aesthetic", "nima_technical", "musiq")
FORMATS = {"nima_aesthetic": ("nima-hdf5",), "nima_technical": ("nima-hdf5",), "musiq": ("musiq-npz", "musiq-tfhub")}
_KEYS = {
    "nima-hdf5": ("file", "alpha", "padding"),
    "musiq-npz": ("file", "architecture"),
    "musiq-tfhub": ("handle",),
}
_COMMON_KEYS = ("score_range", "licence", "training_data", "human_ratings")
LOCK = "weights/judge-iqa/musiq/musiq.lock.json"
"""Below the official root: SHA-256 of each MUSIQ checkpoint, recorded when it first arrived."""


@dataclass(frozen=True)
class Model:
    """One network of a bundle."""

    role: str
    """One of `ROLES`."""
    path: Path
    """The weight file, or the folder of a SavedModel."""
    entry: Mapping[str, Any]
    """What `bundle.json` says of it: `format`, `score_range`, `licence`, `training_data`, `human_ratings`, its hash
    (`sha256` or `git_blob`), and `alpha` and `padding` (NIMA) or `architecture` (MUSIQ)."""

    @property
    def format(self) -> str:
        """`nima-hdf5`, `musiq-npz` or `musiq-tfhub`."""
        return str(self.entry["format"])


@dataclass(frozen=True)
class Bundle:
    """A set of networks, read from `bundle.json`."""

    name: str
    version: str
    description: str
    human_ratings: bool
    """The networks were trained on marks given by people."""
    models: Mapping[str, Model]

    @property
    def label(self) -> str:
        """How a score row names its bundle, such as `embedded 2`."""
        return f"{self.name} {self.version}"


def folder(name: str, root: str | Path | None = None) -> Path:
    """Where the bundle's files are: `name` is `embedded`, `official` or a path; `root` is the official one's folder.

    Without `root` the official bundle is below $IMAGEWORKS_MODEL_ROOT, else in `models/official` of this project.
    """
    if name == "embedded":
        return ROOT / "models" / "embedded"
    if name == "official":
        return Path(root or os.environ.get("IMAGEWORKS_MODEL_ROOT") or ROOT / "models" / "official").expanduser()
    return Path(name).expanduser()


def tfhub_cache(root: str | Path | None = None) -> Path:
    """The TF-Hub cache: $TFHUB_CACHE_DIR, else $TFHUB_CACHE, else the official bundle's own folder for it."""
    chosen = os.environ.get("TFHUB_CACHE_DIR") or os.environ.get("TFHUB_CACHE")
    return Path(chosen).expanduser() if chosen else folder("official", root) / "weights/judge-iqa/musiq/tfhub-cache"


def read_official() -> dict[str, Any]:
    """The description of the official bundle: addresses, hashes, licences, and the published scores."""
    return dict(store.read_json(OFFICIAL))


def read_bundle(name: str, root: str | Path | None = None, variant: str = "spaq", backend: str = "native") -> Bundle:
    """The bundle as described, its files found but not yet verified; see `verify`.

    `variant` (spaq, koniq, paq2piq, ava) and `backend` (native, tfhub) choose among several MUSIQs of the official
    bundle; a bundle with a single MUSIQ has no choice of variant.
    Raises UserError, one line, where there is no such bundle, it is described wrongly, or a file is missing.
    """
    where = folder(name, root)
    described = read_official() if name == "official" else _read_json(name, where)
    source = OFFICIAL if name == "official" else where / "bundle.json"
    try:
        models = {role: described["models"][role] for role in ROLES}
        models["musiq"] = _chosen(models["musiq"], variant, backend, described["name"])
        bundle = Bundle(
            str(described["name"]),
            str(described["version"]),
            str(described["description"]),
            bool(described["human_ratings"]),
            {role: _model(role, dict(models[role]), where, root, name == "official") for role in ROLES},
        )
    except KeyError as error:
        raise UserError(
            f"{source} does not describe a bundle: {error} is missing; docs/reference/bundles.md has the form"
        ) from None
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{source} does not describe a bundle: {error}; docs/reference/bundles.md has the form"
        ) from None
    for model in bundle.models.values():
        _check_presence(bundle, model)
    return bundle


def _model(role: str, entry: dict[str, Any], where: Path, root: str | Path | None, official: bool) -> Model:
    """One entry of `models`. Raises ValueError where it is not complete."""
    if entry.get("format") not in FORMATS[role]:
        raise ValueError(f"{role} has format {entry.get('format')!r}, not {' or '.join(FORMATS[role])}")
    missing = [key for key in (*_KEYS[entry["format"]], *_COMMON_KEYS) if key not in entry]
    if missing:
        raise ValueError(f"{role} has no {missing[0]}")
    if entry["format"] == "musiq-tfhub":
        return Model(role, tfhub_cache(root) / hashlib.sha1(entry["handle"].encode()).hexdigest(), entry)
    path = where / entry["file"]
    if official and "git_blob" not in entry:
        entry["sha256"] = read_lock(where).get(path.name, {}).get("sha256")
    elif "git_blob" not in entry and not entry.get("sha256"):
        raise ValueError(f"{role} has no sha256")
    return Model(role, path, entry)


def verify(bundle: Bundle) -> None:
    """Raise UserError, one line, where a weight file is not the one that the bundle names."""
    for model in bundle.models.values():
        if model.format == "musiq-tfhub":
            continue  # the cache names no hash; TensorFlow checks the variables' own checksums
        if "git_blob" in model.entry:
            wanted, found, what = model.entry["git_blob"], git_blob_id(model.path), "git blob id"
        else:
            wanted, found, what = model.entry["sha256"], store.file_sha256(model.path), "SHA-256"
        if found == wanted:
            continue
        for other in bundle.models.values():
            if found in (other.entry.get("git_blob"), other.entry.get("sha256")):
                raise UserError(
                    f"{model.path} holds the weights of {other.role}, not of {model.role}: the files are swapped; "
                    "exchange their names"
                )
        raise UserError(
            f"{model.path} is not the file of bundle {bundle.name} ({what} {found[:12]}..., not {wanted[:12]}...): "
            f"truncated, damaged or another version; {_remedy(bundle, again=True)}"
        )


def load_bundle(name: str, root: str | Path | None = None, variant: str = "spaq", backend: str = "native") -> Bundle:
    """`read_bundle`, verified: what `Scorer` takes."""
    bundle = read_bundle(name, root, variant, backend)
    verify(bundle)
    return bundle


def describe(
    name: str, root: str | Path | None = None, variant: str = "spaq", backend: str = "native"
) -> dict[str, Any]:
    """The bundle as JSON for settings and table metadata: what it is and the hash of each file, without any path.

    Checks that the files are there, not what is in them: cheap enough for every start of the workflow. Raises UserError
    as `read_bundle` does.
    """
    bundle = read_bundle(name, root, variant, backend)
    models = {}
    for role, model in bundle.models.items():
        models[role] = {key: value for key, value in model.entry.items() if key not in ("training", "url")}
        if model.format == "musiq-tfhub":
            models[role]["sha256"] = _folder_sha256(model.path)
    return {
        "name": bundle.name,
        "version": bundle.version,
        "description": bundle.description,
        "human_ratings": bundle.human_ratings,
        "models": models,
    }


def git_blob_id(path: Path) -> str:
    """The id that git gives to a file's content: SHA-1 of a header with the size, then the bytes."""
    hasher = hashlib.sha1(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as handle:
        while chunk := handle.read(1 << 20):
            hasher.update(chunk)
    return hasher.hexdigest()


def _read_json(name: str, where: Path) -> dict[str, Any]:
    path = where / "bundle.json"
    try:
        described = store.read_json(path)
    except OSError:
        raise UserError(
            f"no bundle {name!r}: there is no file {path}; set models.bundle to embedded, official or a folder with a "
            "bundle.json"
        ) from None
    except ValueError as error:
        raise UserError(f"{path} is not JSON ({error}); fetch the bundle again") from None
    if not isinstance(described, dict):
        raise UserError(
            f"{path} does not describe a bundle: an object is expected; docs/reference/bundles.md has the form"
        )
    return described


def _chosen(entry: Mapping[str, Any], variant: str, backend: str, bundle: str) -> Mapping[str, Any]:
    """The MUSIQ of `variant` and `backend` out of an entry with `variants`, or the only one."""
    if "variants" in entry:
        if variant not in entry["variants"]:
            raise UserError(
                f"bundle {bundle} has no MUSIQ variant {variant!r}; set musiq.variant to one of "
                f"{', '.join(entry['variants'])}"
            )
        entry = entry["variants"][variant]
        if backend in entry:
            return dict(entry[backend])
    elif (entry["format"] == "musiq-tfhub") == (backend == "tfhub"):
        return entry
    remedy = "set models.bundle=official" if backend == "tfhub" else "set musiq.backend=tfhub"
    raise UserError(f"bundle {bundle} has no MUSIQ for musiq.backend={backend}; {remedy}")


def read_lock(where: Path) -> dict[str, Any]:
    """What `make models` recorded below the official root: for each MUSIQ checkpoint's name its `sha256`."""
    path = where / LOCK
    try:
        return dict(store.read_json(path))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}); delete it and run `make models` again") from None


def _check_presence(bundle: Bundle, model: Model) -> None:
    if model.format == "musiq-tfhub":
        if not (model.path / "saved_model.pb").is_file():
            raise UserError(
                f"the TF-Hub cache {model.path.parent} does not hold {model.entry['handle']} "
                f"(folder {model.path.name}); set TFHUB_CACHE_DIR to the cache that does, or musiq.backend=native"
            )
    elif not model.path.is_file():
        raise UserError(f"{model.path} of bundle {bundle.name} is missing; {_remedy(bundle)}")
    elif "git_blob" not in model.entry and not model.entry.get("sha256"):
        raise UserError(f"{model.path} has not been verified and recorded yet; run `make models` once")


def _remedy(bundle: Bundle, again: bool = False) -> str:
    if bundle.name == "official":
        before = "delete it and run" if again else "run"
        return f"{before} `make models`, which downloads it or says what to fetch by hand"
    return "restore the bundle's folder from where it came" + (
        " (git checkout models)" if bundle.name == "embedded" else ""
    )


def _folder_sha256(path: Path) -> str:
    files = sorted(part for part in path.rglob("*") if part.is_file())
    return store.digest({part.relative_to(path).as_posix(): store.file_sha256(part) for part in files})
