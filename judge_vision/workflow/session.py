"""What happens once per call of Snakemake, before it plans: lock the results, look at the photographs, write settings.

Snakemake compares files, so everything a job depends on is put into a file that is rewritten only when its content
changes: the inventory of the photo folder (Snakemake does not notice an edited file in a folder), and one settings
file per rule with its parameters, the hash of its code and the versions of its libraries.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import importlib.metadata
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from judge_vision.competition.language import open_language
from judge_vision.compliance.archive import described_archive
from judge_vision.compliance.registry import beside_registry, open_competition
from judge_vision.compliance.rules import Competition
from judge_vision.compliance.rulings import open_rulings, rulings_file
from judge_vision.config import Config, read_config
from judge_vision.exports.settings import UNTITLED
from judge_vision.failure import UserError
from judge_vision.models import bundle, nima, runtime
from judge_vision.photograph.proof import ProofSizes
from judge_vision.records import paths, store
from judge_vision.records.columns import COLUMNS
from judge_vision.records.steps import METRICS, PROOF_READERS
from judge_vision.workflow import apptainer, bucket, cache_limit, estimate, later, stale
from judge_vision.workflow.code import Code, data_digest
from judge_vision.workflow.plan import make_plan

# The libraries whose version can change what a rule computes.
LIBRARIES = {
    "prepare": ("pillow", "pillow-heif", "pillow-jxl-plugin", "rawpy", "numpy", "imagehash"),
    "iqa": ("tensorflow", "tensorflow-hub", "numpy", "pillow"),
    **dict.fromkeys(METRICS, ("numpy", "opencv-python-headless", "pillow")),
    "compliance": ("numpy", "pillow"),
    "entries": ("numpy", "pillow", "imagehash", "opencv-python-headless"),
    "merge": ("pyarrow",),
    **later.LIBRARIES,
    "report": ("jinja2", "pyarrow", "imagehash"),
    "plots": ("reportlab", "pyarrow"),
    "secretary": ("jinja2", "pillow", "pyarrow"),
    "judge_pack": ("jinja2", "pillow", "numpy", "pyarrow"),
    "results": ("jinja2", "pillow", "pyarrow", "openpyxl", "scipy", "numpy"),
    "score_sheet": ("openpyxl", "pyarrow"),
    "xmp": ("pyarrow",),
    "contact_sheet": ("reportlab", "pillow", "pyarrow"),
    "author_packs": ("jinja2", "pyarrow"),
}

_PACKAGE = Path(__file__).resolve().parents[1]

# The rules that measure what `prepare` decoded.
READ_PIXELS = (*PROOF_READERS, "compliance")

# Where the main process tells the processes of jobs, on other machines too, which results folder is meant.
RESULTS_VARIABLE = "JUDGE_VISION_RESULTS"

_lock_handle: Any = None  # open for the life of the process: closing it would release the lock


def open_config(raw: dict[str, Any], base: Path, main: bool) -> Config:
    """The configuration with absolute paths.

    The main process checks what Snakemake read, taking relative paths from `base`. The process of a job, which may run
    on another machine, reads what the main process wrote into the results folder.
    """
    if main:
        return read_config(raw).resolved(base)
    # a cluster starts jobs where the user was, not in the results folder
    results = Path(os.environ.get(RESULTS_VARIABLE, base))
    return Config.model_validate(store.read_json(results / paths.RUN_CONFIG))


def shards(manifest: str) -> list[str]:
    """The names of all shards."""
    return list(store.read_json(Path(manifest))["shards"])


def set_environment(config: Config, root: Path) -> None:
    """Set what the jobs find in their environment: this interpreter first, where the results are, what containers see.

    Host rules run with the interpreter that runs Snakemake, whether or not its environment is activated; a container or
    a conda environment puts its own in front.
    """
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    os.environ[RESULTS_VARIABLE] = config.results
    # A job works on as many photographs at once as it has threads. Threads within one would only compete for the cores,
    # and the last digits of a sum depend on their number. TensorFlow has threads of its own.
    os.environ.update(OPENBLAS_NUM_THREADS="1", OPENCV_FOR_THREADS_NUM="1")
    os.environ.update(apptainer.environment(config, root, os.environ))


def begin(config: Config, root: Path, opener: bucket.Opener, cores: int | None = None) -> None:
    """Make the results folder ready for a run with `config`, whose paths are absolute; `root` holds the Snakefile.

    `opener` reaches object storage, if the configuration names some. `cores` is how many the run may use, None where
    that is not known. Says how long the run will take.

    Raises UserError where a folder is missing or not writable, or another run uses the results folder.
    """
    results = Path(config.results)
    _check_folders(config, results)
    _lock(results)
    _remove_old_calls(results / paths.STATE)
    # We hold the lock of the whole folder, so a lock file of Snakemake's own is the remains of a killed run.
    shutil.rmtree(results / ".snakemake" / "locks", ignore_errors=True)
    stale.set_back_times(results)
    _write(results / paths.RUN_CONFIG, config.model_dump(mode="json"))
    left_out = bucket.bring(opener, config.bucket.photos, results) if config.bucket.photos else {}
    if config.bucket.results:
        bucket.keep_from_being_empty(opener, config.bucket.results)
    photographs = _write_inventory(config, results, left_out)
    plan = make_plan(photographs, config.photographs_per_job, config.json.pack_above)
    _write(results / paths.PLAN, dataclasses.asdict(plan))
    stale.forget_unfinished(results)
    stale.forget_other_form(results, plan.packed)
    code = Code(root)
    documents = {
        rule: _with_code(rule, settings, code, root / "scripts" / f"{rule}.py")
        for rule, settings in rule_settings(config).items()
    }
    # which sizes the proofs have changes no fact of a photograph, so it is no part of `measured_by`
    documents["prepare"]["proof"] = dataclasses.asdict(
        ProofSizes(nima.INPUT_SIDE, config.iqa.max_side, config.mono.long_side_px)
    )
    if problem := runtime.processor_problem():
        print(f"judge-vision: no model scores: {problem}", file=sys.stderr)
        # so that the same command on a better machine scores what is missing
        documents["iqa"]["processor"] = problem
    documents["merge"]["packed"] = plan.packed
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
    if config.stage2.resolved_engine() != "off":
        later.forget_failed(results)
    cache_limit.trim(results / paths.CACHE, config.cache.max_mb)
    _say_how_long(config, results, cores)


def rule_settings(config: Config) -> dict[str, dict[str, Any]]:
    """The parameters of each rule that can change what it writes; how fast it runs is not among them."""
    registry = config.compliance.registry
    chosen_rules = config.compliance.model_dump()
    # a mistake in the rules or the rulings is said before anything runs
    competition = open_competition(chosen_rules)
    open_rulings(chosen_rules)
    title = config.report.title or (competition.name if competition else UNTITLED)
    archive = competition.rules.archive if competition else None
    if archive and not config.prepare.thumbnail_side_px:
        raise UserError(
            "the archive of earlier seasons is compared by thumbnails; set prepare.thumbnail_side_px to more than 0"
        )
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
        **{metric: _metric_settings(config, metric) for metric in METRICS},
        "compliance": rules,
        "entries": {
            **rules,
            "archive": store.digest(described_archive(beside_registry(chosen_rules, archive), config.listing))
            if archive
            else None,
        },
        "merge": {
            "rulings_sha256": _content(rulings_file(chosen_rules)),
            # those of the metrics are in no source file
            "columns": store.digest([dataclasses.astuple(column) for column in COLUMNS]),
        },
        # what makes the page and the packs besides Python
        "report": {**dataclasses.asdict(config.report), "title": title, "assets": data_digest(_PACKAGE / "report")},
        **later.rule_settings(config, chosen["human_ratings"]),
        "plots": {},
        **_competition_settings(config, competition, rules),
        "score_sheet": {"title": title},
        "xmp": dataclasses.asdict(config.xmp),
        "contact_sheet": {"title": title, "sheet": dataclasses.asdict(config.contact_sheet)},
        "author_packs": {"title": title, "assets": data_digest(_PACKAGE / "exports")},
    }


def _metric_settings(config: Config, metric: str) -> dict[str, Any]:
    """A metric's section of the configuration; without one, all that its figures depend on is the proof's size."""
    if metric == "tonal":
        return {"tonal": dataclasses.asdict(config.tonal), "light": dataclasses.asdict(config.light)}
    section = getattr(config, metric, None)
    return dataclasses.asdict(section) if section else {"long_side_px": config.mono.long_side_px}


def _competition_settings(
    config: Config, competition: Competition | None, rules: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """What the rules of `competition.smk` depend on besides the table: rulings, words, marks, earlier rounds, keys."""
    chosen = config.compliance.model_dump()
    rulings = _content(rulings_file(chosen))
    common = {**rules, "rulings_sha256": rulings, "assets": data_digest(_PACKAGE / "competition")}
    run = config.competition
    keys = sorted((Path(config.results) / paths.COMPETITION / "keys").glob("*.csv"))
    return {
        "secretary": {**common, "language": dataclasses.asdict(open_language(chosen, competition))},
        "judge_pack": {**common, **run.model_dump(include={"seed", "titles", "pack_side_px"})},
        "results": {
            **common,
            "marks": _contents(Path(run.marks)) if run.marks else None,
            "rounds": [_content(Path(path)) for path in run.rounds],
            "keys": [_content(path) for path in keys],
        },
    }


def _contents(path: Path) -> list[str | None]:
    """SHA-256 of a file, or of the CSV files of a folder."""
    return [_content(file) for file in (sorted(path.glob("*.csv")) if path.is_dir() else [path])]


def _content(path: Path | None) -> str | None:
    """SHA-256 of a file that may not be there."""
    return store.file_sha256(path) if path is not None and path.is_file() else None


def remove_proofs() -> None:
    """Delete the proofs below the current folder; a later job makes again what it needs."""
    shutil.rmtree(paths.working_folder("x").parent, ignore_errors=True)


def _with_code(rule: str, settings: dict[str, Any], code: Code, script: Path) -> dict[str, Any]:
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES[rule]}
    measuring = code.digest(script, carriers=False)
    return {
        "rule": rule,
        "settings": settings,
        "libraries": versions,
        "code": code.digest(script, carriers=True),
        "measured_by": store.digest([rule, settings, versions, measuring]),
    }


def _say_how_long(config: Config, results: Path, cores: int | None) -> None:
    at_once = max(1, (cores or os.cpu_count() or 1) // config.jobs.host_threads)
    line = estimate.begin(results, config.first_rates.model_dump(), config.photographs_per_job, at_once)
    if line:
        print(f"judge-vision: {line}", file=sys.stderr)


def _check_folders(config: Config, results: Path) -> None:
    photos = Path(config.photos)
    if config.bucket.photos:
        pass  # below the results, and not there yet
    elif not photos.is_dir():
        raise UserError(f"the photo folder {photos} does not exist; set it with --config photos=FOLDER")
    elif results == photos or results in photos.parents:
        raise UserError(f"the photo folder {photos} lies inside the results folder {results}; choose another one")
    try:
        (results / paths.STATE).mkdir(parents=True, exist_ok=True)
        (results / paths.RUN_LOCK).touch()
    except OSError as error:
        raise UserError(
            f"the results folder {results} cannot be written ({error.strerror}); "
            "choose another one, or see that you may write there"
        ) from None


def _lock(results: Path) -> None:
    global _lock_handle  # noqa: PLW0603 - the lock lives exactly as long as the process
    try:
        handle = (results / paths.RUN_LOCK).open("w")
    except OSError as error:
        raise store.cannot_be_written(results / paths.RUN_LOCK, error) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise UserError(f"another run is using the results folder {results}; wait for it or choose another") from None
    _lock_handle = handle


def _remove_old_calls(state: Path) -> None:
    """Delete the paths that killed calls of `scripts/run.py` were given; a call that lives holds its own file."""
    for path in state.glob(f"{paths.CALL_PREFIX}*.yaml"):
        # another call, about to be told that the folder is in use, may take its file away meanwhile
        with contextlib.suppress(FileNotFoundError, BlockingIOError), path.open() as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def _write(path: Path, value: Any) -> bool:
    return store.write_if_changed(path, (json.dumps(value, indent=1, sort_keys=True) + "\n").encode())


def _write_inventory(config: Config, results: Path, left_out: dict[str, int]) -> int:
    """Write the inventory, unless it is the one that is there; return how many photographs it holds."""
    from judge_vision.photograph import listing

    found = listing.take_inventory(config)
    lines = (store.canonical_json(entry).encode() + b"\n" for entry in found.entries)
    photographs = store.write_lines_if_changed(results / paths.INVENTORY, lines)
    _write(results / paths.SKIPPED, {**found.skipped, **left_out})
    return photographs
