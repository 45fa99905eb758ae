"""A made-up club: entrants called "Member 001", real photographs, and faults planted among them.

Each photograph is cut into tiles that do not overlap, and each tile counts as a picture of its own: free photographs
are fewer than a club's entries.
"""

from __future__ import annotations

import io
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from tests.unit.pictures import ADOBE_D65, ADOBE_RGB, encode_in

Pixels = npt.NDArray[np.uint8]

REGISTRY = """
[competition.club]
name = "Autumn round of a made-up club"
date = 2026-11-24
awards = ["Best of the round"]
section_awards = ["First", "Second", "Third"]

[competition.club.sections.open]
name = "Open"
codes = ["O"]

[competition.club.sections.mono]
name = "Monochrome"
codes = ["M"]
allowed_modes = ["neutral", "toned"]
border_tone_matches = true

[competition.club.rules]
max_width = 1200
max_height = 900
max_bytes = 2_000_000
formats = "JPEG"
colour_space = "sRGB"
untagged = "accept"
colour_mode = "RGB"
border_max_px = 5
generative_ai = "forbidden"
title_required = true
title_max_chars = 40
no_camera_name_as_title = true
no_entrant_name_in_title = true
filename_pattern = '(?P<category>[OM])(?P<number>\\d) (?P<title>.+) by (?P<author>.+)'
filename_example = "O1 Harbour at Dawn by Entrant Name.jpg"
entries_per_section = 3
entries_per_author = 6
numbers = "contiguous"
no_exact_duplicates = true
no_near_duplicates = true
archive = "earlier"
max_awards_per_author = 1

[competition.club.severity]
max_width = "fix"
max_height = "fix"
max_bytes = "fix"
colour_space = "fix"
colour_mode = "fix"
numbers = "warn"

[competition.club.marking]
most = 20
ties = ["countback", "least_spread"]
"""

_FIRST = (
    "Quiet", "Late", "Winter", "Bright", "Broken", "Distant", "Early", "Fading", "Gentle", "Golden", "Hidden", "Last",
    "Lonely", "Misty", "Narrow", "Old", "Open", "Rising", "Silver", "Still",
)  # fmt: skip
_SECOND = (
    "Harbour", "Morning", "Path", "River", "Window", "Garden", "Light", "Shore", "Field", "Stair", "Water", "Bridge",
    "Autumn", "Rain", "Corner", "Valley", "Song", "Gate", "Hour", "Road",
)  # fmt: skip


@dataclass
class Planted:
    """One planted fault: the entry's file, what was done, and the rules of which one must be found broken or referred.

    `rule` "unreadable" stands for a file that no program can open.
    """

    image: str
    kind: str
    rules: tuple[str, ...]


@dataclass
class Club:
    """A folder `entries`, a registry beside it with its archive, and the truth about them."""

    photos: Path
    registry: Path
    planted: list[Planted] = field(default_factory=list)
    clean: list[str] = field(default_factory=list)


def tiles(sources: list[Path]) -> Iterator[Image.Image]:
    """Tiles of at least 480 pixels with something in them; the first of each photograph, then the second, ..."""
    cut = [_cut(Image.open(path).convert("RGB")) for path in sources]
    for place in range(max(map(len, cut))):
        yield from (pieces[place] for pieces in cut if place < len(pieces))


