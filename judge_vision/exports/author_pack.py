"""Results packs: for each author one ZIP file with pictures, marks, reasons and critiques, and no one else's."""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import zipfile
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from judge_vision.compliance.text import folded, quoted
from judge_vision.exports.contact_sheet import thumbnail
from judge_vision.exports.results import Results, Row, read_results
from judge_vision.exports.score_sheet import score_sheet
from judge_vision.exports.sheet import SheetColumn, csv_bytes, write_csv
from judge_vision.exports.text import one_line, plain
from judge_vision.records import paths, store, words

log = logging.getLogger(__name__)

INDEX = Path("exports/authors.csv")
FOLDER = Path("exports/authors")

# What an author is told where a sentence names somebody else's file: the rules that look at the whole set.
_ANONYMOUS = {
    "no_exact_duplicates": "The entry is the same file as another entry.",
    "no_near_duplicates": "The entry looks like another entry; a person has to compare them.",
    "numbers": "The number of the entry is used twice.",
}
_SENTENCES = ("compliance_issues", "compliance_warnings")
_TEMPLATES = Path(__file__).parent / "templates"
# The earliest date that a ZIP file can hold: the same results give the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)

SetFindings = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Entry:
    """One entry in a pack, in words; `picture` is a JPEG in Base64."""

    title: str
    subtitle: str
    picture: str | None
    honours: list[str]
    failure: str
    critique: list[str]
    rules: list[tuple[str, str]]
    findings: list[str]
    scores: list[tuple[str, str, str]]


def write_packs(title: str) -> list[Path]:
    """Write a pack for each author in the results below the working directory, and the list of packs; return them.

    Spellings of a name that differ in case, accents or blanks are one author. Entries without an author are in no
    pack, and the log says so. The folder of packs holds nothing else afterwards.
    """
    results = read_results()
    set_findings: SetFindings = store.read_json(paths.ENTRIES)
    lines: list[list[Any]] = []
    written = []
    for rows in _by_author(results.rows):
        author = one_line(rows[0]["author"])
        path = FOLDER / paths.file_name(author, ".zip")
        store.write_bytes(path, pack(title, author, rows, results, set_findings), durable=False)
        written.append(path)
        lines.append([author, len(rows), path.as_posix()])
    store.sweep(FOLDER, written)
    write_csv(INDEX, [SheetColumn("Author"), SheetColumn("Entries"), SheetColumn("Pack")], lines)
    without = sum(not row["author"] for row in results.rows)
    if without:
        log.warning("%d of %d photographs have no author and are in no pack", without, len(results.rows))
    return written


def pack(title: str, author: str, rows: list[Row], results: Results, set_findings: SetFindings) -> bytes:
    """A ZIP file with `results.html`, which needs nothing beside it, and `scores.csv`, for the given rows alone."""
    images = {row["image"] for row in rows}
    sheet = score_sheet(results, lambda row: row["image"] in images)
    # without the judge's two empty columns, and without sentences that name other people's files
    hidden = {"Mark of the judge", "Remarks of the judge", *(words.title(name) for name in _SENTENCES)}
    kept = [place for place, column in enumerate(sheet.columns) if column.title not in hidden]
    csv = csv_bytes([sheet.columns[place] for place in kept], [[row[place] for place in kept] for row in sheet.rows])
    others = [quoted(row["image"]) for row in results.rows if row["image"] not in images]
    page = _page(title, author, [entry(row, results, set_findings, others) for row in rows], results)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (("results.html", page.encode()), ("scores.csv", csv)):
            archive.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def entry(row: Row, results: Results, set_findings: SetFindings, others: list[str]) -> Entry:
    """What an author is told of one entry; `others` are other people's files, as sentences name them: none is named."""
    picture = thumbnail(row)
    critique = [*plain(row.get("critique") or "").split("\n"), row.get("critique_notice") or ""]
    return Entry(
        title=one_line(words.shown_title(row)),
        subtitle=" · ".join(filter(None, [one_line(row["category"] or ""), one_line(row["image"])])),
        picture=base64.b64encode(picture.read_bytes()).decode() if picture else None,
        honours=_honours(row),
        failure=plain(row["error"] or ""),
        critique=[text for text in critique if text] if row.get("critique") else [],
        rules=_rules(row, set_findings.get(row["image"], []), others),
        findings=[plain(text) for text in (row["tonal_summary"], row["mono_reason"]) if text],
        scores=[_score(row, name, results) for name in words.MEANS if row[name] is not None],
    )


def _by_author(rows: list[Row]) -> list[list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["author"] and folded(row["author"]):
            groups[folded(row["author"])].append(row)
    return [groups[name] for name in sorted(groups)]


def _honours(row: Row) -> list[str]:
    found = [plain(row[name]) for name in ("placing", "band") if row.get(name)]
    if row.get("mark") is not None:
        found.append(f"Mark {row['mark']:g}")
    if row.get("rank") is not None:
        found.append(f"Rank {row['rank']} of {row['rank_of']}")
    return found


def _rules(row: Row, found: list[dict[str, Any]], others: list[str]) -> list[tuple[str, str]]:
    private = {
        finding["sentence"]: _ANONYMOUS.get(finding["rule"], "The entry breaks a rule together with another entry.")
        for finding in found
        if any(name in finding["sentence"] for name in others)
    }
    kinds = zip(("Does not comply:", "Remark:"), _SENTENCES, strict=True)
    said = [(kind, private.get(text, plain(text))) for kind, name in kinds for text in row[name] or ()]
    said += [("Ruling:", plain(text)) for text in row.get("compliance_rulings") or ()]
    if not said and row["compliance_passed"]:
        return [("Complies", "with the rules that a program can check.")]
    return said


def _score(row: Row, name: str, results: Results) -> tuple[str, str, str]:
    values = sorted(other[name] for other in results.rows if other[name] is not None)
    value = row[name]
    others = len(values) - (bisect_right(values, value) - bisect_left(values, value))
    place = f"above {100 * bisect_left(values, value) / others:.0f} % of the others" if others else "the same for all"
    return words.title(name), f"{value:.{words.digits(name)}f}", place


def _page(title: str, author: str, entries: list[Entry], results: Results) -> str:
    style = (_TEMPLATES / "results.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    scored = any(entry.scores for entry in entries)
    sentence = words.scores_sentence(results.rows, results.metadata["bundle"])
    return environment.get_template("results.html.j2").render(
        title=one_line(title),
        author=author,
        entries=entries,
        unrated=words.unrated(results.rows),
        notices=[*([sentence] if scored else []), *results.notices()],
        style=Markup(style),
        style_hash="sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
