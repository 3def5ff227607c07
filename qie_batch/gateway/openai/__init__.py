"""The API of OpenAI for edits of images, for its own client and those of its kind."""

from __future__ import annotations

from fastapi import APIRouter

from qie_batch.gateway.openai import batches, edits, files, models
from qie_batch.gateway.openai.shapes import ErrorResponse

router = APIRouter(
    prefix="/v1",
    tags=["openai"],
    responses={"4XX": {"model": ErrorResponse}, "5XX": {"model": ErrorResponse}},
)
for part in (edits, models, files, batches):
    router.include_router(part.router)

__all__ = ["router"]
