"""Settings of Stage 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from judge_vision.failure import UserError


@dataclass(frozen=True)
class Stage2Settings:
    """What most people set."""

    engine: Literal["auto", "server", "rules", "off"] = "auto"
    """What writes the critiques."""
    base_url: str | None = None
    """Address of an OpenAI-compatible server, with its /v1."""
    model: str | None = None
    """Name of the model on that server."""
    length: Literal["standard", "short"] = "standard"
    """How long a critique is."""
    judge_failed: bool = False
    """Judge entries that break a rule of the competition too."""
    max_score: Annotated[float, Field(gt=0, le=1000, multiple_of=0.5)] = 20.0
    """Top of the scale of marks."""
    prompt: str = "critique.toml"
    """Template of the prompt."""
    concurrency: Annotated[int, Field(ge=1, le=256)] = 4
    """Requests at the same time."""

    def resolved_engine(self) -> Literal["server", "rules", "off"]:
        """The engine that `auto` stands for: the server where one is configured, else none."""
        if self.engine == "auto":
            return "server" if self.base_url else "off"
        return self.engine

    def check(self) -> None:
        """Raise UserError, in one line, for settings that no critique can be written with."""
        if self.engine == "server" and not self.base_url:
            raise UserError("stage2.engine is server, but nothing says where it is; set stage2.base_url")
        if not self.base_url:
            return
        url = urlsplit(self.base_url)
        if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
            raise UserError(
                f"stage2.base_url {self.base_url!r} is not the address of a server; write it as http://127.0.0.1:8000/v1"
            )
        if url.username or url.password:
            raise UserError("stage2.base_url holds a name or a key; keys go into $JUDGE_VISION_API_KEY only")
        if self.resolved_engine() == "server" and not self.model:
            raise UserError(f"stage2.model is missing; name one of those that {self.base_url}/models lists")


@dataclass(frozen=True)
class RequestSettings:
    """How a server is asked."""

    picture_side_px: Annotated[int, Field(ge=64, le=8192)] = 1024
    """Longer side of the picture that is sent."""
    jpeg_quality: Annotated[int, Field(ge=30, le=100)] = 90
    """Its JPEG quality."""
    max_tokens: Annotated[int, Field(ge=16)] = 512
    """Longest reply."""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.2
    """How freely the model words its reply."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = 0.9
    """Share of likely words that it chooses from."""
    seed: int | None = 0
    """Seed of that choice."""
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    """Seconds until a request is given up."""
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    """Tries where the server is busy, fails or is not there."""
    first_wait_s: Annotated[float, Field(gt=0)] = 1.0
    """Wait after the first of them."""
    longest_wait_s: Annotated[float, Field(gt=0)] = 60.0
    """Longest wait, also where the server itself names one."""
    reply_attempts: Annotated[int, Field(ge=1, le=10)] = 2
    """Tries where the reply is not usable."""
    give_up_after: Annotated[int, Field(ge=1)] = 8
    """Photographs in a row that failed at every try until the server counts as gone."""
