"""An entry: a photograph with what its entrant says about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from judge_vision.compliance.filename import GROUPS, match_name
from judge_vision.compliance.rules import Competition
from judge_vision.compliance.text import clean_or_none, folded


@dataclass(frozen=True)
class Entry:
    """What a list of entries, or the file name, says. `image` is the path relative to the photo folder."""

    image: str
    title: str | None = None
    category: str | None = None
    author: str | None = None
    member: str | None = None
    number: str | None = None
    name_matches: bool | None = None
    """Whether the file name matches the competition's pattern; None without one."""

    def cleaned(self) -> Entry:
        """The entry with its words made safe to show; blanks count as nothing."""
        return replace(self, **{key: clean_or_none(getattr(self, key)) for key in GROUPS})  # type: ignore[arg-type]

    def read_name(self, competition: Competition) -> Entry:
        """The entry, cleaned, with gaps filled from its file name; what a list gave wins."""
        entry = self.cleaned()
        pattern, example = competition.rules.filename_pattern, competition.rules.filename_example
        if pattern is None or example is None:
            return entry
        found = match_name(self.image, pattern, example)
        if found is None:
            return replace(entry, name_matches=False)
        gaps = {key: text for key, text in found.items() if getattr(entry, key) is None}
        return replace(entry, name_matches=True, **gaps)  # type: ignore[arg-type]

    def section(self, competition: Competition) -> str | None:
        """Id of the section that the category names by id, name or code, ignoring case; else the only one there is."""
        sections = competition.all_sections()
        if self.category is None:
            return next(iter(sections)) if len(sections) == 1 else None
        wanted = folded(self.category)
        for section_id, section in sections.items():
            if wanted in {folded(name) for name in (section_id, section.name, *section.codes)}:
                return section_id
        return None

    def identity(self, competition: Competition | None) -> dict[str, Any]:
        """What a compliance record says of whose and what entry it is: of the list and the name, so of any file."""
        entry = self.read_name(competition) if competition else self.cleaned()
        section = entry.section(competition) if competition else None
        category = competition.all_sections()[section].name if competition and section is not None else entry.category
        return {**{key: getattr(entry, key) for key in GROUPS}, "category": category, "section": section}
