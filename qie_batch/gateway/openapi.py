"""What the OpenAPI document says beyond what FastAPI finds in the routes: problems, operation ids."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from qie_batch.gateway.problems import MEDIA_TYPE

#: Routes under it answer with problems.
PREFIX = "/api/"

_TEXT = {"type": "string"}
_PROBLEM = {
    "title": "Problem",
    "description": "RFC 9457, with the codes that the command line and errors.csv show.",
    "type": "object",
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": _TEXT,
        "instance": {"type": "string", "description": "The request's id, as the log has it."},
        "hint": _TEXT,
        "errors": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
    },
    "required": ["type", "title", "status", "detail", "code", "instance"],
}


def operation_id(route: APIRoute) -> str:
    """The name of a function in a generated client: tag, then the route's own name."""
    return "_".join((*map(str, route.tags[:1]), route.name))


def describe(app: FastAPI) -> None:
    """Let the application's document name the problems of each route."""

    def document() -> dict[str, Any]:
        if not app.openapi_schema:
            made = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            app.openapi_schema = _with_problems(made)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM
    for path, methods in document["paths"].items():
        if path.startswith(PREFIX):
            for method, operation in methods.items():
                for status in _statuses(path, method, operation):
                    operation["responses"][str(status)] = _response(status)
    return document


def _statuses(path: str, method: str, operation: dict[str, Any]) -> list[int]:
    """That every route may answer, those of an unknown id, of a change, and of a body."""
    found = [401, 403, 422, 429, 503]
    if "{" in path or method == "post":
        found.append(404)
    if method in ("post", "put"):
        found.append(409)
    if "requestBody" in operation:
        found += [400, 413, 415]
    return found


def _response(status: int) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
