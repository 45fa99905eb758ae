"""Results by hand: totals, ties, places, bands, awards, acceptances, and no figure of a program unasked."""

from __future__ import annotations

import base64
import io
import shutil
from pathlib import Path

import pytest
from PIL import Image

from judge_vision.competition.results import compute
from judge_vision.competition.results_page import machine_sentence, notes, result_rows, results_page
from judge_vision.records import paths
from judge_vision.workflow import competing
from tests.unit.competition_entries import competition, entry

SECTIONS = {"open": {"name": "Open"}, "mono": {"name": "Mono"}}


def judged(marks, entrants=None, where=None, scores=None, **keys):
    """Results of entries 1, 2, ... with a list of marks each (None: absent)."""
    entries, given = {}, {}
    for number, own in enumerate(marks, start=1):
        section = (where or {}).get(number, "open") if "sections" in keys else None
        entries[number] = entry(
            f"{number}.jpg",
            author=(entrants or {}).get(number, f"Member {number:03d}"),
            section=section,
            section_name=keys["sections"][section]["name"] if section else "No section",
            scores=(scores or {}).get(number, {}),
        )
        named = {f"Judge {place}": float(mark) for place, mark in enumerate(own, 1) if mark is not None}
        if named:
            given[f"{number}.jpg"] = named
    return compute(entries, given, competition(**keys))


def places(results):
    return {line.number: line.place for line in results.lines}


def test_totals_and_places_with_a_shared_one():
    results = judged([[15, 14.5], [18, 17], [14.5, 15], [10, 10]])
    assert {line.number: line.total for line in results.lines} == {1: 29.5, 2: 35.0, 3: 29.5, 4: 20.0}
    assert places(results) == {2: 1, 1: 2, 3: 2, 4: 4}
    assert [line.number for line in results.lines] == [2, 1, 3, 4]


def test_an_absent_mark_is_replaced_by_the_mean_of_the_others_in_a_sum():
    results = judged([[12, None, 15], [13, 13, 13], [None, None, None]])
    first, second, third = sorted(results.lines, key=lambda line: line.number)
    assert (first.total, first.mean, first.absent) == (40.5, 13.5, ["Judge 2"])
    assert (second.total, third.total, third.place) == (39.0, None, None)
    assert any("mean of its other marks" in note for note in notes(competition(), results))
    assert judged([[12, None, 15]], marking={"combine": "mean"}).lines[0].total == 13.5


@pytest.mark.parametrize(
    ("ties", "marks", "expected"),
    [
        (["countback"], [[15, 15, 15], [16, 15, 14], [16, 14.5, 14.5]], {2: 1, 3: 2, 1: 3}),
        (["lowest_mark"], [[15, 15, 15], [16, 15, 14], [16, 14.5, 14.5]], {1: 1, 3: 2, 2: 3}),
        (["least_spread"], [[16, 15, 14], [15, 15, 15], [15.5, 15, 14.5]], {2: 1, 3: 2, 1: 3}),
        (["lowest_mark", "countback"], [[14, 15, 16], [14, 15.5, 15.5]], {1: 1, 2: 2}),
        ([], [[15, 15], [16, 14]], {1: 1, 2: 1}),
    ],
)
def test_ties_are_broken_as_the_registry_says(ties, marks, expected):
    assert places(judged(marks, marking={"ties": ties})) == expected


def test_no_figure_of_a_program_enters_unless_the_registry_says_so():
    scores = {1: {"musiq_mos": 40.0}, 2: {"musiq_mos": 60.0}, 3: {"musiq_mos": 99.0}}
    marks = [[15], [15], [14]]
    results = judged(marks, scores=scores)
    assert places(results) == {1: 1, 2: 1, 3: 3} and not any(line.by_machine for line in results.lines)
    assert machine_sentence(competition(), results) is None
    page = results_page(competition(), results, [], [], lambda sha256: None)
    assert "No figure of a program is part of these results." in page and "MUSIQ" not in page
    with_machine = {"machine_breaks_ties": "musiq_mos"}
    results = judged(marks, scores=scores, marking=with_machine)
    assert places(results) == {2: 1, 1: 2, 3: 3}
    assert [line.number for line in results.lines if line.by_machine] == [2, 1]
    page = results_page(competition(marking=with_machine), results, [], [], lambda sha256: None)
    assert "let a figure of a program, MUSIQ, decide" in page and "2 places were decided by it" in page
    assert page.count("(decided by a program)") == 2 and "No figure of a program" not in page


