"""Score sheets: every figure is there, and no text of a stranger is a formula."""

import csv
import datetime
import io
import time

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge_vision.exports.score_sheet import CSV, XLSX, write_score_sheet
from judge_vision.exports.sheet import SheetColumn, csv_bytes, write_xlsx
from judge_vision.exports.text import no_formula
from tests.unit import later_tables, report_results

FORMULAS = (
    '=HYPERLINK("http://example.org","click")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1:A9)", "\t=1+1", "\r=1+1",
    "  =1+1", "\n=1+1", "＝1+1", "＋1", "－1", "＠A1",
)  # fmt: skip
COLUMNS = [SheetColumn("Title"), SheetColumn("Figure", digits=2)]


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read_csv(data):
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def cells(path, sheet="Score sheet"):
    return [list(row) for row in openpyxl.load_workbook(path)[sheet].iter_rows()]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_compute_is_text(tmp_path, text):
    assert read_csv(csv_bytes(COLUMNS, [[text, -1.5]]))[1] == [f"'{text.strip()}", "-1.5"]
    write_xlsx(tmp_path / "a.xlsx", text, COLUMNS, [[text, -1.5]], [("About", text)])
    title, figure = cells(tmp_path / "a.xlsx")[1]
    assert (title.value, title.data_type, title.quotePrefix) == (text.strip(), "s", True)
    assert (figure.value, figure.data_type, figure.number_format) == (-1.5, "n", "0.00")
    about = cells(tmp_path / "a.xlsx", "About")
    assert all(cell.data_type == "s" for row in about for cell in row)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(codec=None)), min_size=1, max_size=4))
def test_any_text_makes_a_sheet_that_opens_without_a_formula(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("sheet") / "a.xlsx"
    write_xlsx(path, texts[0], COLUMNS, [[text, 1.0] for text in texts], [])
    made = cells(path)
    assert len(made) == len(texts) + 1
    assert all(row[0].value is None or (row[0].data_type, row[0].quotePrefix) == ("s", True) for row in made[1:])
    lines = read_csv(csv_bytes(COLUMNS, [[text, 1.0] for text in texts]))
    assert [len(line) for line in lines] == [2] * (len(texts) + 1)
    assert not any(line[0].lstrip()[:1] in tuple("=+-@＝＋－＠") for line in lines if line[0])


def test_honest_text_and_figures_stay_as_they_are(tmp_path):
    assert no_formula("Heron at dawn = frost") == "Heron at dawn = frost"
    row = ["Ünïcode, «quotes» and\ntwo lines", 3.14159]
    assert read_csv(csv_bytes(COLUMNS, [row]))[1] == ["Ünïcode, «quotes» and\ntwo lines", "3.14"]


def test_the_same_rows_give_the_same_bytes_at_another_time(tmp_path):
    def write(name):
        write_xlsx(tmp_path / name, "t", COLUMNS, [["Heron", 1.0]], [("About", "x")], more=[("League", COLUMNS, [])])
        return (tmp_path / name).read_bytes()

    first = write("a.xlsx")
    # a ZIP file counts in steps of two seconds
    time.sleep(2.1)
    assert write("b.xlsx") == first
    made = openpyxl.load_workbook(tmp_path / "b.xlsx").properties
    assert made.created == made.modified == datetime.datetime(1980, 1, 1)


def test_a_text_longer_than_excel_takes_is_cut(tmp_path):
    write_xlsx(tmp_path / "a.xlsx", "t", COLUMNS, [["x" * 40_000, 1]], [])
    value = cells(tmp_path / "a.xlsx")[1][0].value
    assert len(value) == 32_767 and value.endswith("x…")


def test_score_sheet_has_a_line_for_every_photograph_and_says_what_the_scores_are(results):
    made = report_results.photographs(20)
    report_results.write(results, made)
    write_score_sheet("Autumn round")
    lines = read_csv(CSV.read_bytes())
    assert len(lines) == 21
    head = lines[0]
    assert head[:5] == ["No.", "Title", "Author", "Category", "File"]
    assert "MUSIQ (no human ratings)" in head and head[-2:] == ["Mark of the judge", "Remarks of the judge"]
    assert "Critique in words" not in head
    by_file = {line[4]: line for line in lines[1:]}
    for one in made:
        line = by_file[one["image"]]
        if isinstance(one["prepare"], Exception):
            assert line[head.index("Status")] == "failed" and line[head.index("Failure")] == one["prepare"].message
        else:
            assert line[head.index("MUSIQ (no human ratings)")] == str(round(one["iqa"]["musiq_mos"], 1))
            assert line[head.index("Complies with the rules")] == (
                "yes" if one["compliance"]["compliance_passed"] else "no"
            )
    assert [[cell.value for cell in row][1] for row in cells(XLSX)] == [line[1] for line in lines]
    about = [cell.value for row in cells(XLSX, "About") for cell in row]
    assert any("no human ratings" in str(text) for text in about)


def test_critiques_marks_and_what_they_are_worth_are_in_the_sheet(results):
    report_results.write(results, report_results.photographs(12))
    later_tables.write()
    write_score_sheet("Autumn round")
    lines = read_csv(CSV.read_bytes())
    head = lines[0]
    assert {"Placing", "Rank", "Award band", "Mark", "Critique's score", "Critique in words"} <= set(head)
    critiques = [line[head.index("Critique in words")] for line in lines[1:]]
    assert critiques.count(later_tables.CRITIQUE) == sum(bool(text) for text in critiques) > 3
    about = [cell.value for row in cells(XLSX, "About") for cell in row]
    assert later_tables.NOTICE in about and later_tables.RANKED_BY in about


def test_a_critique_of_other_bytes_is_left_out(results):
    made = report_results.photographs(3)
    report_results.write(results, made)
    later_tables.write()
    edited = report_results.photographs(3)
    edited[0]["prepare"]["sha256"] = "ab" * 32
    report_results.write(results, edited)
    write_score_sheet("t")
    lines = read_csv(CSV.read_bytes())
    place = lines[0].index("Critique in words")
    without = [line[lines[0].index("File")] for line in lines[1:] if not line[place]]
    assert made[0]["image"] in without
