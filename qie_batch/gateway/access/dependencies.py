"""The subject of a request, as the signature of a route asks for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from qie_batch.gateway.access.gate import gate_of
from qie_batch.gateway.access.subject import Scope, Subject
from qie_batch.gateway.problems import AccessDenied


class Authenticated(SecurityBase):
    """Also what the OpenAPI document says of it, so that FastAPI has one dependency to solve, not two."""

    def __init__(self) -> None:
        self.scheme_name = "bearer"
        self.model = HTTPBearer(
            bearerFormat="JWT",
            description="A JSON Web Token, or a key that `qie-batch keys add` made.",
        )

    async def __call__(self, needed: SecurityScopes, request: Request) -> Subject:
        """The subject that the gate admits; AccessDenied (403) without the scopes that the route needs."""
        gate = gate_of(request)
        subject = gate.admit_at_once(request)
        if subject is None:
            subject = await run_in_threadpool(gate.admit, request)
        missing = [scope for scope in needed.scopes if not subject.may(scope)]
        if missing:
            raise AccessDenied(f"this needs the scope {missing[0]}", code="forbidden", status=403)
        return subject


authenticated = Authenticated()

JobsReader = Annotated[Subject, Security(authenticated, scopes=[Scope.JOBS_READ])]
JobsWriter = Annotated[Subject, Security(authenticated, scopes=[Scope.JOBS_WRITE])]
Editor = Annotated[Subject, Security(authenticated, scopes=[Scope.EDITS])]
Reviewer = Annotated[Subject, Security(authenticated, scopes=[Scope.REVIEW])]
Admin = Annotated[Subject, Security(authenticated, scopes=[Scope.ADMIN])]
