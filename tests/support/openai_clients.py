"""The official client of OpenAI against the gateway, and images for it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import openai
from PIL import Image

from qie_batch import wiring
from qie_batch.model import JobSelection
from tests.support.gateways import token

if TYPE_CHECKING:
    from qie_batch.model import Job
    from tests.support.gateways import RunningGateway


def openai_client(gateway: RunningGateway, tenant: str, **more: Any) -> openai.OpenAI:
    """One try a call unless said otherwise; close it, or use it as a context."""
    options: dict[str, Any] = {"max_retries": 0, "timeout": 60, **more}
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=token(gateway.settings, tenant), **options)


def picture(colour: tuple[int, int, int] = (40, 90, 200), size: tuple[int, int] = (96, 64)) -> bytes:
    """A PNG of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def jobs_of(gateway: RunningGateway, tenant: str) -> list[Job]:
    """The tenant's jobs, newest first."""
    ledger = wiring.ledger(gateway.settings)
    try:
        return ledger.owned_by(tenant).jobs.latest(JobSelection(limit=100))
    finally:
        ledger.dispose()
