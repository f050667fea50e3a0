"""What a running service is told: limits and the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ddclassify.errors import InputError

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the service.

    Attributes:
        model: a model folder, None for a model that comes with the package.
        tier: which of those, "fast" or "accurate"; None: the accurate one where it is installed.
        host: address to bind; anything but loopback needs `allow_remote`.
        port: TCP port.
        allow_remote: bind elsewhere all the same. The service has no authentication of its own yet.
        max_body: bytes of a request body.
        max_sentences: sentences of one request, also those found in its documents.
        max_documents: documents of one /v1/documents request.
        max_concurrency: requests worked on at once; more are turned away with 429.
    """

    model: Path | None = None
    tier: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    allow_remote: bool = False
    max_body: int = 4 * 1024 * 1024
    max_sentences: int = 5_000
    max_documents: int = 100
    max_concurrency: int = 32

    def __post_init__(self) -> None:
        if self.host not in LOOPBACK and not self.allow_remote:
            raise InputError(
                f"host {self.host} is not this machine alone; say --allow-remote if others are to reach the service"
            )
        for name in ("max_body", "max_sentences", "max_documents", "max_concurrency"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, not {getattr(self, name)}")
