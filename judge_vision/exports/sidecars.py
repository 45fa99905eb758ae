"""XMP sidecars, one per photograph, in a folder of their own: the photographs' folder is only read."""

from __future__ import annotations

import dataclasses
import logging
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from judge_vision.exports import embed, stars
from judge_vision.exports.named import write_named
from judge_vision.exports.results import Results, Row, read_results
from judge_vision.exports.settings import XmpSettings
from judge_vision.exports.sheet import SheetColumn, write_csv
from judge_vision.exports.xmp_packet import XmpFacts, packet
from judge_vision.failure import PhotographError, UserError
from judge_vision.photograph.names import locate, text_to_name
from judge_vision.photograph.source import read_source
from judge_vision.records import store, words

log = logging.getLogger(__name__)

INDEX = Path("exports/sidecars.csv")
SIDECARS = Path("exports/xmp")
COPIES = Path("exports/xmp-copies")

_COLUMNS = [
    SheetColumn(title) for title in ("File", "Sidecar", "Copy with the same inside", "Stars", "Label", "Remark")
]


@dataclass(frozen=True)
class Sidecar:
    """What became of one photograph: `path` and `copy` are null where there is none, and `remark` says why."""

    image: str
    path: Path | None = None
    copy: Path | None = None
    rating: int | None = None
    label: str = ""
    remark: str = ""


def write_sidecars(settings: XmpSettings, photos: Path, max_file_bytes: int, threads: int) -> list[Sidecar]:
    """Write a sidecar for each photograph that was judged, and the list of all, failed ones too; return the list.

    `photos` is the photo folder. Where two photographs would share a sidecar, neither gets one: what is said of the
    one would be read as said of the other. The folders of sidecars and copies hold nothing else afterwards.
    Raises UserError for a column that gives no stars, and for copies without ExifTool.
    """
    program = embed.exiftool() if settings.embed_copies else None
    results = read_results()
    ratings = _ratings(results, settings)
    taken = _taken(results.rows, settings)

    def one(row: Row, rating: int | None) -> Sidecar:
        facts = _facts(row, rating, settings)
        made = _write(row, facts, settings, photos, taken)
        return _copy(made, row, program, photos, max_file_bytes, facts)

    with ThreadPoolExecutor(max_workers=threads) as pool:
        made = list(pool.map(one, results.rows, ratings))
    store.sweep(SIDECARS, [sidecar.path for sidecar in made if sidecar.path])
    store.sweep(COPIES, [sidecar.copy for sidecar in made if sidecar.copy])
    write_csv(INDEX, _COLUMNS, [_line(sidecar) for sidecar in made])
    for sidecar in made:
        if sidecar.remark:
            log.warning("%s: %s", sidecar.image, sidecar.remark)
    return made


def summary(made: list[Sidecar]) -> str:
    """One line on what was written, and what asks for a look."""
    without = sum(sidecar.path is None for sidecar in made)
    remarks = sum(bool(sidecar.remark) for sidecar in made)
    asks = f"; {without} photographs have none and {remarks} a remark: see {INDEX}" if remarks else ""
    return f"{len(made) - without} sidecars in {SIDECARS}{asks}"


def _ratings(results: Results, settings: XmpSettings) -> list[int | None]:
    figures = [column.name for column in results.columns if column.type in ("float64", "int64")]
    later = ("critique_score", "mark", "ranking_score", "playoff_strength")
    if settings.stars_by not in (*figures, *later):
        raise UserError(
            f"config key xmp.stars_by: the results have no figure {settings.stars_by!r}; there are: "
            f"{', '.join(figures)}; with a critique or a ranking also {', '.join(later)}"
        )
    values = [row.get(settings.stars_by) if row["status"] == "ok" else None for row in results.rows]
    if not any(value is not None for value in values):
        log.warning("no stars: no photograph has a value of %s", settings.stars_by)
    rate = stars.by_quantiles if settings.stars_from == "quantiles" else stars.by_cutoffs
    return rate(values, settings.stars_limits)


def _place(image: str, settings: XmpSettings) -> Path:
    """Where a photograph's sidecar lies, relative to the photo folder: its name is made of the file's own bytes."""
    name = Path(os.fsdecode(text_to_name(image)))
    return name.with_name((name.stem if settings.naming == "stem" else name.name) + ".xmp")


def _taken(rows: list[Row], settings: XmpSettings) -> dict[str, str]:
    """The images whose sidecar's name serves another's too, and how, also on a disk that ignores case and accents."""
    keys = {row["image"]: _key(row["image"], settings) for row in rows}
    counts = Counter(keys.values())
    folders = {str(folder) for key in counts for folder in PurePosixPath(key).parents}
    taken = {}
    for image, key in keys.items():
        if counts[key] > 1:
            taken[image] = "another file would have the same sidecar"
        elif key in folders:
            taken[image] = "another file's sidecar lies in a folder that is called as this one's would be"
    return taken


