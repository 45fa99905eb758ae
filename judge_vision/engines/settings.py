"""Settings of the scoring service, for those who start it and those who ask it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ServiceSettings:
    """Where the service is, and how long to wait for it."""

    url: str | None = None
    """Address of a service that runs already, for iqa.engine=remote; $JUDGE_VISION_TF_SERVICE_URL wins."""
    port: int = 5105
    """Port of a service that is started here; $JUDGE_VISION_TF_PORT wins. Where it is taken, a free one is used."""
    connect_timeout_s: float = 5.0
    """Seconds to reach a service; one that is there answers within milliseconds."""
    timeout_s: float = 300.0
    """Seconds for one batch, waiting for other batches included; after that the service counts as hanging."""
    start_timeout_s: float = 180.0
    """Seconds for starting it: TensorFlow takes 3 to 14 s from a cold disk, a container image longer."""
    starts: int = 3
    """How often one run starts it, before it goes on without."""
    idle_s: float = 600.0
    """Seconds without a picture after which it ends by itself."""
    max_body_mb: int = 256
    """Largest request that it accepts, MB."""
    decoders: int = 2
    """Processes in which it decodes pictures that other programs send."""

    def __post_init__(self) -> None:
        """Raise ValueError for a number that cannot work."""
        for name in ("connect_timeout_s", "timeout_s", "start_timeout_s", "starts", "max_body_mb", "decoders"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be more than 0")
        if self.idle_s < 0:
            raise ValueError("idle_s must not be less than 0")
        if not 0 <= self.port <= 65535:
            raise ValueError("port must be 0 to 65535")
