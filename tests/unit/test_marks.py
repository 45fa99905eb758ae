"""Marks that come back: read as judges write them, refused with their line where they cannot be meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge_vision.competition.marks import read_marks
from judge_vision.compliance.rules import Marking
from judge_vision.failure import UserError

KEYS = {"abc123": {1: ("1" * 64, "one.jpg"), 2: ("2" * 64, "two.jpg"), 3: ("3" * 64, "three.jpg")}}
SCALE = Marking(most=20)


def read(tmp_path, text, keys=KEYS, marking=SCALE, name="marks.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return read_marks(path, keys, marking)


def refused(tmp_path, text, **more):
    with pytest.raises(UserError) as caught:
        read(tmp_path, text, **more)
    return str(caught.value)


def test_several_judges_half_marks_and_absent_marks(tmp_path):
    text = "number,title,Ms Red,Mr Blue\n001,A,15,14.5\n2,B,,16\n3,C,-,absent\n"
    marks = read(tmp_path, text)
    assert marks.judges == ["Ms Red", "Mr Blue"]
    assert marks.given == {"abc123": {1: {"Ms Red": 15.0, "Mr Blue": 14.5}, 2: {"Mr Blue": 16.0}}}


def test_a_spreadsheets_semicolons_decimal_commas_and_byte_order_mark(tmp_path):
    assert read(tmp_path, "\ufeffNumber;Mark\r\n1;7,5\r\n\r\n2;8\r\n", name="Ms Red.csv").given == {
        "abc123": {1: {"Ms Red": 7.5}, 2: {"Ms Red": 8.0}}
    }


def test_a_folder_has_a_file_of_each_judge(tmp_path):
    for judge, mark in (("Ms Red", 10), ("Mr Blue", 12)):
        (tmp_path / f"{judge}.csv").write_text(f"pack,number,section,title,mark\nabc123,1,Open,A,{mark}\n")
    marks = read_marks(tmp_path, KEYS, SCALE)
    assert marks.given == {"abc123": {1: {"Mr Blue": 12.0, "Ms Red": 10.0}}}
    (tmp_path / "more.csv").write_text("number,mr blue\n1,3\n")
    with pytest.raises(UserError, match="there are marks of mr blue already"):
        read_marks(tmp_path, KEYS, SCALE)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1,21", "line 2: mark gives picture 1 21; the scale is 0 to 20"),
        ("1,-1", "line 2: mark gives picture 1 -1; the scale is 0 to 20"),
        ("1,15.25", "line 2: mark gives picture 1 15.25; half marks are the finest"),
        ("1,good", "line 2: mark gives picture 1 'good', which is not a mark"),
        ("1,nan", "'nan', which is not a mark"),
        ("1,1e1", "'1e1', which is not a mark"),
        ("1,1_0", "'1_0', which is not a mark"),
        ("1,=2+2", "'=2+2', which is not a mark"),
        ("1,١٢", "which is not a mark"),
        ("4,10", "line 2: there is no picture 4 in the pack"),
        (",10", "line 2: there is no picture without a number"),
        ("one,10", "line 2: there is no picture one"),
        ("1,10\n01,11", "line 3: picture 01 is in line 2 already"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(tmp_path, line, words):
    said = refused(tmp_path, f"number,mark\n{line}\n", name="mark.csv")
    assert words in said and "mark.csv" in said


def test_all_mistakes_are_said_at_once(tmp_path):
    assert len(refused(tmp_path, "number,A\n1,99\n2,x\n7,1\n").splitlines()) == 3


def test_whole_marks_only_where_the_registry_says_so(tmp_path):
    said = refused(tmp_path, "number,A\n1,7.5\n", marking=Marking(most=10, half_marks=False))
    assert "whole marks are the finest" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title,A\nx,1\n", "no column number"),
        ("number,title\n1,x\n", "no column mark and none of a judge"),
        ("number,A,A\n1,1,1\n", "a column twice"),
        ("pack,number,A\nffffff,1,1\n", "are for the pack ffffff; known here: abc123"),
        ("pack,number,A\nabc123,1,1\nffffff,2,1\n", "names several packs"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, text, words):
    assert words in refused(tmp_path, text)


def test_numbers_of_another_pack_are_not_mixed_up(tmp_path):
    other = {"def456": {1: ("2" * 64, "two.jpg")}}
    marks = read(tmp_path, "pack,number,A\ndef456,1,9\n", keys=KEYS | other)
    assert marks.given == {"def456": {1: {"A": 9.0}}}
    assert "there are 2 packs; keep the column pack" in refused(tmp_path, "number,A\n1,9\n", keys=KEYS | other)


def test_a_judge_may_have_marked_several_packs(tmp_path):
    keys = KEYS | {"def456": {1: ("2" * 64, "two.jpg")}}
    (tmp_path / "first.csv").write_text("pack,number,Ms Red\nabc123,1,10\n")
    (tmp_path / "second.csv").write_text("pack,number,ms red\ndef456,1,12\n")
    marks = read_marks(tmp_path, keys, SCALE)
    assert marks.judges == ["Ms Red"]
    assert marks.given == {"abc123": {1: {"Ms Red": 10.0}}, "def456": {1: {"Ms Red": 12.0}}}


def test_other_encodings_and_missing_files_are_said(tmp_path):
    assert "not UTF-8" in refused(tmp_path, "number,Zoë\n1,1\n", encoding="latin-1")
    with pytest.raises(UserError, match="cannot be read"):
        read_marks(tmp_path / "none.csv", KEYS, SCALE)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no CSV"):
        read_marks(tmp_path / "empty", KEYS, SCALE)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("m") / "marks.csv"
    path.write_bytes(("number,A\n" + text).encode("utf-8", "surrogatepass"))
    try:
        marks = read_marks(path, KEYS, SCALE)
    except UserError:
        return
    assert all(0 <= mark <= 20 for pack in marks.given.values() for own in pack.values() for mark in own.values())
