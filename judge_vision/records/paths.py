"""Where things lie below the results folder. Standard library only: the scoring container uses it too."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

STATE = Path("state")
INVENTORY = STATE / "inventory.jsonl"
CALL_PREFIX = "call-"
RUN_CONFIG = STATE / "config.json"
RUN = STATE / "run.json"
PROGRESS = STATE / "progress.jsonl"
RATES = STATE / "rates.json"
BUCKET = STATE / "bucket.json"
PLAN = STATE / "plan.json"
RUN_LOCK = STATE / "run.lock"
MANIFEST = STATE / "manifest.json"
ENTRIES = STATE / "entries.json"
ARCHIVE = STATE / "archive.json"
RESULTS_NOTES = STATE / "results.json"
STRICT = STATE / "strict.ok"
SKIPPED = STATE / "skipped.json"
SUMMARY = Path("summary.json")
TABLE = Path("stage1.parquet")
STAGE2_TABLE = Path("stage2.parquet")
STAGE2_SUMMARY = Path("stage2-summary.json")
PLAYOFF_TABLE = Path("playoff.parquet")
RANKING_TABLE = Path("ranking.parquet")
RANKING_SUMMARY = Path("ranking-summary.json")
CALIBRATION_FIGURES = Path("calibration/calibration.json")
CACHE = Path("cache")
ORIGINALS = Path("originals")
THUMBNAILS = Path("thumbnails")
PREVIEWS = Path("previews")
HEAT_MAPS = Path("heatmaps")
CORRECTED = Path("corrected")
COMPETITION = Path("competition")

_NAME_CHARS = 40


def settings_file(rule: str) -> Path:
    """The settings that a rule runs with; an input of every job of the rule."""
    return STATE / "settings" / f"{rule}.json"


def shard_list(shard: str) -> Path:
    """The photographs of one shard, one JSON object a line."""
    return STATE / "shards" / f"{shard}.jsonl"


def index_file(rule: str, shard: str) -> Path:
    """What one job wrote: the records of its photographs, each with its SHA-256."""
    return STATE / "index" / rule / f"{shard}.json"


def job_lock(rule: str, shard: str | None = None) -> Path:
    """Held by a job while it works, so that an orphan of a killed run and its successor take turns."""
    return STATE / "locks" / (f"{rule}-{shard}.lock" if shard else f"{rule}.lock")


def engines_file(shard: str) -> Path:
    """How a shard came by its scores: which engines were tried, and why they failed."""
    return STATE / "engines" / f"{shard}.json"


def records_folder(rule: str) -> Path:
    """The records of one rule: for each shard a folder with a file per photograph or, packed, one file."""
    return Path("records") / rule


def cache_folder(rule: str) -> Path:
    """Figures by content: they survive renames, moves between shards, failures and kills."""
    return CACHE / rule


def working_folder(shard: str) -> Path:
    """Proofs of one shard's photographs, deleted once every rule has read them."""
    return Path("work") / shard


def proof_file(shard: str, image: str, sizes: dict[str, int]) -> Path:
    """The proof of a photograph, of these sizes."""
    return working_folder(shard) / file_name(image, "." + "-".join(str(sizes[name]) for name in sorted(sizes)) + ".npz")


def file_name(image: str, suffix: str) -> str:
    """A file name for what belongs to `image` (its path in the photo folder, as text).

    A readable part for people, a hash of the whole path for uniqueness: safe for any name, whatever it contains and
    however long it is, also where the file system ignores case.
    """
    readable = re.sub(r"[^A-Za-z0-9._]+", "-", image.rsplit("/", 1)[-1]).strip("-.")[:_NAME_CHARS]
    unique = hashlib.sha256(image.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{readable}-{unique}{suffix}" if readable else f"{unique}{suffix}"


def by_content(folder: Path, sha256: str, suffix: str) -> Path:
    """Where a picture made from the file with this hash lies: spread over 256 folders."""
    return Path(folder, sha256[:2], f"{sha256}{suffix}")