@pytest.mark.parametrize(
    ("mark", "label"),
    [
        (13.5, None),
        (14, "Merit"),
        (15, "Merit"),
        (15.5, "Merit"),
        (16, "Credit"),
        (18, "Distinction"),
        (20, "Distinction"),
    ],
)
def test_labels_by_bands(mark, label):
    bands = {"Merit": [14, 15], "Credit": [16, 17], "Distinction": [18, 20]}
    assert judged([[mark]], score_bands=bands).lines[0].band == label


def test_a_gap_between_bands_earns_nothing():
    bands = {"Bronze": [10, 12], "Gold": [18, 20]}
    assert [judged([[mark]], score_bands=bands).lines[0].band for mark in (12.5, 13, 15, 17.5, 18)] == [
        "Bronze", None, None, None, "Gold",
    ]  # fmt: skip


def test_awards_go_by_place_and_equal_ones_share():
    results = judged([[10], [12], [12], [11], [9]], section_awards=["Gold", "Silver", "Bronze"], awards=["Best"])
    # two are best together; two golds leave no silver
    assert {line.number: line.awards for line in results.lines if line.awards} == {
        2: ["Best", "Gold"], 3: ["Best", "Gold"], 4: ["Bronze"],
    }  # fmt: skip


def test_the_best_of_all_sections_is_decided_by_the_registrys_rules_for_ties_too():
    marks = [[15, 15], [16, 14], [14, 14], [16, 14]]
    where = {1: "open", 2: "open", 3: "mono", 4: "mono"}
    ties = {"ties": ["countback"]}
    results = judged(marks[:3], where=where, sections=SECTIONS, awards=["Best"], marking=ties)
    assert {line.number for line in results.lines if line.awards} == {2}
    # equal to the last mark: they share it, over sections too
    results = judged(marks, where=where, sections=SECTIONS, awards=["Best"], marking=ties)
    assert {line.number for line in results.lines if line.awards} == {2, 4}


def test_the_page_calls_a_mean_a_mean_and_gives_it_two_decimals():
    keys = {"marking": {"combine": "mean"}}
    page = results_page(competition(**keys), judged([[15, 15], [14, 15]], **keys), [], [], lambda sha256: None)
    assert ">Mean</th>" in page and ">Total</th>" not in page and "15.00" in page and "14.50" in page


def test_an_entrant_gets_no_more_awards_than_allowed():
    entrants = {1: "A", 2: "A", 3: "B", 4: "A"}
    results = judged([[20], [19], [18], [17]], entrants, rules={"max_awards_per_author": 1},
                     section_awards=["First", "Second"])  # fmt: skip
    assert {line.number: line.awards for line in results.lines if line.awards} == {1: ["First"], 3: ["Second"]}


def test_nobody_loses_the_first_award_of_one_section_to_the_third_of_another():
    entrants = {1: "B", 2: "C", 3: "A", 4: "A", 5: "D"}
    sections = {1: "open", 2: "open", 3: "open", 4: "mono", 5: "mono"}
    results = judged([[20], [19], [18], [17], [16]], entrants, sections, sections=SECTIONS,
                     rules={"max_awards_per_author": 1}, section_awards=["First", "Second", "Third"])  # fmt: skip
    assert {line.number: line.awards for line in results.lines if line.awards} == {
        1: ["First"], 2: ["Second"], 4: ["First"], 5: ["Second"],
    }  # fmt: skip


