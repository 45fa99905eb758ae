"""The competition's steps on a finished Stage 1: the secretary's page, the judge's pack, the results.

Works in the results folder, and writes below `competition/` there.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from judge_vision.competition import pack, results_page
from judge_vision.competition.agreement import judges_agreement, machine_agreement
from judge_vision.competition.entry import Entry, make_entry
from judge_vision.competition.language import open_language
from judge_vision.competition.league import league, read_round, this_round
from judge_vision.competition.marked import find_marked
from judge_vision.competition.marks import Keys, read_marks
from judge_vision.competition.messages import make_message, needs_message
from judge_vision.competition.pages import inline_picture
from judge_vision.competition.results import Results, compute
from judge_vision.competition.running_order import running_order
from judge_vision.competition.secretary import rulings_template, secretary_page
from judge_vision.compliance.finding import add_findings
from judge_vision.compliance.registry import open_competition
from judge_vision.compliance.rules import Competition
from judge_vision.compliance.rulings import open_rulings, with_rulings
from judge_vision.exports.sheet import SheetColumn, write_csv, write_xlsx
from judge_vision.failure import PhotographError, UserError
from judge_vision.photograph.names import locate
from judge_vision.photograph.prepare import show
from judge_vision.photograph.settings import PrepareSettings
from judge_vision.records import paths, store
from judge_vision.records.table import read_table
from judge_vision.records.words import MEANS, unrated
from judge_vision.workflow.shard import read_records

FOLDER = paths.COMPETITION
SECRETARY = FOLDER / "index.html"
MESSAGES = FOLDER / "messages"
PACK = FOLDER / "judge-pack"
KEYS = FOLDER / "keys"
RESULTS = FOLDER / "results.html"
ARCHIVE = FOLDER / "archive"
# A winner is shown to a room; a preview is there unless nobody wanted any.
_THUMBNAIL_PX, _AWARD_PX = 320, 1080


@dataclass(frozen=True)
class Gathered:
    """Everything that Stage 1 and the people's rulings say of the competition."""

    competition: Competition
    run: dict[str, Any]
    """The configuration."""
    entries: list[Entry]
    unrated: bool


def gather() -> Gathered:
    """The entries of the results folder, by section and title. Raises UserError where no competition is configured."""
    run = store.read_json(paths.RUN_CONFIG)
    competition = open_competition(run["compliance"])
    if competition is None:
        raise UserError("this needs the competition's rules; set COMPETITION=rules.toml, or compliance.registry")
    rulings = open_rulings(run["compliance"])
    set_findings = store.read_json(paths.ENTRIES)
    table, _ = read_table(paths.TABLE)
    rows = {row["image"]: row for row in table}
    entries: list[Entry] = []
    for shard in store.read_json(paths.MANIFEST)["shards"]:
        for image, record in read_records("compliance", shard).items():
            found = add_findings(record, set_findings.get(image, [])) if record["status"] == "ok" else record
            entries.append(make_entry(with_rulings(found, rulings), rows[image], competition))
    entries.sort(key=lambda one: (one.section_name.casefold(), one.shown_title.casefold(), one.image))
    return Gathered(competition, run, entries, unrated(table))


def write_secretary() -> None:
    """Write the secretary's page, the next rulings.csv and the messages to entrants."""
    found = gather()
    language = open_language(found.run["compliance"], found.competition)
    files, rows, kept = {}, [], set()
    for entry in filter(needs_message, found.entries):
        message = make_message(entry, found.competition, language)
        text, page = (MESSAGES / paths.file_name(entry.image, suffix) for suffix in (".txt", ".html"))
        store.write_if_changed(text, message.text.encode("utf-8", "replace"), durable=False)
        store.write_if_changed(page, message.html.encode("utf-8", "replace"), durable=False)
        kept |= {text, page}
        files[entry.image] = page.relative_to(FOLDER).as_posix()
        copy = entry.corrected_copy
        rows.append([entry.author, entry.member, message.subject, text.name, page.name, copy, entry.image])
    titles = ("entrant", "member", "subject", "text", "page", "corrected copy", "image")
    write_csv(MESSAGES / "messages.csv", [SheetColumn(title) for title in titles], rows)
    store.sweep(MESSAGES, kept | {MESSAGES / "messages.csv"})
    rulings = open_rulings(found.run["compliance"])
    write_csv(FOLDER / "rulings.csv", *rulings_template(found.entries, rulings))
    idle = store.read_json(paths.SUMMARY)["idle_rulings"]
    notes = [*(sentence[:1].upper() + sentence[1:] + "." for sentence in idle), *store.read_json(paths.ARCHIVE)]
    page_text = secretary_page(found.competition.name, found.entries, _picture(_THUMBNAIL_PX), files, notes)
    store.write_bytes(SECRETARY, page_text.encode("utf-8", "replace"))


def write_pack(threads: int) -> str:
    """Write the judge's pack and, outside of it, the key; return what was written in a sentence.

    Raises UserError where an entry's file changed or vanished since it was judged.
    """
    found = gather()
    settings = found.run["competition"]
    order = running_order([entry for entry in found.entries if entry.eligible], settings["seed"])
    numbered = pack.number_entries(order, settings["titles"])
    code = pack.pack_code(numbered)
    with ThreadPoolExecutor(max_workers=threads) as pool:
        for one, jpeg in zip(numbered, pool.map(lambda one: _jpeg(one.entry, found), numbered), strict=True):
            store.write_if_changed(PACK / one.file, jpeg, durable=False)
    write_csv(KEYS / f"{code}.csv", *pack.key(numbered))
    write_csv(PACK / "marks.csv", *pack.form(numbered, code))
    marking = {**found.competition.marking.model_dump(), "anchors": found.competition.anchors}
    page = pack.page(numbered, found.competition.name, code, marking)
    store.write_bytes(PACK / "index.html", page.encode("utf-8", "replace"))
    store.sweep(PACK, {PACK / name for name in ("marks.csv", "index.html", *(one.file for one in numbered))})
    return f"{len(numbered)} pictures in {PACK}, pack {code}; the key is {KEYS / f'{code}.csv'}"


