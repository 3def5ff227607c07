"""The engines, as models."""

from __future__ import annotations

from fastapi import APIRouter

from qie_batch.gateway.access import Editor
from qie_batch.gateway.context import Context
from qie_batch.gateway.openai.shapes import Model, ModelList
from qie_batch.steps.known_engines import engine_names, model_named

router = APIRouter()


@router.get("/models")
def list_models(_subject: Editor, context: Context) -> ModelList:
    """The engines that an edit may ask for, the default first."""
    return ModelList(data=[Model(id=name) for name in engine_names(context.submit.engines)])


@router.get("/models/{model}")
def get_model(model: str, _subject: Editor, context: Context) -> Model:
    return Model(id=model_named(model, context.submit.engines))