def test_a_sections_own_limit_counts_in_the_section_only():
    sections = {"open": {"name": "Open", "max_awards_per_author": 1}, "mono": {"name": "Mono"}}
    results = judged([[20], [19], [18], [17]], dict.fromkeys((1, 2, 3, 4), "A"),
                     {1: "open", 2: "open", 3: "mono", 4: "mono"}, sections=sections,
                     section_awards=["First", "Second"])  # fmt: skip
    assert {line.number: line.awards for line in results.lines if line.awards} == {
        1: ["First"], 3: ["First"], 4: ["Second"],
    }  # fmt: skip


def test_acceptances_stay_within_the_rate_and_ties_at_the_end_stay_out():
    results = judged([[9], [8], [7], [7], [7], [6], [5], [4], [3], [2]], rules={"acceptance_rate": 0.4})
    assert results.sections[0].quota == 4
    assert [line.number for line in results.lines if line.accepted] == [1, 2]
    # 0.3 * 10 is 3.0000000000000004 or 2.9999...: three of ten is three
    results = judged([[n] for n in range(10)], rules={"acceptance_rate": 0.3})
    assert sum(bool(line.accepted) for line in results.lines) == 3


def test_who_is_not_accepted_gets_no_award():
    results = judged([[9], [9], [8]], rules={"acceptance_rate": 0.34}, section_awards=["Gold"])
    assert not any(line.accepted or line.awards for line in results.lines)


def test_an_entry_refused_after_the_pack_is_left_out_and_named():
    entries = {1: entry("1.jpg", status="does not comply"), 2: entry("2.jpg"), 3: entry("3.jpg", status="refer")}
    marks = {image: {"A": 10.0} for image in ("1.jpg", "2.jpg", "3.jpg")}
    results = compute(entries, marks, competition())
    assert [line.number for line in results.lines] == [2, 3]
    assert [number for number, _ in results.left_out] == [1]
    page = results_page(competition(), results, [], [], lambda sha256: None)
    assert "does not comply; it is not placed" in page


def test_the_page_escapes_what_people_wrote():
    title = '<img src=x onerror=alert(1)>"'
    results = compute(
        {1: entry("1.jpg", title=title)}, {"1.jpg": {"<b>Judge</b>": 9.0}}, competition(name="<i>Club</i>")
    )
    page = results_page(competition(name="<i>Club</i>"), results, [], [], lambda sha256: None)
    assert "<img src=x" not in page and "<b>Judge" not in page and "<i>Club" not in page
    assert "default-src &#39;none&#39;" in page and "<script" not in page


def test_the_table_has_a_row_for_each_entry_with_every_judges_mark():
    columns, rows = result_rows("Spring round", judged([[15, None], [16, 17.5]]), "2026-11-24")
    heads = [column.title for column in columns]
    by_number = {row[heads.index("number")]: dict(zip(heads, row, strict=True)) for row in rows}
    assert by_number[1]["mark by Judge 1"] == 15.0 and by_number[1]["mark by Judge 2"] is None
    assert (by_number[2]["total"], by_number[2]["place"], by_number[2]["date"]) == (33.5, 1, "2026-11-24")


def test_a_winners_picture_is_the_preview_else_the_thumbnail(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sizes = {"thumbnails": (480, 320), "previews": (1600, 1067)}
    for folder, size in sizes.items():
        path = paths.by_content(Path(folder), "ab" * 32, ".jpg")
        path.parent.mkdir(parents=True)
        Image.new("RGB", size, "teal").save(path)
    picture = competing._picture(1080, paths.PREVIEWS)
    widths = []
    for _ in range(2):
        with Image.open(io.BytesIO(base64.b64decode(picture("ab" * 32).partition(",")[2]))) as shown:
            widths.append(shown.width)
        shutil.rmtree("previews", ignore_errors=True)
    assert widths == [1080, 480] and picture("cd" * 32) is None and picture(None) is None
