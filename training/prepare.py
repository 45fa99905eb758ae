"""Make one folder of PNG files, long side at most 1600, of the photographs in the three lists.

Reads the packages unpacked by get_photographs.sh and the pictures that scikit-image's wheel ships; writes
FOLDER/photographs/NAME.png and FOLDER/INDEX.tsv (path, package, licence, is_photograph, split).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
from pathlib import Path

import skimage.data
from PIL import Image

NAMES = ("photographs.json", "more_photographs.json", "further_photographs.json")
LISTS = [Path(__file__).with_name(name) for name in NAMES]
LONG_SIDE = 1600
SIDES = {"#": 300, "@": 200}  # shorter side from which on pictures of a resource file count


def resource_pictures(path: Path, least: int) -> list[Image.Image]:
    """The opaque WebP pictures of at least `least` pixels a side in a Qt resource file, in order."""
    content = path.read_bytes()
    pictures = []
    start = content.find(b"WEBPVP8")
    while start >= 0:
        begin = start - 8
        if content[begin : begin + 4] == b"RIFF":
            length = int.from_bytes(content[begin + 4 : begin + 8], "little") + 8
            picture = Image.open(io.BytesIO(content[begin : begin + length]))
            if picture.mode == "RGB" and min(picture.size) >= least:
                pictures.append(picture)
        start = content.find(b"WEBPVP8", start + 7)
    return pictures


def largest_jpeg(path: Path) -> Image.Image:
    """The JPEG with most pixels in a file that holds several."""
    content = path.read_bytes()
    pictures = []
    for found in re.finditer(b"\xff\xd8\xff", content):
        with contextlib.suppress(OSError):
            pictures.append(Image.open(io.BytesIO(content[found.start() :])))
    return max(pictures, key=lambda picture: picture.width * picture.height)


def read(entry: dict[str, str], unpacked: Path, resources: dict[str, list[Image.Image]]) -> Image.Image:
    """The picture of one line of a list: a file, the largest in an Enlightenment theme, or one in a Qt resource."""
    if entry["package"] == "scikit-image":
        return Image.open(Path(skimage.data.__file__).parent / entry["path"])
    path = unpacked / entry["package"] / re.split("[#@]", entry["path"])[0]
    if path.suffix == ".edj":
        return largest_jpeg(path)
    if path.suffix != ".rcc":
        return Image.open(path)
    separator, number = re.findall("([#@])([0-9]+)$", entry["path"])[0]
    key = f"{path}{separator}"
    if key not in resources:
        resources[key] = resource_pictures(path, SIDES[separator])
    return resources[key][int(number)]


def main() -> None:
    """Prepare all photographs of the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the folder given to get_photographs.sh")
    folder = parser.parse_args().folder
    (folder / "photographs").mkdir(parents=True, exist_ok=True)
    resources: dict[str, list[Image.Image]] = {}
    lines = ["path\tpackage\tlicence\tis_photograph\tsplit"]
    for entry in (entry for part in LISTS for entry in json.loads(part.read_text())["photographs"]):
        picture = read(entry, folder / "unpacked", resources).convert("RGB")
        picture.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
        path = folder / "photographs" / f"{entry['name']}.png"
        picture.save(path, compress_level=1)
        lines.append(f"{path}\t{entry['package']}\t{entry['licence']}\ttrue\t{entry['split']}")
    (folder / "INDEX.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
