from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

    from qie_batch.images.credentials import Credentials
    from qie_batch.settings import Settings


def credentials(settings: Settings) -> Credentials:
    """Misconfigured where there is no certificate or no key."""
    from qie_batch.images.credentials import Credentials

    return Credentials(
        chain=_read(settings.c2pa_chain, "QIE_C2PA_CHAIN"),
        key=_read(settings.c2pa_key, "QIE_C2PA_KEY"),
        algorithm=settings.c2pa_algorithm,
        timestamps=settings.c2pa_timestamps,
    )


def _read(path: Path | None, name: str) -> bytes:
    if path is None:
        raise Misconfigured(f"{name} is not set", hint="name the PEM file of your certificate, or of its key")
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{name}: {path} cannot be read ({error.strerror})") from error
