"""Make one folder of PNG files, long side at most 1600, of the photographs in (more_)photographs.json.

Reads the packages unpacked by get_photographs.sh and the pictures that scikit-image's wheel ships; writes
FOLDER/photographs/NAME.png and FOLDER/INDEX.tsv (path, package, licence, is_photograph, split).
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import skimage.data
from PIL import Image

LISTS = [Path(__file__).with_name(name) for name in ("photographs.json", "more_photographs.json")]
LONG_SIDE = 1600


def resource_pictures(path: Path) -> list[Image.Image]:
    """The opaque WebP pictures of at least 300 pixels a side in a Qt resource file, in order."""
    content = path.read_bytes()
    pictures = []
    start = content.find(b"WEBPVP8")
    while start >= 0:
        begin = start - 8
        if content[begin : begin + 4] == b"RIFF":
            length = int.from_bytes(content[begin + 4 : begin + 8], "little") + 8
            picture = Image.open(io.BytesIO(content[begin : begin + length]))
            if picture.mode == "RGB" and min(picture.size) >= 300:
                pictures.append(picture)
        start = content.find(b"WEBPVP8", start + 7)
    return pictures


def read(entry: dict[str, str], unpacked: Path, resources: dict[Path, list[Image.Image]]) -> Image.Image:
    """The picture of one line of the list."""
    if entry["package"] == "scikit-image":
        return Image.open(Path(skimage.data.__file__).parent / entry["path"])
    name, _, number = entry["path"].partition("#")
    path = unpacked / entry["package"] / name
    if not number:
        return Image.open(path)
    if path not in resources:
        resources[path] = resource_pictures(path)
    return resources[path][int(number)]


def main() -> None:
    """Prepare all photographs of the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the folder given to get_photographs.sh")
    folder = parser.parse_args().folder
    (folder / "photographs").mkdir(parents=True, exist_ok=True)
    resources: dict[Path, list[Image.Image]] = {}
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
