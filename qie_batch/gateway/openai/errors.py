"""Errors in the shape of OpenAI's API, from problem documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}
#: After which OpenAI's client would send the same request again, to no other end.
_FINAL = (409, 500)


def error_body(status: int, problem: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a problem document as one of OpenAI's errors; 422 is 400 there."""
    return {
        "error": {
            "message": " ".join(_sentence(text) for text in (problem["detail"], problem.get("hint")) if text),
            "type": _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error"),
            "param": problem.get("param") or _wrong_member(problem) or None,
            "code": problem["code"],
        }
    }


def error_response(
    status: int, problem: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> JSONResponse:
    status = 400 if status == 422 else status
    more = {"x-should-retry": "false"} if status in _FINAL else {}
    return JSONResponse(error_body(status, problem), status, headers={**(headers or {}), **more})


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _wrong_member(problem: Mapping[str, Any]) -> str:
    """Of a request that is not of the declared form."""
    first: Mapping[str, Any] = next(iter(problem.get("errors", ())), {})
    return str(first.get("where", "")).rpartition(".")[2] if "where" in first else ""
