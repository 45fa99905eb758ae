"""TIFFs whose samples decoders take for others: mended where their tags tell how, else refused.

In planes (PlanarConfiguration 2; Photoshop calls it Per Channel) all samples of a channel lie together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, ImageFile

from judge_vision.failure import ErrorType, PhotographError

Tags = Mapping[int, Any]

_RGB, _SEPARATED = 2, 5  # PhotometricInterpretation
# Modes that come out right of compressed and of uncompressed planes; found by comparing with known pixels.
_COMPRESSED = frozenset({"L", "I;16", "I;16B", "RGB", "RGBX", "RGBA", "RGBa", "CMYK"})
_UNCOMPRESSED = frozenset({("RGB", 8), ("RGB", 16), ("RGBA", 8), ("RGBA", 16), ("CMYK", 8)})


def mend_samples(image: ImageFile.ImageFile) -> None:
    """Make `image`, a TIFF that is open and not yet decoded, read its samples as they lie in the file.

    Raises PhotographError where they would come out garbled.
    """
    if image.mode == "F" and by_libtiff(image):
        # libtiff hands them over in the order of this machine; Pillow expects that of the file
        image.tile = [with_rawmode(tile, "F;32NF") for tile in image.tile]
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    if not in_planes(tags):
        return
    if by_libtiff(image):
        right = image.mode in _COMPRESSED
    else:
        as_named = tags.get(ExifTags.Base.PhotometricInterpretation) in (_RGB, _SEPARATED)
        whole = {rawmode_of(tile) for tile in image.tile} == set(image.mode)
        right = as_named and whole and (image.mode, depth_of(tags)) in _UNCOMPRESSED
    if not right:
        raise planes_refused()
    if depth_of(tags) == 16 and not by_libtiff(image):
        # Pillow names a plane by its channel alone, which stands for 8 bits
        order = "L" if tags.prefix == b"II" else "B"
        image.tile = [with_rawmode(tile, f"{rawmode_of(tile)};16{order}") for tile in image.tile]


def in_planes(tags: Tags) -> bool:
    """Whether a TIFF with these tags has several channels, each stored by itself."""
    return bool(tags.get(ExifTags.Base.PlanarConfiguration) == 2 and tags.get(ExifTags.Base.SamplesPerPixel, 1) != 1)


def high_bytes_only(image: ImageFile.ImageFile) -> bool:
    """Whether libtiff's planes are read, of which Pillow can have the high byte of each sample only."""
    tags: Any = getattr(image, "tag_v2", {})
    return in_planes(tags) and by_libtiff(image) and depth_of(tags) > 8 and not image.mode.startswith("I;16")


def by_libtiff(image: ImageFile.ImageFile) -> bool:
    """Whether libtiff reads the samples, as it does where they are compressed."""
    return any(tile.codec_name == "libtiff" for tile in image.tile)


def depth_of(tags: Tags) -> int:
    """Bits of a sample."""
    depths = tags.get(ExifTags.Base.BitsPerSample, 1)
    return max(depths) if isinstance(depths, tuple) else int(depths)


def planes_refused() -> PhotographError:
    """The failure of a photograph that is stored in planes which no decoder here reads right."""
    return PhotographError(
        ErrorType.UNSUPPORTED,
        "this TIFF stores each channel by itself, in a kind that cannot be read here; save it with its channels "
        "interleaved (in Photoshop: Pixel Order, Interleaved)",
    )


def rawmode_of(tile: ImageFile._Tile) -> str:
    """How the samples of a part of the file lie, in Pillow's words."""
    return str(tile.args[0] if isinstance(tile.args, tuple) else tile.args)


def with_rawmode(tile: ImageFile._Tile, rawmode: str) -> ImageFile._Tile:
    """The same part of the file, its samples read in another way."""
    return tile._replace(args=(rawmode, *tile.args[1:]) if isinstance(tile.args, tuple) else rawmode)
