"""The registry's vocabulary: competitions, their sections and their rules, as typed models.

A rule that is absent is not checked. Keys of `SectionRules` may be set for the whole competition and again for one of
its sections, whose value then wins.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Mode = Literal["colour", "neutral", "toned"]
FileFormat = Literal["JPEG", "PNG", "TIFF", "WEBP", "HEIC", "AVIF", "JXL", "GIF", "BMP", "RAW"]
ColourSpace = Literal["sRGB", "Adobe RGB (1998)", "Display P3", "ProPhoto RGB"]
ColourMode = Literal["RGB", "RGBA", "L", "LA", "P", "CMYK", "LAB", "YCbCr", "1"]
SeverityName = Literal["reject", "warn", "fix"]
Pixels = Annotated[int, Field(ge=1, le=1_000_000)]
HexColour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
BorderColour = Annotated[str, Field(pattern=r"^(white|grey|black|#[0-9a-fA-F]{6})$")]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | int) and not isinstance(value, bool) else value


def _as_date(value: Any) -> Any:
    return datetime.date.fromisoformat(value) if isinstance(value, str) else value


class Table(BaseModel):
    """A table of the registry: keys are known, types are meant as written, nothing changes once read."""

    # built when a registry is read: most runs have none, and every job of a run would build them
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class SectionRules(Table):
    """Rules that a section may set for itself."""

    max_width: Pixels | None = Field(default=None, description="Greatest width as displayed, in pixels")
    max_height: Pixels | None = Field(
        default=None, description="Greatest height as displayed, in pixels; a portrait is bound by it too"
    )
    min_width: Pixels | None = Field(default=None, description="Least width, in pixels")
    min_height: Pixels | None = Field(default=None, description="Least height, in pixels")
    one_side_exact: bool | None = Field(
        default=None, description="One side must be exactly its maximum (`max_width` or `max_height`)"
    )
    exact_size: Annotated[list[Pixels], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="Exactly this `[width, height]`"
    )
    fill: bool | None = Field(
        default=None, description="With `exact_size`: what the picture leaves free is filled with `fill_colour`"
    )
    fill_colour: HexColour = Field(default="#000000", description="Colour of the fill; it does not count as a border")
    max_bytes: Annotated[int, Field(ge=1)] | None = Field(default=None, description="Greatest file size, in bytes")
    formats: Annotated[list[FileFormat], Field(min_length=1), BeforeValidator(_as_list)] | None = Field(
        default=None, description="File formats, by content and not by the name's ending"
    )
    colour_space: Annotated[list[ColourSpace], Field(min_length=1), BeforeValidator(_as_list)] | None = Field(
        default=None, description="Colour spaces of the embedded profile"
    )
    untagged: Literal["accept", "refer", "reject"] = Field(
        default="refer",
        description="With `colour_space`: what a file without a profile gets; most programs read it as sRGB",
    )
    colour_mode: Annotated[list[ColourMode], Field(min_length=1), BeforeValidator(_as_list)] | None = Field(
        default=None, description="Colour modes of the file; `RGB` refuses greyscale and CMYK files"
    )
    bit_depth: (
        Annotated[list[Annotated[int, Field(ge=1, le=32)]], Field(min_length=1), BeforeValidator(_as_list)] | None
    ) = Field(default=None, description="Bits per channel")
    allowed_modes: Annotated[list[Mode], Field(min_length=1), BeforeValidator(_as_list)] | None = Field(
        default=None, description="Held against the monochrome verdict: any of `colour`, `neutral`, `toned`"
    )
    borders: Literal["allowed", "required", "forbidden"] | None = Field(
        default=None, description="Whether a border is wanted"
    )
    border_max_px: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Greatest width of a border on any side, all its lines together, in pixels"
    )
    border_colours: Annotated[list[BorderColour], Field(min_length=1), BeforeValidator(_as_list)] | None = Field(
        default=None, description="Colours of a border: `white`, `grey`, `black` or `#rrggbb`"
    )
    border_tone_matches: bool | None = Field(
        default=None, description="The border of a toned picture must have the same tone"
    )
    watermark_allowed: bool | None = Field(
        default=None, description="`false`: no title or maker's name in the picture; a person looks"
    )
    manipulation: str | None = Field(default=None, description="What editing is allowed, in words; a person decides")
    generative_ai: Literal["allowed", "forbidden"] | None = Field(
        default=None,
        description="`forbidden`: a file that itself says so does not comply; for all others a person decides",
    )
    title_required: bool | None = Field(default=None, description="Every entry has a title")
    title_max_chars: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Greatest length of a title, blanks counted"
    )
    title_forbidden: Annotated[list[str], Field(min_length=1)] | None = Field(
        default=None,
        description="Whole titles that are refused, ignoring case; `*` stands for any text, `?` for one character",
    )
    title_forbidden_chars: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="Characters that a title must not contain"
    )
    no_camera_name_as_title: bool | None = Field(
        default=None, description="Titles such as IMG_1234 or DSC01234 are refused"
    )
    no_entrant_name_in_title: bool | None = Field(
        default=None, description="The title must not contain the entrant's name"
    )
    taken_after: Annotated[datetime.date, BeforeValidator(_as_date)] | None = Field(
        default=None, description="Date, by EXIF; taken on that day or later"
    )
    exif_required: bool | None = Field(default=None, description="EXIF data must be intact")
    entries_per_section: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Entries of one entrant in one section"
    )
    max_awards_per_author: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Awards of one entrant; used for results"
    )
    acceptance_rate: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None, description="Greatest share of entries accepted, 0 to 1; used for results"
    )


class Rules(SectionRules):
    """Rules of a whole competition."""

    filename_pattern: str | None = Field(
        default=None,
        description="Regular expression for the whole file name without its ending, "
        "with named groups out of author, member, category, number, title",
    )
    filename_example: str | None = Field(
        default=None, description="A file name that matches `filename_pattern`; quoted in messages"
    )
    filename_max_chars: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Greatest length of a file name with its ending"
    )
    no_entrant_name_in_filename: bool | None = Field(
        default=None, description="The file name must not contain the entrant's name"
    )
    entries_per_author: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="Entries of one entrant in the whole competition (also accepted as `entries_per_round`)",
    )
    numbers: Literal["unique", "contiguous"] | None = Field(
        default=None,
        description="Numbers in file names, per entrant (and per section where the pattern has a category): "
        "`unique`, or `contiguous` from 1",
    )
    no_exact_duplicates: bool | None = Field(default=None, description="No two entries are the same file")
    no_near_duplicates: bool | None = Field(
        default=None, description="Two entries that look alike are referred to a person"
    )
    near_duplicate_max_bits: Annotated[int, Field(ge=0, le=16)] = Field(
        default=10, description="With `no_near_duplicates`: of 64 bits of the perceptual hash, how many may differ"
    )
    archive: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="Earlier seasons: a folder of pictures or a table of them, relative to the registry; "
        "an entry that looks like one of them is referred",
    )
    archive_monochrome: bool = Field(
        default=True,
        description="With `archive`: a monochrome version of an earlier colour picture, or the reverse, counts as it",
    )
    archive_max_bits: Annotated[int, Field(ge=0, le=80)] = Field(
        default=64, description="With `archive`: of 256 bits of the perceptual hash, how many may differ"
    )
    competition_class: str | None = Field(
        default=None, description="The organiser's class of competition; shown, not checked"
    )


class Section(SectionRules):
    """A section (category) of a competition, with what it rules differently."""

    name: Annotated[str, Field(min_length=1)] = Field(description="What the section is called on pages and tables")
    codes: list[Annotated[str, Field(min_length=1)]] = Field(
        default=[], description="What a category may be called in lists and file names, besides id and name"
    )


class Marking(Table):
    """How judges mark, and how their marks become places."""

    least: float = Field(default=0, description="Lowest mark of one judge")
    most: float = Field(default=20, description="Highest mark of one judge")
    half_marks: bool = Field(default=True, description="Whether half marks may be given")
    combine: Literal["sum", "mean"] = Field(default="sum", description="What the judges' marks of an entry become")
    ties: list[Literal["countback", "lowest_mark", "least_spread"]] = Field(
        default=[],
        description="What decides between equal totals, in this order: `countback` (the higher highest mark, then the "
        "next), `lowest_mark` (the higher lowest mark), `least_spread`; what is equal still shares the place",
    )
    machine_breaks_ties: Literal["nima_aesthetic_mean", "nima_technical_mean", "musiq_mos"] | None = Field(
        default=None,
        description="A score of the networks that decides last between equal totals; without it no figure of a "
        "program enters a result, with it the page of results says so",
    )
    league_best: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="In the league table: how many of an entrant's best entries of a round count"
    )


class Competition(Table):
    """One competition."""

    name: Annotated[str, Field(min_length=1)] = Field(description="What the competition is called on pages")
    categories: list[Annotated[str, Field(min_length=1)]] = Field(
        default=[], description="Names of sections without rules of their own"
    )
    sections: dict[str, Section] = Field(default={}, description="Sections with rules of their own, by id")
    rules: Rules = Field(default=Rules(), description="Rules of the whole competition")
    severity: dict[str, SeverityName] = Field(default={}, description="What follows when a rule is broken, by rule")
    text_rules: dict[str, str] = Field(default={}, description="Rules in words that no program can check")
    awards: list[str] = Field(default=[], description="Awards over all sections, the highest first")
    section_awards: list[str] = Field(default=[], description="Awards given in each section, the highest first")
    marking: Marking = Field(default=Marking(), description="How judges mark, and how places follow")
    date: Annotated[datetime.date, BeforeValidator(_as_date)] | None = Field(
        default=None, description="Day of the results; shown on their page and kept in the archive"
    )
    language: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="File with the words of messages to entrants, relative to the registry"
    )
    score_bands: dict[str, Annotated[list[float], Field(min_length=1)]] = Field(
        default={}, description="Marks that earn a label, as a list of marks or its two ends; half marks count"
    )
    anchors: dict[str, str] = Field(default={}, description="What a mark means, in words, by mark")
    pairwise_rounds: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Rounds of the optional playoff"
    )
    notes: str = Field(default="", description="Anything a person or a critique should know")

    def all_sections(self) -> dict[str, Section]:
        """Sections by id; each name in `categories` is a section of that id without rules of its own."""
        return {name: Section(name=name) for name in self.categories} | self.sections

    def rules_for(self, section_id: str | None) -> Rules:
        """The rules in force in a section: the competition's, overridden by the section's own."""
        section = self.all_sections().get(section_id) if section_id else None
        if section is None:
            return self.rules
        own = {name: getattr(section, name) for name in section.model_fields_set if name in SectionRules.model_fields}
        return self.rules.model_copy(update=own)


class Registry(Table):
    """A file of rules."""

    competition: Annotated[dict[str, Competition], Field(min_length=1)]
