"""The configuration: one typed model. `config/*.yaml` hold its defaults with a comment for each key.

Values given on the command line (`--config`) reach us as text, as YAML or as numbers that were meant as text; they are
read leniently where the meaning is certain and refused with a hint where it is not.
"""

from __future__ import annotations

import dataclasses
import difflib
import typing
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from judge_vision.calibration.settings import CalibrationSettings
from judge_vision.compliance.borders import BorderSettings
from judge_vision.critique.prompts import is_shipped
from judge_vision.critique.settings import RequestSettings, Stage2Settings
from judge_vision.engines.settings import ServiceSettings
from judge_vision.exports.settings import ContactSheetSettings, ReportSettings, XmpSettings
from judge_vision.failure import UserError
from judge_vision.metrics.light import LightSettings
from judge_vision.metrics.mono import MonoSettings
from judge_vision.metrics.tonal import TonalSettings
from judge_vision.photograph.settings import ListingSettings, PrepareSettings
from judge_vision.ranking.settings import PlayoffSettings, RankingSettings
from judge_vision.records import paths


def _path_text(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    raise ValueError(f"was read as the {type(value).__name__} {value!r}; write it with a slash, as in ./2024_05")


PathText = Annotated[str, BeforeValidator(_path_text)]


class Section(BaseModel):
    """A mapping in the configuration; immutable once read."""

    # the settings classes of the rooms, which stand in sections, follow it too: every number is finite
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Models(Section):
    """Which networks score."""

    bundle: PathText = "embedded"
    root: PathText | None = None


class Musiq(Section):
    """How MUSIQ runs."""

    backend: Literal["native", "tfhub"] = "native"
    variant: Literal["spaq", "koniq", "paq2piq", "ava"] = "spaq"


class Iqa(Section):
    """How the networks run."""

    max_side: int = Field(default=1024, ge=32)
    batch_size: int = Field(default=16, ge=1)
    engine: Literal["batch", "service", "remote"] = "batch"
    use_service: bool = True
    use_container: bool = True
    use_host: bool = True
    runtime: Literal["docker", "podman"] | None = None
    gpu: bool = False


class Compliance(Section):
    """Which competition's rules apply."""

    registry: PathText | None = None
    competition: str | None = None
    rulings: PathText | None = None


class CompetitionRun(Section):
    """From the judge's pack to the results."""

    seed: int = 1
    titles: bool = True
    pack_side_px: int = Field(default=3840, ge=200)
    marks: PathText | None = None
    rounds: list[PathText] = []


class CacheLimit(Section):
    """How much is kept of what was measured."""

    max_mb: int = Field(default=2000, ge=0)


class FirstRates(Section):
    """What a photograph takes, for the estimate of a first run."""

    prepare_s: float = Field(default=0.15, ge=0)
    iqa_s: float = Field(default=0.5, ge=0)
    metric_s: float = Field(default=0.1, ge=0)
    compliance_s: float = Field(default=0.05, ge=0)
    start_s: float = Field(default=3.0, ge=0)


class Json(Section):
    """How records are kept."""

    pack_above: int = Field(default=100_000, ge=0)


class Containers(Section):
    """Images for rules that can run in a container."""

    iqa: PathText = "docker://localhost/judge-vision/iqa:latest"


# A folder in an S3 bucket.
Address = Annotated[str, Field(pattern=r"^s3://[^/{}]+/[^{}]*[^/{}]$")]


class Bucket(Section):
    """What lies in object storage."""

    photos: Address | None = None
    results: Address | None = None


class Jobs(Section):
    """What one job asks of the machine."""

    iqa_threads: int = Field(default=2, ge=1)
    host_threads: int = Field(default=2, ge=1)
    iqa_gres: str | None = Field(default=None, pattern=r"^gpu(:[A-Za-z0-9_.]+)?(:[1-9][0-9]*)?$")


# pydantic's models have a deprecated method of this name, which nobody here calls
warnings.filterwarnings("ignore", message='Field name "json" in "Config" shadows')


class Config(Section):
    """All settings of a run. The keys are documented in `config/config.yaml` and `config/thresholds.yaml`."""

    photos: PathText = "examples/photos"
    list: PathText | None = None
    results: PathText = "results"
    strict: bool = False
    photographs_per_job: int = Field(default=256, ge=1)
    json: Json = Json()  # type: ignore[assignment]
    models: Models = Models()
    musiq: Musiq = Musiq()
    iqa: Iqa = Iqa()
    service: ServiceSettings = ServiceSettings()
    compliance: Compliance = Compliance()
    cache: CacheLimit = CacheLimit()
    first_rates: FirstRates = FirstRates()
    competition: CompetitionRun = CompetitionRun()
    containers: Containers = Containers()
    jobs: Jobs = Jobs()
    bucket: Bucket = Bucket()
    report: ReportSettings = ReportSettings()
    stage2: Stage2Settings = Stage2Settings()
    stage2_requests: RequestSettings = RequestSettings()
    ranking: RankingSettings = RankingSettings()
    playoff: PlayoffSettings = PlayoffSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    xmp: XmpSettings = XmpSettings()
    contact_sheet: ContactSheetSettings = ContactSheetSettings()
    listing: ListingSettings = ListingSettings()
    prepare: PrepareSettings = PrepareSettings()
    tonal: TonalSettings = TonalSettings()
    light: LightSettings = LightSettings()
    mono: MonoSettings = MonoSettings()
    borders: BorderSettings = BorderSettings()

    def resolved(self, base: Path) -> Config:
        """The same configuration with every path absolute, relative ones taken from `base`."""

        def absolute(text: str) -> str:
            return str((base / Path(text).expanduser()).resolve())

        bundle, root = self.models.bundle, self.models.root
        image = self.containers.iqa
        return self.model_copy(
            update={
                "models": self.models.model_copy(
                    update={
                        "bundle": bundle if bundle in ("embedded", "official") else absolute(bundle),
                        "root": absolute(root) if root else None,
                    }
                ),
                "photos": absolute(f"{self.results}/{paths.ORIGINALS}" if self.bucket.photos else self.photos),
                "list": absolute(self.list) if self.list else None,
                "results": absolute(self.results),
                "stage2": dataclasses.replace(self.stage2, prompt=_template(self.stage2.prompt, absolute)),
                "playoff": dataclasses.replace(self.playoff, prompt=_template(self.playoff.prompt, absolute)),
                "ranking": dataclasses.replace(
                    self.ranking, calibration=absolute(self.ranking.calibration) if self.ranking.calibration else None
                ),
                "calibration": dataclasses.replace(
                    self.calibration, marks=absolute(self.calibration.marks) if self.calibration.marks else None
                ),
                "containers": self.containers.model_copy(update={"iqa": image if "://" in image else absolute(image)}),
                "compliance": self.compliance.model_copy(
                    update={
                        "registry": absolute(self.compliance.registry) if self.compliance.registry else None,
                        "rulings": absolute(self.compliance.rulings) if self.compliance.rulings else None,
                    }
                ),
                "competition": self.competition.model_copy(
                    update={
                        "marks": absolute(self.competition.marks) if self.competition.marks else None,
                        "rounds": [absolute(path) for path in self.competition.rounds],
                    }
                ),
                "contact_sheet": dataclasses.replace(
                    self.contact_sheet,
                    font=absolute(self.contact_sheet.font) if self.contact_sheet.font else None,
                ),
            }
        )


def read_config(raw: dict[str, Any]) -> Config:
    """`raw`, as Snakemake hands it over, as a `Config`.

    Raises UserError with one line per mistake: an unknown key with the nearest valid one, or a value out of range.
    """
    mistakes = [*_unknown_keys(raw, Config, ""), *_zero_bytes(raw, "")]
    if mistakes:
        raise UserError("\n".join(mistakes))
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            key = ".".join(str(part) for part in problem["loc"])
            message = problem["msg"].removeprefix("Value error, ")
            given = "" if "was read as" in message else f" (given: {problem['input']!r})"
            lines.append(f"config key {key}: {message[0].lower()}{message[1:]}{given}")
        raise UserError("\n".join(lines)) from None


def _template(name: str, absolute: Callable[[str], str]) -> str:
    """A prompt template's name stays one; the path of a user's own file becomes absolute."""
    return name if is_shipped(name) else absolute(name)


def field_types(model: Any) -> dict[str, Any]:
    """Name and type of each key of a section, pydantic model or settings dataclass; {} for a plain value."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        return {name: field.annotation for name, field in model.model_fields.items()}
    if dataclasses.is_dataclass(model):
        return dict(typing.get_type_hints(model))
    return {}


def _zero_bytes(raw: Any, key: str) -> typing.Iterator[str]:
    if isinstance(raw, str) and "\0" in raw:
        yield f"config key {key}: {raw!r} holds a zero byte, as no path and no other text does; take it out"
    elif isinstance(raw, (list, tuple)):
        for part in raw:
            yield from _zero_bytes(part, key)
    elif isinstance(raw, dict):
        for name, part in raw.items():
            yield from _zero_bytes(part, f"{key}.{name}" if key else str(name))


def _unknown_keys(raw: Any, model: Any, prefix: str) -> typing.Iterator[str]:
    known = field_types(model)
    if not known:
        return
    if not isinstance(raw, dict):
        first = next(iter(known))
        yield (
            f"config key {prefix.rstrip('.')}: a section with keys is expected, not {raw!r}; "
            f"on the command line write {prefix.rstrip('.')}='{{{first}: VALUE}}'"
        )
        return
    for key, value in raw.items():
        if key in known:
            yield from _unknown_keys(value, known[key], f"{prefix}{key}.")
            continue
        if "." in str(key) and str(key).split(".")[0] in known:
            section, rest = str(key).split(".", 1)
            yield f"unknown config key {prefix}{key}; on the command line write {section}='{{{rest}: VALUE}}'"
            continue
        nearest = difflib.get_close_matches(str(key), known, n=1, cutoff=0.4)
        hint = f"did you mean {prefix}{nearest[0]}?" if nearest else f"known keys: {', '.join(known)}"
        yield f"unknown config key {prefix}{key}; {hint}"