def _jpeg(entry: Entry, found: Gathered) -> bytes:
    return pack.judges_jpeg(_pixels(entry, found), found.run["competition"]["pack_side_px"])


def _pixels(entry: Entry, found: Gathered) -> npt.NDArray[np.uint8]:
    """The picture that is judged: the corrected copy where there is one, else the entry, upright and in sRGB."""
    if entry.corrected_copy:
        with Image.open(entry.corrected_copy) as picture:
            return np.asarray(picture.convert("RGB"))
    try:
        shown = show(locate(Path(found.run["photos"]), entry.image), PrepareSettings(**found.run["prepare"]))
    except PhotographError as error:
        raise UserError(f"{entry.image}: {error.message}") from None
    if shown.facts["sha256"] != entry.sha256:
        raise UserError(f"{entry.image} changed since it was checked; run again")
    return np.asarray(shown.image)


def write_results() -> None:
    """Write the results as page, CSV and XLSX, the page on agreement, and the archive for next season.

    Raises UserError where there are no marks, no pack, or a mistake in either.
    """
    found = gather()
    settings = found.run["competition"]
    if settings["marks"] is None:
        raise UserError("there are no marks; set MARKS=marks.csv, or competition.marks")
    keys = _keys()
    marks = read_marks(Path(settings["marks"]), keys, found.competition.marking)
    marked = find_marked(marks.given, keys, found.entries)
    results = compute(marked.numbered, marked.given, found.competition, marked.others)
    name, date = found.competition.name, found.competition.date.isoformat() if found.competition.date else None
    rounds = [*(read_round(Path(path)) for path in settings["rounds"]), this_round(name, results)]
    standings = league(rounds, found.competition.marking.league_best)
    page = results_page.results_page(found.competition, results, standings, rounds, _picture(_AWARD_PX, paths.PREVIEWS))
    columns, rows = results_page.result_rows(name, results, date)
    write_csv(FOLDER / "results.csv", columns, rows)
    about = [("How", sentence) for sentence in results_page.notes(found.competition, results)]
    machine = results_page.machine_sentence(found.competition, results)
    about += [("Machine", machine)] if machine else []
    sheets = [("League", *results_page.league_rows(standings, rounds))] if len(rounds) > 1 else []
    write_xlsx(FOLDER / "results.xlsx", name, columns, rows, about, sheet="Results", more=sheets)
    _write_agreement(found, results)
    _write_archive(found, results, date)
    store.write_json(paths.RESULTS_NOTES, marked.notes)
    store.write_bytes(RESULTS, page.encode("utf-8", "replace"))


def _keys() -> Keys:
    """The keys of every pack that was made here, by code. Raises UserError where there is none."""
    keys = {}
    for path in sorted(KEYS.glob("*.csv")):
        text = path.read_text(encoding="utf-8-sig")
        keys[path.stem] = pack.read_key(list(csv.DictReader(io.StringIO(text, newline=""))))
    if not keys:
        raise UserError("no judge's pack was made here, so numbers mean nothing; make one first: make judge-pack")
    return keys


def _write_agreement(found: Gathered, results: Results) -> None:
    groups = []
    everyone = sorted({judge for section in results.sections for judge in section.judges})
    parts: list[tuple[str, list[str], Any]] = [(part.name, part.judges, part.lines) for part in results.sections]
    if len(parts) > 1:
        parts.insert(0, ("All sections", everyone, results.lines))
    for name, judges, lines in parts:
        between, machine = judges_agreement(lines, judges), machine_agreement(lines, MEANS)
        groups.append((name, judges, lines, between, machine))
    page = results_page.agreement_page(found.competition, groups, found.unrated)
    store.write_bytes(FOLDER / "agreement.html", page.encode("utf-8", "replace"))


def _write_archive(found: Gathered, results: Results, date: str | None) -> None:
    """Small pictures and a table: next season, put this folder where `rules.archive` of the registry points."""
    kept = {ARCHIVE / "archive.csv"}
    for line in results.lines:
        source = paths.by_content(paths.THUMBNAILS, str(line.entry.sha256), ".jpg")
        if not source.exists():
            raise UserError(f"the small picture {source} is gone; delete state/index/prepare and run again")
        target = ARCHIVE / f"{line.entry.sha256}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        kept.add(target)
    write_csv(ARCHIVE / "archive.csv", *results_page.archive_rows(found.competition.name, results.lines, date))
    store.sweep(ARCHIVE, kept)


def _picture(side_px: int, *before: Path) -> Callable[[str | None], str | None]:
    """Pictures by SHA-256, at most so large, out of the folders `before` or else of the thumbnails."""

    def picture(sha256: str | None) -> str | None:
        files = [paths.by_content(folder, sha256, ".jpg") for folder in (*before, paths.THUMBNAILS)] if sha256 else []
        return next(filter(None, (inline_picture(file, side_px) for file in files)), None)

    return picture
