"""The subject of a request, as the signature of a route asks for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from qie_batch.gateway.access.gate import gate_of
from qie_batch.gateway.access.subject import Scope, Subject
from qie_batch.gateway.problems import AccessDenied

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    bearerFormat="JWT",
    description="A JSON Web Token, or a key that `qie-batch keys add` made.",
)


def authenticated(
    needed: SecurityScopes,
    request: Request,
    _credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None,
) -> Subject:
    """The subject that the gate admits; AccessDenied (403) without the scopes that the route needs."""
    subject = gate_of(request).admit(request)
    missing = [scope for scope in needed.scopes if not subject.may(scope)]
    if missing:
        raise AccessDenied(f"this needs the scope {missing[0]}", code="forbidden", status=403)
    return subject


JobsReader = Annotated[Subject, Security(authenticated, scopes=[Scope.JOBS_READ])]
JobsWriter = Annotated[Subject, Security(authenticated, scopes=[Scope.JOBS_WRITE])]
Editor = Annotated[Subject, Security(authenticated, scopes=[Scope.EDITS])]
Admin = Annotated[Subject, Security(authenticated, scopes=[Scope.ADMIN])]
