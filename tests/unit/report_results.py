"""A results folder as a finished run leaves it, of any size and with any text, for the tests of the page.

The records go through the same job and merge code as a run's; the figures are drawn from a seeded generator.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from judge_vision.config import Config
from judge_vision.failure import ErrorType, PhotographError
from judge_vision.records import paths, store
from judge_vision.records.steps import STEPS
from judge_vision.workflow.manifest import write_manifest
from judge_vision.workflow.merge import merge
from judge_vision.workflow.shard import Item, Outcome, ShardJob

Record = dict[str, Any]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "photos"
SUBJECTS = ("Heron at dawn", "Coal tip", "The last tram", "Frost on the wire", "Two ferries", "Harbour stairs")
AUTHORS = ("M. Okafor", "J. Lindqvist", "P. Marsh", "S. Duarte")
SUMMARY = "Balanced contrast, even exposure, no clipping."
MONO = {
    "pass": ("neutral", "neutral", "The picture has no colour: chroma stays below 2 everywhere."),
    "query": ("toned", "split_tone", "The tone of the shadows differs from that of the highlights by 31 degrees."),
    "fail": ("not_mono", "multi_colour", "Colour off the tone curve covers 47 % of the picture."),
}


def photographs(count: int, unrated: bool = True) -> list[Record]:
    """`count` photographs as figures per step, the thirteenth of each hundred failed."""
    dice = random.Random(20240229)
    return [_photograph(number, dice, unrated) for number in range(count)]


def _photograph(number: int, dice: random.Random, unrated: bool) -> Record:
    name = f"{SUBJECTS[number % len(SUBJECTS)]} {number:04d}"
    sha256 = hashlib.sha256(f"photograph {number}".encode()).hexdigest()
    verdict = dice.choices(("fail", "pass", "query"), (6, 3, 1))[0]
    mode, code, reason = MONO[verdict]
    broken = dice.random() < 0.15
    facts = {
        "sha256": sha256, "width": 1600, "height": 1067 if number % 3 else 1200,
        "format": "JPEG" if number % 7 else "PNG",
        "bytes": dice.randrange(200_000, 5_000_000), "exif_present": bool(number % 4), "camera": "Fuji X100V",
        "taken_at": f"2024-0{number % 9 + 1}-11T08:30:00", "software": "darktable 4.6", "digital_source_type": None,
        "c2pa_present": False, "colour_space": "sRGB", "bit_depth": 8, "orientation": 6,
        "notes": ["Turned upright by its EXIF orientation."],
    }  # fmt: skip
    share = dice.betavariate(4, 3)
    tonal = {
        "mean_luma": share, "contrast": dice.uniform(0.05, 0.4), "edge_density": dice.betavariate(2, 12),
        "saturation": dice.betavariate(2, 4), "mean_luminance": share, "dynamic_range": dice.betavariate(8, 2),
        "histogram_centre": share, "clip_low_percent": dice.expovariate(0.6),
        "clip_high_percent": dice.expovariate(0.9),
        "local_contrast": dice.uniform(0.01, 0.3), "mid_tone_range": dice.betavariate(4, 4), "tonal_summary": SUMMARY,
        "light_notes": ["Low saturation: 0.08."] if number % 5 == 0 else [],
        "histogram": [(number * 31 + bin_ * bin_) % 97 for bin_ in range(128)],
    }  # fmt: skip
    iqa = {
        "nima_aesthetic_mean": dice.gauss(5.2, 0.5), "nima_aesthetic_std": dice.gauss(1.5, 0.1),
        "nima_technical_mean": dice.gauss(4.9, 0.6), "nima_technical_std": dice.gauss(1.7, 0.1),
        "musiq_mos": min(99.0, max(1.0, dice.gauss(60, 11))), "model_bundle": "embedded 1" if unrated else "official 1",
        "human_ratings": not unrated, "iqa_engine": "batch", "musiq_max_side": 1024,
    }  # fmt: skip
    mono = {
        "mono_verdict": verdict, "mono_mode": mode, "mono_reason": reason, "mono_reason_code": code,
        "dominant_tone": "sepia" if verdict == "query" else None, "chroma_p99": dice.uniform(0, 60),
    }  # fmt: skip
    size = "The picture is 1600x1067; at most 1400x1050 is allowed." if broken else "The picture fits into 1600x1200."
    findings = [
        {"rule": "max_size", "severity": "reject", "status": "does_not_comply" if broken else "complies",
         "measured": [1600, 1067], "limit": [1400, 1050] if broken else [1600, 1200], "sentence": size},
        {"rule": "text_rules.manipulation", "severity": "warn", "status": "needs_person", "measured": None,
         "limit": "No generative fill.", "sentence": "No generative fill."},
    ]  # fmt: skip
    compliance = {
        "compliance_passed": not broken, "compliance_issues": [size] if broken else [], "compliance_warnings": [],
        "title": name, "category": ("Open", "Nature")[number % 2], "author": AUTHORS[number % len(AUTHORS)],
        "findings": findings, "needs_person": ["No generative fill."], "fixes": [], "corrected_copy": None,
        "corrected_changes": [], "member": None, "number": None, "section": None, "perceptual_hash": "0" * 16,
    }  # fmt: skip
    unreadable = PhotographError(ErrorType.TRUNCATED, "The file ends before the picture does.", sha256)
    return {
        "image": f"round {number % 3 + 1}/{name}.jpg", "extra": {"medal": "bronze"},
        "prepare": unreadable if number % 100 == 13 else facts,
        "iqa": iqa, "tonal": tonal, "mono": mono, "compliance": compliance,
    }  # fmt: skip


def write(
    results: Path, made: list[Record], set_findings: dict[str, list[Record]] | None = None, per_job: int = 256
) -> None:
    """Write the results folder `results`, which must be the working directory, with everything but the page."""
    entries = [{"image": one["image"], "path": one["image"], **one["extra"]} for one in made]
    entries.sort(key=lambda entry: entry["image"])
    store.write_bytes(paths.INVENTORY, "".join(store.canonical_json(entry) + "\n" for entry in entries).encode())
    shards = write_manifest(paths.INVENTORY, per_job)["shards"]
    by_image = {one["image"]: one for one in made}
    for rule in STEPS:
        unrated = any(one["iqa"]["human_ratings"] is False for one in made)
        settings = {"bundle": bundle(unrated), "max_side": 1024} if rule == "iqa" else {"limit": {"low": 0.02}}
        store.write_json(
            results / paths.settings_file(rule),
            {"settings": settings, "libraries": {"numpy": "1.26.4"}, "code": "c0de" * 16, "measured_by": "0" * 64},
        )
        for shard in shards:
            _run(rule, shard, by_image)
    for rule in ("merge", "report"):
        store.write_json(results / paths.settings_file(rule), {"settings": {}, "code": "c0de" * 16})
    store.write_json(paths.ENTRIES, set_findings or {})
    store.write_json(paths.RUN_CONFIG, Config().model_dump(mode="json"))
    store.write_json(paths.SKIPPED, {"sidecar": 3, "hidden": 0})
    for one in made:
        if not isinstance(one["prepare"], PhotographError):
            _pictures(one["prepare"]["sha256"], one["mono"]["mono_verdict"])
    merge()


def _run(rule: str, shard: str, by_image: dict[str, Record]) -> None:
    job = ShardJob(rule, shard)
    items = job.items() if rule != "prepare" else [Item(entry["image"], entry) for entry in job.entries()]

    def measure(pending: list[Item]) -> Iterator[tuple[Item, Outcome]]:
        for item in pending:
            yield item, by_image[item.image].get(rule, {})

    job.run(items, measure, lambda item: store.digest([rule, item.image]))


def _pictures(sha256: str, verdict: str) -> None:
    choice = int(sha256[:8], 16)
    for folder, jpegs in ((paths.THUMBNAILS, thumbnails(480)), (paths.PREVIEWS, thumbnails(1600))):
        store.write_bytes(paths.by_content(folder, sha256, ".jpg"), jpegs[choice % len(jpegs)], durable=False)
    if verdict != "pass":
        store.write_bytes(paths.by_content(paths.HEAT_MAPS, sha256, ".png"), _heat_map(), durable=False)


@cache
def thumbnails(side_px: int = 480) -> list[bytes]:
    """The example photographs with longer sides of at most so many pixels, as JPEG."""
    found = []
    for path in sorted(EXAMPLES.rglob("*.jpg")):
        with Image.open(path) as picture:
            picture.thumbnail((side_px, side_px))
            buffer = io.BytesIO()
            picture.convert("RGB").save(buffer, "JPEG", quality=82)
            found.append(buffer.getvalue())
    return found


@cache
def _heat_map() -> bytes:
    ramp = np.linspace(0, 255, 300).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(
        np.dstack([np.tile(ramp, (200, 1)), np.zeros((200, 300), np.uint8), np.tile(ramp[::-1], (200, 1))])
    ).save(buffer, "PNG")
    return buffer.getvalue()


def bundle(unrated: bool) -> Record:
    """A bundle as the table's metadata describes it."""
    name, training = ("embedded", "synthetic distortions") if unrated else ("official", "AVA")
    model = {"format": "nima-hdf5", "sha256": "ab" * 32, "training_data": training, "human_ratings": not unrated}
    return {
        "name": name, "version": "1", "description": f"Networks trained on {training}.", "human_ratings": not unrated,
        "models": {"nima_aesthetic": model, "nima_technical": model, "musiq": {**model, "score_range": [0, 100]}},
    }  # fmt: skip


def page_data(page: Path) -> Any:
    """The data inside a page, as its script reads it."""
    text = page.read_text(encoding="utf-8")
    start = text.index('id="data">') + len('id="data">')
    return json.loads(text[start : text.index("</script>", start)])
