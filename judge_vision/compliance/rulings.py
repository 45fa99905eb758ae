"""Rulings: what a person decided on a finding. A ruling changes what follows from it, never what was measured."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge_vision.compliance.finding import Severity, Status
from judge_vision.compliance.text import clean
from judge_vision.failure import UserError

FILE_NAME = "rulings.csv"
COLUMNS = ("sha256", "rule", "ruling", "by", "date", "reason")
UPHOLD, OVERRULE = "uphold", "overrule"
_AFTER = {UPHOLD: Status.DOES_NOT_COMPLY.value, OVERRULE: Status.COMPLIES.value}

Finding = Mapping[str, Any]


@dataclass(frozen=True)
class Ruling:
    """One line of `rulings.csv`: `uphold` (the rule is broken) or `overrule` (it is not), on one rule and one file."""

    sha256: str
    rule: str
    ruling: str
    by: str
    date: str
    reason: str
    line: int

    @property
    def sentence(self) -> str:
        """The ruling in words."""
        word = "upheld" if self.ruling == UPHOLD else "overruled"
        return f"{self.rule}: {word} by {self.by}, {self.date}: {self.reason}"


Rulings = Mapping[str, Mapping[str, Ruling]]
"""Rulings by the file's SHA-256, then by rule: a renamed entry keeps its ruling, an edited one does not."""


def rulings_file(chosen: Mapping[str, Any]) -> Path | None:
    """Where the rulings lie for the configuration's `compliance` section; None without a registry."""
    if chosen["registry"] is None:
        return None
    # imported here, like the rules below: the merge and the page of a run without a registry need neither
    from judge_vision.compliance.registry import beside_registry

    return Path(chosen["rulings"]) if chosen["rulings"] else beside_registry(chosen, FILE_NAME)


def open_rulings(chosen: Mapping[str, Any]) -> dict[str, dict[str, Ruling]]:
    """The rulings that the configuration's `compliance` section chooses; none where there is no such file yet."""
    path = rulings_file(chosen)
    return read_rulings(path) if path is not None and path.exists() else {}


def read_rulings(path: Path) -> dict[str, dict[str, Ruling]]:
    """The rulings in a CSV file. A line without a ruling is an open case and is passed over.

    Raises UserError, one line a mistake with its line number.
    """
    mistakes: list[str] = []
    found: dict[str, dict[str, Ruling]] = {}
    for line, row in _rows(path):
        if not row["ruling"]:
            continue
        wrong = _mistake(row)
        earlier = found.get(row["sha256"].lower(), {}).get(row["rule"])
        if earlier and not wrong:
            wrong = f"line {earlier.line} has a ruling on this already; keep one of them"
        if wrong:
            mistakes.append(f"{path}, line {line}: {wrong}")
            continue
        values = {key: clean(row[key]) for key in COLUMNS} | {"sha256": row["sha256"].lower()}
        ruling = Ruling(**values | {"ruling": row["ruling"].lower()}, line=line)
        found.setdefault(ruling.sha256, {})[ruling.rule] = ruling
    if mistakes:
        raise UserError("\n".join(mistakes))
    return found


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"the rulings {path} cannot be read ({error.strerror}); see compliance.rulings") from None
    except UnicodeDecodeError:
        raise UserError(f"the rulings {path} are not UTF-8 text; save them as 'CSV UTF-8'") from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=text.partition("\n")[0].count))
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise UserError(f"the rulings {path} have no column {missing[0]}; needed are {', '.join(COLUMNS)}")
        end = reader.line_num
        for cells in reader:
            line, end = end + 1, reader.line_num
            if any(cell.strip() for cell in cells):
                padded = [*cells, *[""] * (len(header) - len(cells))]
                yield line, {name: cell.strip() for name, cell in zip(header, padded, strict=False)}
    except csv.Error as error:
        raise UserError(
            f"{path}, line {reader.line_num}: not valid CSV ({error}); save it again from the spreadsheet program"
        ) from None


