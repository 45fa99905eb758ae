"""Settings of the listing and of preparation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ListingSettings:
    """What counts as a photograph in the folder."""

    sidecar_suffixes: tuple[str, ...] = (
        ".xmp", ".json", ".txt", ".md", ".csv", ".tsv", ".toml", ".yaml", ".yml", ".xml", ".html", ".htm",
        ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ods", ".parquet", ".ini", ".log", ".zip", ".lrcat",
        ".pp3", ".dop", ".cos", ".on1", ".acr", ".thm", ".aae", ".mp4", ".mov", ".avi", ".wav",
    )  # fmt: skip
    """Files that lie beside photographs and are none, by the ending of their names, in lower case."""
    follow_links: bool = False
    """Follow symbolic links that lead out of the photo folder. Off: a link could bring in any file of the machine."""


@dataclass(frozen=True)
class PrepareSettings:
    """Limits for one photograph, and the choices in making 8-bit sRGB of it."""

    max_pixels: int = 200_000_000
    """Most pixels, by the header, before anything is decoded. The largest cameras give 151 million."""
    max_file_bytes: int = 1_000_000_000
    """Largest file, bytes. A 16-bit TIFF of 151 million pixels has 906 million bytes."""
    timeout_s: float = 120.0
    """Seconds for one photograph. 100 million pixels take about 10 s on a slow machine."""
    memory_mb: int = 3000
    """Memory that one decoding process may add, MB. 100 million pixels need about 1,000, at 16 bits about 2,000."""
    raw_preview_min_share: float = 0.5
    """A camera RAW's embedded preview is used if its longer side is at least this share of the picture's: the preview
    is what the camera made of the exposure. A smaller one would hide blur, so the RAW is developed instead."""
    alpha_background: int = 255
    """Grey level, 0 to 255, that shows through transparent pixels. White, like paper and most browsers."""
    thumbnail_side_px: int = 480
    """Longer side of the thumbnails that the page shows, some 30 kB each; 0: none."""
    preview_side_px: int = 1600
    """Longer side of the picture on a photograph's page, some 300 kB each; 0: none. Large enough to see whether a
    photograph is sharp, and all of an entry within the usual 1600 x 1200. Packed runs (json.pack_above) make none."""
    preview_quality: int = 85
    """JPEG quality of that picture, 1 to 95."""

    def __post_init__(self) -> None:
        """Raise ValueError for a limit that would refuse every photograph."""
        for name in ("max_pixels", "max_file_bytes", "timeout_s", "memory_mb"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be more than 0")
        for name in ("thumbnail_side_px", "preview_side_px"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be less than 0")
        if not 0 <= self.raw_preview_min_share <= 1:
            raise ValueError("raw_preview_min_share must be 0 to 1")
        if not 1 <= self.preview_quality <= 95:
            raise ValueError("preview_quality must be 1 to 95")
        if not 0 <= self.alpha_background <= 255:
            raise ValueError("alpha_background must be 0 to 255")
