"""Copies of photographs with XMP inside, by ExifTool.

ExifTool and not a library of ours: it writes into every format that photographers use, keeps what other programs wrote
into the file, and leaves the picture's data alone. It is asked for only where copies are wanted.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from judge_vision.exports.named import write_named
from judge_vision.exports.text import one_line
from judge_vision.failure import UserError

# What ExifTool goes by: it refuses a PNG that is called .jpg.
_SUFFIXES = {
    "JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "WEBP": ".webp", "HEIC": ".heic", "AVIF": ".avif", "JXL": ".jxl",
    "GIF": ".gif",
}  # fmt: skip
_FIELDS = ("-XMP-xmp:Rating", "-XMP-xmp:Label", "-XMP-dc:Title", "-XMP-dc:Description")
_SECONDS = 120


def exiftool() -> str:
    """The path of ExifTool. Raises UserError where it is not installed."""
    found = shutil.which("exiftool")
    if found is None:
        raise UserError(
            "xmp.embed_copies needs ExifTool, which is not installed: apt install libimage-exiftool-perl, "
            "or brew install exiftool; or leave xmp.embed_copies out: sidecars need nothing"
        )
    return found


def embedded_copy(program: str, data: bytes, file_format: str, suffix: str, packet: bytes, target: Path) -> str | None:
    """Write a copy of the photograph `data` with the fields of `packet` to `target`; None, or why there is no copy.

    Other metadata stays as it is. `suffix` is that of the photograph's own name, for camera RAW. No text from outside
    is on ExifTool's command line: it sees two files with names of ours.
    """
    ours = _SUFFIXES.get(file_format) or (suffix.lower() if re.fullmatch(r"\.[A-Za-z0-9]{1,5}", suffix) else ".bin")
    with tempfile.TemporaryDirectory(prefix="judge-vision-") as folder:
        copy, sidecar = Path(folder, f"copy{ours}"), Path(folder, "facts.xmp")
        copy.write_bytes(data)
        sidecar.write_bytes(packet)
        # an empty -config, which has to come first: no configuration of the user's, which may run code
        command = [program, "-config", "", "-q", "-overwrite_original", "-tagsfromfile", str(sidecar), *_FIELDS]
        try:
            done = subprocess.run(
                [*command, str(copy)], capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return f"no copy: ExifTool took longer than {_SECONDS} s"
        if done.returncode != 0:
            said = one_line((done.stderr or done.stdout).replace(str(copy), "the file"))
            return f"no copy: ExifTool says: {said[:200]}"
        problem = write_named(target, copy.read_bytes())
    return f"no copy: {problem}" if problem else None
