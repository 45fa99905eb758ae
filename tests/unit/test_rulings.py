"""Rulings: read with their mistakes, applied without touching what was measured, and missed when idle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from judge_vision.compliance.rulings import idle_rulings, open_rulings, read_rulings, with_rulings
from judge_vision.failure import UserError

ONE, TWO, GONE = "1" * 64, "2" * 64, "f" * 64
HEADER = "sha256,rule,ruling,by,date,reason\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "rulings.csv"
    path.write_text(text, encoding="utf-8")
    return path


def finding(rule: str, status: str, severity: str = "reject") -> dict[str, Any]:
    return {"rule": rule, "severity": severity, "status": status, "measured": 1, "limit": 1, "sentence": "Measured."}


def record(sha256: str, *findings: dict[str, Any], passed: bool | None = True) -> dict[str, Any]:
    return {"sha256": sha256, "compliance_passed": passed, "compliance_issues": [], "findings": list(findings)}


def test_a_ruling_changes_what_counts_and_not_what_was_measured(tmp_path):
    text = f"{HEADER}{ONE},allowed_modes,uphold,The secretary,2026-11-24,colour in the sky\n"
    rulings = read_rulings(written(tmp_path, text))
    entry = record(ONE, finding("allowed_modes", "refer"), finding("title_max_chars", "complies"))
    ruled = with_rulings(entry, rulings)
    assert (ruled["compliance_status"], ruled["compliance_passed"]) == ("does not comply", True)
    first, second = ruled["findings"]
    assert (first["status"], first["effective"]) == ("refer", "does_not_comply")
    assert first["ruling"] == "allowed_modes: upheld by The secretary, 2026-11-24: colour in the sky"
    assert second == finding("title_max_chars", "complies") and "effective" not in entry["findings"][0]


@pytest.mark.parametrize(
    ("status", "severity", "ruling", "counts"),
    [
        ("refer", "reject", None, "refer"),
        ("refer", "reject", "uphold", "does not comply"),
        ("refer", "reject", "overrule", "complies"),
        ("refer", "warn", "uphold", "complies"),  # a warning, once upheld, is still no reason to refuse
        ("does_not_comply", "reject", None, "does not comply"),
        ("does_not_comply", "reject", "overrule", "complies"),
        ("does_not_comply", "fix", None, "complies"),
        ("needs_person", "reject", None, "complies"),
        ("needs_person", "reject", "uphold", "does not comply"),
        ("complies", "reject", "uphold", "does not comply"),  # a person saw what the program did not
    ],
)
def test_what_counts_follows_from_finding_severity_and_ruling(tmp_path, status, severity, ruling, counts):
    lines = f"{ONE},max_width,{ruling},A,today,why\n" if ruling else ""
    ruled = with_rulings(
        record(ONE, finding("max_width", status, severity)), read_rulings(written(tmp_path, HEADER + lines))
    )
    assert ruled["compliance_status"] == counts


def test_without_a_competition_nothing_is_said():
    ruled = with_rulings({"sha256": ONE, "compliance_passed": None, "findings": []}, {})
    assert (ruled["compliance_status"], ruled["compliance_rulings"]) == (None, [])


def test_open_lines_and_other_columns_and_a_spreadsheets_semicolons_are_read(tmp_path):
    text = (
        "\ufeffentry;sha256;rule;ruling;by;date;reason\n"
        f"a.jpg;{ONE};archive;;;;\n\n"
        f'b.jpg;{TWO.upper()};archive;Overrule;B;24/11/2026;"another year; another print"\n'
    )
    rulings = read_rulings(written(tmp_path, text))
    assert list(rulings) == [TWO]
    assert rulings[TWO]["archive"].line == 4 and rulings[TWO]["archive"].reason == "another year; another print"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("123,archive,uphold,A,d,r", "line 2: sha256 '123' is not the 64 digits"),
        (f"{ONE},archiv,uphold,A,d,r", "line 2: there is no rule 'archiv'; did you mean archive?"),
        (f"{ONE},archive,yes,A,d,r", "line 2: ruling is 'yes'; write uphold"),
        (f"{ONE},archive,uphold,,d,r", "line 2: by is empty"),
        (f"{ONE},archive,uphold,A,d,", "line 2: reason is empty"),
        (f"{ONE},archive,uphold,A,d,r\n{ONE},archive,overrule,A,d,r", "line 3: line 2 has a ruling on this already"),
    ],
)
def test_a_mistake_is_refused_with_its_line(tmp_path, line, words):
    with pytest.raises(UserError) as caught:
        read_rulings(written(tmp_path, f"{HEADER}{line}\n"))
    assert words in str(caught.value)


def test_a_file_without_a_column_or_in_another_encoding_is_refused(tmp_path):
    with pytest.raises(UserError, match="no column reason"):
        read_rulings(written(tmp_path, "sha256,rule,ruling,by,date\n"))
    path = tmp_path / "rulings.csv"
    path.write_bytes(HEADER.encode() + b"\xff\xfe")
    with pytest.raises(UserError, match="not UTF-8"):
        read_rulings(path)


def test_rulings_lie_beside_the_registry_unless_configured(tmp_path):
    written(tmp_path, f"{HEADER}{ONE},archive,uphold,A,d,r\n")
    chosen = {"registry": str(tmp_path / "club.toml"), "rulings": None}
    assert list(open_rulings(chosen)) == [ONE]
    assert open_rulings(chosen | {"rulings": str(tmp_path / "none.csv")}) == {}
    assert open_rulings({"registry": None, "rulings": None}) == {}


def test_rulings_that_nothing_needs_are_reported(tmp_path):
    text = "".join(
        f"{sha256},{rule},overrule,A,today,why\n"
        for sha256, rule in ((ONE, "archive"), (GONE, "archive"), (TWO, "max_width"), (TWO, "max_bytes"))
    )
    rulings = read_rulings(written(tmp_path, HEADER + text))
    records = [
        with_rulings(record(ONE, finding("archive", "refer")), rulings),
        with_rulings(record(TWO, finding("max_width", "complies")), rulings),
    ]
    said = idle_rulings(records, rulings)
    assert [line.split(" (")[0] for line in said] == [f"line {line} of the rulings" for line in (3, 4, 5)]
    assert "the entry is gone" in said[0] and "nothing was found" in said[1] and "nothing was found" in said[2]
