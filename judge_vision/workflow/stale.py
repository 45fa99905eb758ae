"""What Snakemake would take for complete and is not: the session removes it before Snakemake plans.

Snakemake deletes what a failed or killed job declared. A file that is missing in the middle wakes nothing as long as
what is made from it is there, so a table of earlier photographs or settings would stay and pass for the new one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from judge_vision.records import paths, store
from judge_vision.records.steps import STEPS

_JUST_BEFORE_NS = 1_000_000_000
# Where what the rules declare lies; the session's own files too.
_COMPARED = (
    *("*", f"{paths.TABLE}/*", "report/*", "plots/*", "calibration/*", "exports/*", "competition/*"),
    *("competition/judge-pack/*", "state/*", "state/*/*", "state/index/*/*"),
)


def forget_unfinished(results: Path) -> None:
    """Delete the table if something that it is made from is gone, as after a job that failed or was killed.

    The records stay: the table comes back as soon as what is missing is made.
    """
    shards = _whole_shards(results)
    if shards is None:
        # so that the checkpoint runs again
        (results / paths.MANIFEST).unlink(missing_ok=True)
    if shards is None or not (results / paths.ENTRIES).exists() or not _all_indexed(results, shards):
        _remove_table(results)


def set_back_times(results: Path) -> None:
    """Put files that claim to be of the future just before now, in their order; call it before anything is written.

    A clock that was ahead leaves results that look newer than whatever changes after them, and Snakemake goes by times.
    """
    # what the file system says is now, which for a server's disk is the server's clock
    now = (results / paths.RUN_LOCK).stat().st_mtime_ns
    ages = {path: path.stat().st_mtime_ns for path in _compared(results)}
    ahead = sorted({age for age in ages.values() if age > now})
    places = {age: now - _JUST_BEFORE_NS * (len(ahead) - place) // len(ahead) for place, age in enumerate(ahead)}
    for path, age in ages.items():
        if age > now:
            os.utime(path, ns=(places[age], places[age]))


def forget_other_form(results: Path, packed: bool) -> None:
    """Delete the table of a run that was packed, if this one is not, or the other way round."""
    table = results / paths.TABLE
    if table.exists() and table.is_dir() != packed:
        _remove_table(results)


def _whole_shards(results: Path) -> list[str] | None:
    """The shards of the manifest; None where it is gone or damaged, or a shard list that it names is gone."""
    try:
        shards = [str(shard) for shard in store.read_json(results / paths.MANIFEST)["shards"]]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return shards if all((results / paths.shard_list(shard)).exists() for shard in shards) else None


def _all_indexed(results: Path, shards: list[str]) -> bool:
    """Whether every step has an index of every shard; a look at each folder, not at each file."""
    wanted = {paths.index_file("x", shard).name for shard in shards}
    folders = [(results / paths.index_file(step, "x")).parent for step in STEPS]
    return all(folder.is_dir() and wanted <= {path.name for path in folder.iterdir()} for folder in folders)


def _compared(results: Path) -> Iterator[Path]:
    """The files whose times Snakemake compares, and some beside them; not those of which each photograph has one."""
    for pattern in _COMPARED:
        yield from (path for path in results.glob(pattern) if path.is_file() and not path.is_symlink())


def _remove_table(results: Path) -> None:
    table = results / paths.TABLE
    if table.is_dir():
        shutil.rmtree(table)
    else:
        table.unlink(missing_ok=True)
