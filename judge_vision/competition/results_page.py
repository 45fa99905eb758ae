"""The results as a page, as tables for spreadsheets, and the page on agreement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from judge_vision.competition.agreement import JudgesAgreement, MachineAgreement
from judge_vision.competition.league import Round, Standing
from judge_vision.competition.pages import render
from judge_vision.competition.results import Line, Results
from judge_vision.compliance.rules import Competition
from judge_vision.exports.sheet import SheetColumn, Value
from judge_vision.records.words import heading

_TIES = {
    "countback": "the higher highest mark, then the next",
    "lowest_mark": "the higher lowest mark",
    "least_spread": "the smaller spread between the judges",
}
Picture = Callable[[str | None], str | None]


def results_page(
    competition: Competition, results: Results, standings: Sequence[Standing], rounds: Sequence[Round], picture: Picture
) -> str:
    """The page for the results night."""
    order = {name: place for place, name in enumerate([*competition.awards, *competition.section_awards])}
    winners = [(section.name, line) for section in results.sections for line in section.lines if line.awards]
    winners.sort(key=lambda one: min(order[name] for name in one[1].awards))
    awarded = [{"line": line, "picture": picture(line.entry.sha256), "section": section} for section, line in winners]
    return render(
        "results.html.j2",
        title=f"{competition.name}: results",
        competition=competition,
        awarded=awarded,
        sections=results.sections,
        left_out=results.left_out,
        not_marked=results.not_marked,
        notes=notes(competition, results),
        machine=machine_sentence(competition, results),
        standings=standings,
        rounds=rounds,
    )


def machine_sentence(competition: Competition, results: Results) -> str | None:
    """What the page must say where the registry lets a figure of a program decide; None where it does not."""
    column = competition.marking.machine_breaks_ties
    if column is None:
        return None
    count = sum(line.by_machine for line in results.lines)
    unit = "place was" if count == 1 else "places were"
    return (
        f"The rules of this competition let a figure of a program, {heading(column, False)}, decide between entries "
        f"that the judges' marks leave equal. {count} {unit} decided by it and {'is' if count == 1 else 'are'} marked."
    )


def notes(competition: Competition, results: Results) -> list[str]:
    """How the results came about, a sentence each."""
    marking = competition.marking
    ties = [_TIES[rule] for rule in marking.ties]
    shared = (
        f"Equal totals: {', then '.join(ties)}; what is equal still shares the place."
        if ties
        else ("Entries with equal totals share the place.")
    )
    said = [f"The total is the {marking.combine} of the judges' marks. {shared}"]
    if any(line.absent and line.marks for line in results.lines):
        stands = " the mean of its other marks stands for it" if marking.combine == "sum" else " the others count"
        said.append(f"Where a judge gave an entry no mark (–),{stands}.")
    if any(section.quota is not None for section in results.sections):
        said.append(
            "Accepted are the best entries of a section up to its quota; equal ones at the end stay out together."
        )
    if not marking.machine_breaks_ties:
        said.append("No figure of a program is part of these results.")
    return said


def result_rows(name: str, results: Results, date: str | None) -> tuple[list[SheetColumn], list[list[Value]]]:
    """The results as a table: one row an entry, by section and place. The league and the archive read it again."""
    judges = sorted({judge for section in results.sections for judge in section.judges})
    columns = [
        SheetColumn(title, width, digits)
        for title, width, digits in (
            ("round", 20, None), ("date", 11, None), ("section", 16, None), ("place", 7, 0), ("number", 8, 0),
            ("title", 32, None), ("author", 22, None), ("member", 9, None),
            *((f"mark by {judge}", 9, 1) for judge in judges),
            ("total", 8, 2), ("mean", 8, 2), ("band", 14, None), ("accepted", 9, None), ("awards", 24, None),
            ("decided by a program", 10, None), ("image", 36, None), ("sha256", 20, None),
        )
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [
            name, date, section.name, line.place, line.number, line.entry.shown_title, line.entry.author,
            line.entry.member, *(line.marks.get(judge) for judge in judges), line.total, line.mean, line.band,
            line.accepted, ", ".join(line.awards), "yes" if line.by_machine else "", line.entry.image,
            line.entry.sha256,
        ]
        for section in results.sections
        for line in section.lines
    ]  # fmt: skip
    for entry in results.not_marked:
        own = {
            "round": name, "date": date, "section": entry.section_name, "place": "not marked",
            "title": entry.shown_title, "author": entry.author, "member": entry.member,
            "image": entry.image, "sha256": entry.sha256,
        }  # fmt: skip
        rows.append([own.get(column.title) for column in columns])
    return columns, rows


def league_rows(standings: Sequence[Standing], rounds: Sequence[Round]) -> tuple[list[SheetColumn], list[list[Value]]]:
    """The league table for a spreadsheet."""
    columns = [
        SheetColumn("place", 7, 0),
        SheetColumn("entrant", 26),
        *(SheetColumn(one.name, 14, 2) for one in rounds),
    ]
    rows: list[list[Value]] = [[one.place, one.entrant, *one.points, one.total] for one in standings]
    return [*columns, SheetColumn("total", 10, 2)], rows


def archive_rows(name: str, lines: Sequence[Line], date: str | None) -> tuple[list[SheetColumn], list[list[Value]]]:
    """The table beside the small pictures that next season's re-entries are looked up in."""
    columns = [SheetColumn(title) for title in ("image", "title", "date", "author")]
    rows: list[list[Value]] = [
        [f"{line.entry.sha256}.jpg", line.entry.shown_title, date or name, line.entry.author] for line in lines
    ]
    return columns, rows


def agreement_page(
    competition: Competition,
    groups: Sequence[tuple[str, Sequence[str], Sequence[Line], JudgesAgreement | None, Sequence[MachineAgreement]]],
    unrated: bool,
) -> str:
    """The page for the committee. `groups`: name, judges, lines, and what agrees how far, for all and each section."""
    parts: list[dict[str, Any]] = []
    for name, judges, lines, between, machine in groups:
        parts.append(
            {
                "name": name,
                "judges": [_judge(judge, lines) for judge in judges],
                "between": between,
                "machine": [(heading(one.column, unrated), one) for one in machine],
            }
        )
    return render("agreement.html.j2", title=f"{competition.name}: agreement", parts=parts, unrated=unrated)


def _judge(judge: str, lines: Sequence[Line]) -> dict[str, Any]:
    marks = [line.marks[judge] for line in lines if judge in line.marks]
    return {"name": judge, "count": len(marks), "mean": sum(marks) / len(marks), "low": min(marks), "high": max(marks)}