def _mistake(row: Mapping[str, str]) -> str | None:
    from judge_vision.compliance.known_rules import RULES

    if not re.fullmatch(r"[0-9a-fA-F]{64}", row["sha256"]):
        return f"sha256 {row['sha256']!r} is not the 64 digits of a file's SHA-256"
    if row["rule"] not in RULES and not row["rule"].startswith("text_rules."):
        nearest = difflib.get_close_matches(row["rule"], RULES, n=1, cutoff=0.0)[0]
        return f"there is no rule {row['rule']!r}; did you mean {nearest}?"
    if row["ruling"].lower() not in _AFTER:
        return f"ruling is {row['ruling']!r}; write {UPHOLD} (the rule is broken) or {OVERRULE} (it is not)"
    for key in ("by", "date", "reason"):
        if not row[key]:
            return f"{key} is empty; a ruling says who decided, when and why"
    return None


def ruled(finding: Finding, rulings: Mapping[str, Ruling]) -> dict[str, Any]:
    """`finding`; where there is a ruling on it, with `effective`, the status that counts, and `ruling`, a sentence."""
    ruling = rulings.get(finding["rule"])
    if ruling is None:
        return dict(finding)
    return {**finding, "effective": _AFTER[ruling.ruling], "ruling": ruling.sentence}


def effective(finding: Finding) -> str:
    """The status that counts: the ruling's, else what was measured."""
    return str(finding.get("effective", finding["status"]))


def entry_status(findings: Iterable[Finding]) -> str:
    """What the entry comes to after the rulings: `does not comply` (not eligible), `refer` (open cases), `complies`."""
    found = [(effective(finding), finding["severity"]) for finding in findings]
    if (Status.DOES_NOT_COMPLY.value, Severity.REJECT.value) in found:
        return "does not comply"
    return "refer" if any(status == Status.REFER.value for status, _ in found) else "complies"


def with_rulings(figures: Mapping[str, Any], rulings: Rulings) -> dict[str, Any]:
    """A compliance record with each finding ruled, `compliance_status`, and `compliance_rulings`, a sentence each.

    `compliance_passed`, the issues and the warnings stay what was measured. Without a competition nothing is said.
    """
    if figures.get("compliance_passed") is None:
        return {**figures, "compliance_status": None, "compliance_rulings": []}
    own = rulings.get(str(figures["sha256"]), {})
    findings = [ruled(finding, own) for finding in figures["findings"]]
    return {
        **figures,
        "findings": findings,
        "compliance_status": entry_status(findings),
        "compliance_rulings": [finding["ruling"] for finding in findings if "ruling" in finding],
    }


def idle_rulings(records: Iterable[Mapping[str, Any]], rulings: Rulings) -> list[str]:
    """A sentence for each ruling that no entry needs: its entry is gone, or nothing was found that it could change.

    `records` are compliance records with rulings applied, those that failed too.
    """
    there: dict[str, set[str]] = {}
    for record in records:
        there.setdefault(str(record["sha256"]), set()).update(
            finding["rule"]
            for finding in record.get("findings") or ()
            # upholding what was measured as broken changes nothing, and yet says that a person looked
            if finding["status"] != effective(finding) or finding["status"] == Status.DOES_NOT_COMPLY.value
        )
    sentences = []
    for sha256, by_rule in rulings.items():
        for ruling in by_rule.values():
            where = f"line {ruling.line} of the rulings ({ruling.rule}, by {ruling.by}, {ruling.date})"
            if sha256 not in there:
                sentences.append((ruling.line, f"{where}: the entry is gone; its SHA-256 began with {sha256[:12]}"))
            elif ruling.rule not in there[sha256]:
                sentences.append((ruling.line, f"{where}: nothing was found that it could change"))
    return [sentence for _, sentence in sorted(sentences)]