def _cut(photograph: Image.Image) -> list[Image.Image]:
    columns = max(1, min(4, photograph.width // 480))
    rows = max(1, min(3, photograph.height // 400))
    wide, tall = photograph.width // columns, photograph.height // rows
    pieces = []
    for row in range(rows):
        for column in range(columns):
            piece = photograph.crop((column * wide, row * tall, (column + 1) * wide, (row + 1) * tall))
            piece.thumbnail((1100, 860), Image.Resampling.LANCZOS)
            # a piece of plain sky is no picture, and two of them look alike
            if np.asarray(piece.convert("L").resize((64, 64))).std() > 18:
                pieces.append(piece)
    return pieces


def jpeg(picture: Image.Image | Pixels, quality: int = 90, **options: object) -> bytes:
    """A JPEG."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, **options)
    return buffer.getvalue()


def grey(picture: Image.Image) -> Pixels:
    """Neutral monochrome in RGB."""
    return np.asarray(picture.convert("L").convert("RGB"))


def sepia(picture: Image.Image) -> Pixels:
    """Toned monochrome."""
    g = np.asarray(picture.convert("L"))[..., None] / 255.0
    return np.rint(255 * np.concatenate([g**0.8, g**0.95, g**1.25], axis=2)).astype(np.uint8)


def with_border(pixels: Pixels, width: int, colour: tuple[int, int, int]) -> Pixels:
    """The picture with a border round it."""
    return np.asarray(ImageOps.expand(Image.fromarray(pixels), width, colour))


def _spot(picture: Image.Image) -> Pixels:
    pixels = grey(picture).copy()
    height, width = pixels.shape[:2]
    side = min(height, width) // 4
    part = np.s_[height // 3 : height // 3 + side, width // 3 : width // 3 + side]
    pixels[part] = (pixels[part] * (1.0, 0.25, 0.25) + (90, 0, 0)).clip(0, 255).astype(np.uint8)
    return pixels


def _partly_toned(picture: Image.Image) -> Pixels:
    pixels, toned = grey(picture).copy(), sepia(picture)
    start = round(pixels.shape[1] * 0.6)
    pixels[:, start:] = toned[:, start:]
    return pixels


def _cropped(picture: Image.Image) -> Image.Image:
    x, y = round(picture.width * 0.05), round(picture.height * 0.05)
    return picture.crop((x, y, picture.width - x, picture.height - y))


def _noisy(picture: Image.Image) -> bytes:
    pixels = np.asarray(picture.resize((1200, 900))).astype(float)
    noise = np.random.default_rng(1).normal(0, 40, pixels.shape)
    return jpeg((pixels + noise).clip(0, 255).astype(np.uint8), 100, subsampling=0)


def _generated(picture: Image.Image) -> bytes:
    uri = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'Iptc4xmpExt:DigitalSourceType="{uri}"/></rdf:RDF></x:xmpmeta>'
    )
    return jpeg(picture, xmp=xmp.encode())


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


# Kind, section, what is done to the picture, and the rules of which one must be found broken or referred.
_PICTURE_FAULTS: tuple[tuple[str, str, Callable[[Image.Image], bytes], tuple[str, ...]], ...] = (
    ("too wide", "O", lambda p: jpeg(p.resize((1500, 800))), ("max_width",)),
    ("portrait too high", "O", lambda p: jpeg(p.resize((700, 1050))), ("max_height",)),
    ("too many bytes", "O", _noisy, ("max_bytes",)),
    ("PNG called .jpg", "O", _png, ("formats",)),
    ("Adobe RGB", "O", lambda p: jpeg(encode_in(np.asarray(p), ADOBE_D65, 563 / 256, 255).astype(np.uint8),
                                      icc_profile=ADOBE_RGB), ("colour_space",)),
    ("greyscale file", "M", lambda p: jpeg(p.convert("L")), ("colour_mode",)),
    ("CMYK file", "O", lambda p: jpeg(p.convert("CMYK")), ("colour_mode",)),
    ("wide white border", "O", lambda p: jpeg(with_border(np.asarray(p), 20, (255, 255, 255)), 92), ("border_max_px",)),
    ("wide black border", "O", lambda p: jpeg(with_border(np.asarray(p), 12, (0, 0, 0)), 92), ("border_max_px",)),
    ("colour in Monochrome", "M", jpeg, ("allowed_modes",)),
    ("spot colour in Monochrome", "M", lambda p: jpeg(_spot(p)), ("allowed_modes",)),
    ("partly toned in Monochrome", "M", lambda p: jpeg(_partly_toned(p)), ("allowed_modes",)),
    ("toned, border neutral", "M", lambda p: jpeg(with_border(sepia(p), 5, (255, 255, 255)), 95),
     ("border_tone_matches",)),
    ("says that it is generated", "O", _generated, ("generative_ai",)),
    ("cut off in the middle", "O", lambda p: jpeg(p)[: len(jpeg(p)) // 2], ("unreadable",)),
    ("empty file", "O", lambda p: b"", ("unreadable",)),
    ("a letter called .jpg", "O", lambda p: b"Dear secretary, my picture follows by post.", ("unreadable",)),
)  # fmt: skip

_RE_ENTRIES: tuple[tuple[str, str, Callable[[Image.Image], bytes]], ...] = (
    ("re-entry, the same file", "O", jpeg),
    ("re-entry, saved again", "O", lambda p: jpeg(p, 60)),
    ("re-entry, half the size", "O", lambda p: jpeg(p.resize((p.width // 2, p.height // 2)))),
    ("re-entry, border of 5 pixels", "O", lambda p: jpeg(with_border(np.asarray(p), 5, (255, 255, 255)), 92)),
    ("re-entry, cropped by 5 % a side", "O", lambda p: jpeg(_cropped(p))),
    ("re-entry, mirrored", "O", lambda p: jpeg(ImageOps.mirror(p))),
    ("re-entry, monochrome", "M", lambda p: jpeg(grey(p))),
    ("re-entry, toned", "M", lambda p: jpeg(sepia(p))),
    ("re-entry, mirrored, cropped and monochrome", "M", lambda p: jpeg(grey(ImageOps.mirror(_cropped(p))))),
)


class _Making:
    """Gives out pictures, titles and the entrants' next numbers."""

    def __init__(self, folder: Path, sources: list[Path], entrants: int, seed: int) -> None:
        self.club = Club(folder / "entries", folder / "rules.toml")
        self.archive = folder / "earlier"
        self.chance = random.Random(seed)
        self.pictures = tiles(sources)
        titles = [f"{first} {second}" for first in _FIRST for second in _SECOND]
        self.chance.shuffle(titles)
        self.titles = iter(titles)
        # three entries of a section each, in turn, so that many entrants have one before any has two
        self.places = {
            section: iter([(member, number) for number in (1, 2, 3) for member in range(1, entrants + 1)])
            for section in "OM"
        }
        self.club.photos.mkdir(parents=True)
        self.club.registry.write_text(REGISTRY, encoding="utf-8")

    def name(self, section: str, title: str | None = None) -> str:
        """The file name of the next free place in a section."""
        member, number = next(self.places[section])
        return f"{section}{number} {title or next(self.titles)} by Member {member:03d}.jpg"

    def write(self, name: str, data: bytes) -> str:
        """Put an entry into the folder."""
        assert not (self.club.photos / name).exists()
        (self.club.photos / name).write_bytes(data)
        return name

    def plant(self, name: str, data: bytes, kind: str, *rules: str) -> None:
        """Put a faulty entry into the folder."""
        self.club.planted.append(Planted(self.write(name, data), kind, rules))


def make_club(folder: Path, sources: list[Path], entrants: int, entries: int, of_each: int, seed: int = 1) -> Club:
    """A club of `entries` entries with each kind of fault planted `of_each` times; the rest is clean."""
    making = _Making(folder, sources, entrants, seed)
    for _ in range(of_each):
        for kind, section, change, rules in _PICTURE_FAULTS:
            making.plant(making.name(section), change(next(making.pictures)), kind, *rules)
        _re_entries(making)
        _words(making)
        _twice(making)
    _clean(making, entries - of_each)
    _too_many(making, of_each)
    # earlier seasons hold other pictures too
    for number, picture in zip(range(entries // 10), making.pictures, strict=False):
        (making.archive / "2024" / f"Earlier picture {number:03d}.jpg").write_bytes(jpeg(picture))
    return making.club


def _re_entries(making: _Making) -> None:
    season = making.archive / "2024"
    season.mkdir(parents=True, exist_ok=True)
    for kind, section, change in _RE_ENTRIES:
        picture = next(making.pictures)
        number = len(list(season.iterdir()))
        (season / f"Placed in the spring round {number:03d}.jpg").write_bytes(jpeg(picture))
        making.plant(making.name(section), change(picture), kind, "archive")


def _words(making: _Making) -> None:
    def plant(name: str, kind: str, *rules: str) -> None:
        making.plant(name, jpeg(next(making.pictures)), kind, *rules)

    plant(making.name("O", "The Longest Title That Anybody Ever Gave a Picture"), "title too long", "title_max_chars")
    plant(making.name("O", f"DSC0{making.chance.randrange(1000, 9999)}"), "camera's name as title",
          "no_camera_name_as_title")  # fmt: skip
    name = making.name("O")
    member = name.rsplit(" by ", 1)[1].removesuffix(".jpg")
    plant(name.replace(" by ", f", {member} by ", 1), "entrant's name in the title", "no_entrant_name_in_title")
    name = making.name("O")
    plant(name.replace(" by ", "_", 1), "file name without the scheme", "filename_pattern")
    name = making.name("O")
    plant("X" + name[1:], "section that there is not", "filename_pattern", "section")


def _twice(making: _Making) -> None:
    data = jpeg(next(making.pictures))
    # of two equal files the first by name stays
    first, second = sorted((making.name("O"), making.name("O")))
    making.club.clean.append(making.write(first, data))
    making.plant(second, data, "the same file of another entrant", "no_exact_duplicates")
    picture = next(making.pictures)
    making.plant(making.name("O"), jpeg(picture), "two versions entered", "no_near_duplicates")
    making.plant(making.name("M"), jpeg(grey(picture)), "two versions entered", "no_near_duplicates")


def _clean(making: _Making, entries: int) -> None:
    """Colour in Open; neutral, toned, and toned with a border of its tone in Monochrome."""
    monochrome = (grey, sepia, lambda picture: with_border(sepia(picture), 4, (97, 81, 57)))
    for number, picture in enumerate(making.pictures):
        if len(making.club.planted) + len(making.club.clean) >= entries:
            return
        section = "OM"[number % 2]
        change = monochrome[number // 2 % 3] if section == "M" else np.asarray
        making.club.clean.append(making.write(making.name(section), jpeg(change(picture), 92)))
    raise ValueError("more photographs are needed for so many entries")


def _too_many(making: _Making, count: int) -> None:
    """A fourth entry of entrants who have three in Open that can be read and follow the scheme of names."""
    lost = {"unreadable", "filename_pattern"}
    images = [one.image for one in making.club.planted if not lost & set(one.rules)] + making.club.clean
    numbers: dict[str, set[str]] = defaultdict(set)
    for image in images:
        if image.startswith("O"):
            numbers[image.rsplit(" by ", 1)[1]].add(image[1])
    full = [member for member, own in sorted(numbers.items()) if own == {"1", "2", "3"}]
    for member in full[-count:]:
        name = f"O4 {next(making.titles)} by {member}"
        making.plant(name, jpeg(next(making.pictures)), "a fourth entry in the section", "entries_per_section")
