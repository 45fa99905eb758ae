"""Photographs in an S3 bucket, brought beside the results before a run is planned.

The connection, with its credentials, end point and retries, is that of Snakemake's storage plugin
(snakemake-storage-plugin-s3); an `Opener` turns `s3://BUCKET/FOLDER` into the plugin's object for that folder.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from judge_vision.failure import UserError
from judge_vision.records import paths, store

Opener = Callable[[str], Any]

NO_PATH = "object whose name cannot be a file's"
_AT_ONCE = 8
_MARKER = "judge-vision.txt"
_MARKER_TEXT = b"Judge Vision writes its results beside this file, which keeps the bucket from being empty.\n"


def bring(opener: Opener, source: str, results: Path) -> dict[str, int]:
    """Make the originals below `results` what lies below `source`; what is unchanged is not fetched again.

    Objects whose names cannot be those of files are left out; returns how many, by reason. Raises UserError where the
    bucket cannot be read, holds nothing there, or the originals cannot be written.
    """
    folder = results / paths.ORIGINALS
    with _said_of(source):
        top = opener(source)
        found = {item.key.removeprefix(f"{top.key}/"): item for item in top.get_subkeys()}
    if not found:
        raise UserError(f"there is nothing below {source}; see `bucket` in config/config.yaml")
    usable = _files(found)
    stamps = {name: [found[name].e_tag, found[name].size] for name in usable}
    known = _known(results)
    for name in known.keys() - stamps.keys():
        _forget(folder, name)
    todo = [name for name in usable if known.get(name) != stamps[name] or not (folder / name).is_file()]
    # what is being replaced is forgotten first: an interrupted call fetches it again
    store.write_json(results / paths.BUCKET, {name: stamps[name] for name in usable if name not in set(todo)})
    aside = results / paths.STATE / "fetching"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    client = top.provider.s3c.meta.client
    with _said_of(source), ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in [pool.submit(_fetch, client, found[name], folder / name, aside) for name in todo]:
            done.result()
    store.write_json(results / paths.BUCKET, stamps)
    return {NO_PATH: len(found) - len(usable)} if len(found) > len(usable) else {}


def keep_from_being_empty(opener: Opener, target: str) -> None:
    """Put a small file below `target`: the plugin deletes results before it replaces them, and then an emptied bucket.

    Raises UserError where the bucket cannot be written.
    """
    with _said_of(target):
        top = opener(target)
        top.provider.s3c.meta.client.put_object(Bucket=top.bucket, Key=f"{top.key}/{_MARKER}", Body=_MARKER_TEXT)


def _files(names: Iterable[str]) -> list[str]:
    """Those of `names` that can be paths of files below a folder, together; sorted.

    Object names are any text: `../../x` and `a//b` are among them, and `a` beside `a/b`.
    """
    fitting = sorted(name for name in names if _is_path(name))
    folders = {name.rsplit("/", depth)[0] for name in fitting for depth in range(1, name.count("/") + 1)}
    return [name for name in fitting if name not in folders]


def _is_path(name: str) -> bool:
    parts = name.split("/")
    return "\0" not in name and all(
        part not in ("", ".", "..") and len(part.encode("utf-8", "surrogatepass")) <= 255 for part in parts
    )


def _known(results: Path) -> dict[str, list[Any]]:
    try:
        return dict(store.read_json(results / paths.BUCKET))
    except (FileNotFoundError, ValueError):
        return {}


def _forget(folder: Path, name: str) -> None:
    path = folder / name
    path.unlink(missing_ok=True)
    # an empty folder would be in the way of an object of its name
    with contextlib.suppress(OSError):
        for parent in list(path.parents)[: name.count("/")]:
            parent.rmdir()


def _fetch(client: Any, item: Any, path: Path, aside: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # not beside the target: an object may have any name that we could give to a half file there
    with tempfile.NamedTemporaryFile(dir=aside, delete=False) as half:
        client.download_fileobj(item.bucket_name, item.key, half)
    # the same on every machine, so that nothing is measured twice
    seconds = item.last_modified.timestamp()
    os.utime(half.name, (seconds, seconds))
    Path(half.name).replace(path)


@contextmanager
def _said_of(address: str) -> Iterator[None]:
    """Turn what the connection raises into one line for people."""
    try:
        import botocore.exceptions
    except ImportError:
        raise UserError(f"{address} needs Snakemake's storage plugin for S3; `make cluster` installs it") from None
    try:
        yield
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise UserError(f"{address} cannot be used ({error}); see its name, and the keys in the environment") from None
    except OSError as error:
        raise UserError(
            f"{address} cannot be brought here ({error.strerror}: {error.filename}); "
            "make room, or see that you may write there"
        ) from None
