"""The Stage 1 table: every column once, with its type, unit, range, source and meaning.

The Parquet schema, the documentation page and the report's column titles are all made from this list. The columns of
the metrics are in the schemas of their records, as the properties with the key `column`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from judge_vision.records.steps import METRICS, record_schema

SCHEMA_VERSION = "1"

# Rows of one part of the table: a row group of the file or, in large runs, a file. Some 60 MB while it is sorted.
ROWS_PER_PART = 65_536


@dataclass(frozen=True)
class Column:
    """One column: `source` is the rule whose record holds it, `key` its name there (the column's own by default)."""

    name: str
    type: str
    """string, int64, float64, bool or list<string>"""
    source: str
    description: str
    unit: str = ""
    range: str = ""
    key: str = ""

    @property
    def record_key(self) -> str:
        """The key in the source's record."""
        return self.key or self.name


_TYPES = {"string": "string", "integer": "int64", "number": "float64", "boolean": "bool", "array": "list<string>"}


def _measured() -> Iterator[Column]:
    """The columns of the metrics, in the order of their schemas."""
    for metric in METRICS:
        for key, facts in record_schema(metric)["properties"].items():
            if "column" in facts:
                yield _column(metric, key, facts)


def _column(metric: str, key: str, facts: dict[str, Any]) -> Column:
    """The column of a property; `column` is true, or the column's name where that is not the property's."""
    name = key if facts["column"] is True else facts["column"]
    types = facts.get("type", "string")
    kind = _TYPES[types if isinstance(types, str) else next(one for one in types if one != "null")]
    return Column(name, kind, metric, facts["description"].rstrip("."), facts["unit"], _range(facts), key)


def _range(facts: dict[str, Any]) -> str:
    """The values that a property may have, in words; empty where the schema sets no limits."""
    if "enum" in facts:
        return ", ".join(facts["enum"])
    if "minimum" not in facts:
        return ""
    return f"{facts['minimum']} to {facts['maximum']}" if "maximum" in facts else f">= {facts['minimum']}"


COLUMNS: tuple[Column, ...] = (
    Column(
        "image", "string", "prepare", "Path of the file, relative to the photo folder; unique; rows are sorted by it"
    ),
    Column("sha256", "string", "prepare", "SHA-256 of the file's bytes; null where they could not be read"),
    Column("status", "string", "merge", "Whether every step succeeded", range="ok, failed"),
    Column("error_type", "string", "merge", "Why not: one of a closed list; null for ok"),
    Column("error", "string", "merge", "The same in a sentence; null for ok"),
    Column("width", "int64", "prepare", "Width as displayed, after EXIF orientation", "px", ">= 1"),
    Column("height", "int64", "prepare", "Height as displayed, after EXIF orientation", "px", ">= 1"),
    Column("format", "string", "prepare", "Format found in the content, whatever the name says"),
    Column("bytes", "int64", "prepare", "Size of the file", "bytes", ">= 0"),
    Column(
        "nima_aesthetic_mean", "float64", "iqa", "Mean of NIMA's aesthetic rating distribution", "rating", "1 to 10"
    ),
    Column("nima_aesthetic_std", "float64", "iqa", "Its standard deviation", "rating", "0 to 4.5"),
    Column(
        "nima_technical_mean", "float64", "iqa", "Mean of NIMA's technical rating distribution", "rating", "1 to 10"
    ),
    Column("nima_technical_std", "float64", "iqa", "Its standard deviation", "rating", "0 to 4.5"),
    Column(
        "musiq_mos", "float64", "iqa", "MUSIQ's predicted mean opinion score", "MOS", "the bundle's: see score_range"
    ),
    *_measured(),
    Column("exif_present", "bool", "prepare", "The file has EXIF data"),
    Column("camera", "string", "prepare", "Maker and model from EXIF"),
    Column("taken_at", "string", "prepare", "Time of exposure from EXIF, in the camera's own clock", "ISO 8601"),
    Column("software", "string", "prepare", "Program that wrote the file, from EXIF"),
    Column("digital_source_type", "string", "prepare", "IPTC Digital Source Type from XMP"),
    Column(
        "c2pa_present", "bool", "prepare", "The file carries a C2PA manifest; a missing one proves nothing either way"
    ),
    Column("compliance_passed", "bool", "compliance", "No rule of severity reject is broken; null without rules"),
    Column("compliance_issues", "list<string>", "compliance", "Broken rules of severity reject, a sentence each"),
    Column(
        "compliance_warnings", "list<string>", "compliance", "What is to be fixed, referred or looked at by a person"
    ),
    Column("title", "string", "compliance", "From the list, else from the file name by the competition's pattern"),
    Column("category", "string", "compliance", "Section of the competition; from the list, else from the file name"),
    Column("author", "string", "compliance", "Entrant; from the list, else from the file name"),
    Column("model_bundle", "string", "iqa", "Name and version of the bundle of networks that scored"),
    Column("human_ratings", "bool", "iqa", "The bundle's networks were trained on marks given by people"),
    Column("iqa_engine", "string", "iqa", "What ran the networks and where", range="batch, service, remote, container"),
    Column("musiq_max_side", "int64", "iqa", "Cap on MUSIQ's full-size scale that applied; null: none", "px"),
    Column("colour_space", "string", "prepare", "Colour space of the file's pixels, from its profile"),
    Column("bit_depth", "int64", "prepare", "Bits per channel in the file", "bits"),
    Column("notes", "list<string>", "prepare", "What preparation had to do or to assume, a sentence each"),
    Column(
        "compliance_status",
        "string",
        "compliance",
        "What counts after a person's rulings; null without rules",
        range="complies, refer, does not comply",
    ),
    Column("compliance_rulings", "list<string>", "compliance", "Rulings on the entry, a sentence each"),
)
