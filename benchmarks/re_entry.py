"""How often an earlier picture is found again: versions of real photographs, as a table in Markdown.

python benchmarks/re_entry.py [FOLDER] [--scale 20000]
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import argparse
import io
import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from judge_vision.compliance.re_entry import entry_hashes, matches, picture_hashes
from judge_vision.compliance.rules import Rules

PHOTOGRAPHS = ROOT / "tests" / "data" / "photographs"
MAX_BITS = Rules().archive_max_bits
Pixels = npt.NDArray[np.uint8]


def _border(width: int, colour: tuple[int, int, int]) -> Callable[[Image.Image], Image.Image]:
    return lambda picture: ImageOps.expand(picture, width, colour)


def _crop(left: float, top: float, right: float, bottom: float) -> Callable[[Image.Image], Image.Image]:
    def crop(picture: Image.Image) -> Image.Image:
        w, h = picture.size
        return picture.crop((round(left * w), round(top * h), w - round(right * w), h - round(bottom * h)))

    return crop


def _toned(picture: Image.Image) -> Image.Image:
    g = np.asarray(picture.convert("L"))[..., None] / 255.0
    return Image.fromarray(np.rint(255 * np.concatenate([g**0.8, g**0.95, g**1.25], axis=2)).astype(np.uint8))


def _red_filter(picture: Image.Image) -> Image.Image:
    red, _, blue = (np.asarray(band, dtype=float) for band in picture.split())
    return Image.fromarray(np.clip(1.1 * red - 0.1 * blue, 0, 255).astype(np.uint8)).convert("RGB")


def _all_at_once(picture: Image.Image) -> Image.Image:
    small = _crop(0.05, 0.05, 0.05, 0.05)(ImageOps.mirror(picture)).convert("L").convert("RGB")
    return _border(15, (255, 255, 255))(small.resize((small.width // 2, small.height // 2)))


VERSIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "retitled, saved again as JPEG 85": lambda picture: picture,
    "resized to 40 %": lambda p: p.resize((p.width * 2 // 5, p.height * 2 // 5), Image.Resampling.LANCZOS),
    "white border of 10 pixels": _border(10, (255, 255, 255)),
    "black border of 40 pixels": _border(40, (0, 0, 0)),
    "sepia border of 25 pixels": _border(25, (160, 130, 90)),
    "cropped by 5 % on each side": _crop(0.05, 0.05, 0.05, 0.05),
    "cropped by 5 % on the right": _crop(0, 0, 0.05, 0),
    "cropped by 5 % on the left and at the top": _crop(0.05, 0.05, 0, 0),
    "cropped by 2.5 % on each side": _crop(0.025, 0.025, 0.025, 0.025),
    "mirrored": ImageOps.mirror,
    "monochrome": lambda picture: picture.convert("L").convert("RGB"),
    "monochrome through a red filter": _red_filter,
    "toned": _toned,
    "mirrored, cropped, monochrome, half size, bordered": _all_at_once,
}


def thumbnail(picture: Image.Image) -> Pixels:
    """What the workflow hashes: 480 pixels, through JPEG."""
    small = picture.convert("RGB")
    small.thumbnail((480, 480), Image.Resampling.LANCZOS)
    return np.asarray(through_jpeg(small, 82))


def through_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """The picture after saving it as JPEG."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def measure(paths: list[Path]) -> tuple[dict[str, list[int | None]], list[int], int]:
    """By version, the bits by which each photograph was off (None: not found); false pairs by bits; pairs in all."""
    photographs = [Image.open(path).convert("RGB") for path in paths]
    archive = np.stack([picture_hashes(thumbnail(picture)) for picture in photographs])
    own: dict[str, list[int | None]] = {}
    wrong: list[int] = []
    for name, change in VERSIONS.items():
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            hashed = pool.map(
                lambda one, change=change: entry_hashes(thumbnail(through_jpeg(change(one), 85))), photographs
            )
        entries = np.stack(list(hashed))
        found = {(match.entry, match.earlier): match.bits for match in matches(entries, archive, MAX_BITS)}
        own[name] = [found.get((place, place)) for place in range(len(paths))]
        wrong += [bits for (entry, earlier), bits in found.items() if entry != earlier]
    return own, wrong, len(VERSIONS) * len(paths) * (len(paths) - 1)


def scale(pictures: int, entries: int = 300) -> None:
    """Time and memory of looking up 300 entries among many pictures."""
    chance = np.random.default_rng(1)
    archive = chance.integers(0, 256, (pictures, 16, 32), dtype=np.uint8)
    own = chance.integers(0, 256, (entries, 2, 16, 32), dtype=np.uint8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    matches(own, archive, MAX_BITS)
    seconds, peak = time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{entries} entries among {pictures:,} pictures: {seconds:.1f} s of processor time, peak {peak / 1e3:.0f} MB "
          f"({(peak - before) / 1e3:.0f} MB for the search, {archive.nbytes / 1e6:.0f} MB of hashes)")  # fmt: skip


def main() -> None:
    """Print the table for the photographs of a folder, and the search at scale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=PHOTOGRAPHS)
    parser.add_argument("--scale", type=int)
    arguments = parser.parse_args()
    if arguments.scale:
        scale(arguments.scale)
        return
    own, wrong, pairs = measure(sorted(arguments.folder.glob("*.jpg")))
    print("| Version | Found | Bits apart, greatest of those found |\n| --- | --- | --- |")
    for name, bits in own.items():
        known = [one for one in bits if one is not None]
        print(f"| {name} | {len(known)} of {len(bits)} | {max(known)} |")
    every = [one for bits in own.values() for one in bits]
    print(f"| all | {sum(one is not None for one in every) / len(every):.1%} of {len(every)} | |")
    print(f"\nUnrelated pairs within {MAX_BITS} bits: {len(wrong)} of {pairs:,}.")


if __name__ == "__main__":
    main()