def _key(image: str, settings: XmpSettings) -> str:
    return unicodedata.normalize("NFC", str(_place(image, settings))).casefold()


def _write(row: Row, facts: XmpFacts, settings: XmpSettings, photos: Path, taken: dict[str, str]) -> Sidecar:
    image = row["image"]
    if row["status"] != "ok":
        return Sidecar(image, remark=f"not judged: {row['error']}")
    rating, label = facts.rating, facts.label
    if image in taken:
        hint = "; xmp.naming: full gives each its own" if settings.naming == "stem" else ""
        return Sidecar(image, rating=rating, label=label, remark=f"{taken[image]}{hint}")
    place = _place(image, settings)
    problem = write_named(SIDECARS / place, packet(facts))
    if problem:
        return Sidecar(image, rating=rating, label=label, remark=f"no sidecar: {problem}")
    there = (photos / place).exists()
    remark = "beside the photograph lies a sidecar already; this one in its place would lose what it says"
    return Sidecar(image, SIDECARS / place, rating=rating, label=label, remark=remark if there else "")


def _copy(made: Sidecar, row: Row, program: str | None, photos: Path, max_file_bytes: int, facts: XmpFacts) -> Sidecar:
    if program is None or row["status"] != "ok":
        return made
    original = locate(photos, row["image"])
    target = COPIES / os.fsdecode(text_to_name(row["image"]))
    try:
        source = read_source(original, max_file_bytes)
    except PhotographError as failure:
        return _remarked(made, f"no copy: {failure.message}")
    if source.sha256 != row["sha256"]:
        return _remarked(made, "no copy: the file is another than the one that was judged; run again")
    problem = embed.embedded_copy(program, source.data, row["format"], original.suffix, packet(facts), target)
    return _remarked(made, problem) if problem else dataclasses.replace(made, copy=target)


def _remarked(made: Sidecar, remark: str) -> Sidecar:
    return dataclasses.replace(made, remark="; ".join(filter(None, [made.remark, remark])))


def _label(row: Row, settings: XmpSettings) -> str:
    """By what counts after a person's rulings, where there are any; without rules there is no label."""
    status = row.get("compliance_status")
    if status is None and row["compliance_passed"] is not None:
        kept = "refer" if row["compliance_warnings"] else "complies"
        status = kept if row["compliance_passed"] else "does not comply"
    labels = {
        "complies": settings.label_complies,
        "refer": settings.label_refer,
        "does not comply": settings.label_does_not_comply,
    }
    return labels.get(str(status), "")


def _facts(row: Row, rating: int | None, settings: XmpSettings) -> XmpFacts:
    sentences = filter(None, _sentences(row, rating, settings))
    return XmpFacts(rating, _label(row, settings), row["title"] or "", "\n".join(sentences))


def _sentences(row: Row, rating: int | None, settings: XmpSettings) -> Iterator[str]:
    """The description: where the stars come from first, so that no one takes a network's figure for a judge's mark."""
    unrated = row["human_ratings"] is False
    if rating is not None:
        stars_by = words.heading(settings.stars_by, unrated)
        how = "its place among all" if settings.stars_from == "quantiles" else "cut-offs"
        yield f"Stars: {rating} of 5 by {stars_by}, from {how}."
    if row.get("critique"):
        yield row["critique"]
        yield row.get("critique_notice") or ""
    for label, name in (("Placing", "placing"), ("Award band", "band"), ("Mark", "mark")):
        if row.get(name) is not None:
            yield f"{label}: {row[name]}."
    if row.get("ranking_notice") and row.get("mark") is not None:
        yield row["ranking_notice"]
    scores = [
        f"{words.title(name)} {row[name]:.{words.digits(name)}f}" for name in words.MEANS if row[name] is not None
    ]
    if scores:
        yield f"{', '.join(scores)} (bundle {row['model_bundle']}{', ' + words.UNRATED if unrated else ''})."
    yield row["tonal_summary"] or ""
    yield f"Monochrome: {row['mono_reason']}" if row["mono_verdict"] in ("pass", "query") else ""
    for sentence in row["compliance_issues"] or ():
        yield f"Does not comply: {sentence}"
    for sentence in row["compliance_warnings"] or ():
        yield f"Remark: {sentence}"


def _line(made: Sidecar) -> list[Any]:
    return [
        made.image,
        made.path.as_posix() if made.path else None,
        made.copy.as_posix() if made.copy else None,
        made.rating,
        made.label,
        made.remark,
    ]
