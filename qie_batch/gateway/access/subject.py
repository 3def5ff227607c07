from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from qie_batch.gateway.access.tokens import claims_of
from qie_batch.gateway.context import Context
from qie_batch.gateway.problems import AccessDenied

if TYPE_CHECKING:
    from qie_batch.gateway.context import GatewayContext
    from qie_batch.ledger.sql import SqlLedger


class Scope(StrEnum):
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    EDITS = "edits"
    #: Everything, of every tenant.
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who sends a request."""

    #: A person or a program, as logs name it.
    name: str
    #: Whose jobs they are, "" for those of the command line.
    tenant: str
    scopes: frozenset[Scope]

    @property
    def is_admin(self) -> bool:
        return Scope.ADMIN in self.scopes

    def may(self, scope: str) -> bool:
        return self.is_admin or scope in self.scopes

    def ledger(self, context: GatewayContext) -> SqlLedger:
        """The ledger as the subject may see it."""
        return context.ledger if self.is_admin else context.ledger.owned_by(self.tenant)


_bearer = HTTPBearer(auto_error=False, scheme_name="bearer", bearerFormat="JWT")


def authenticated(
    needed: SecurityScopes,
    request: Request,
    context: Context,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None,
) -> Subject:
    """The subject of the request; AccessDenied without one, or without the scopes that the route needs."""
    if credentials is None:
        raise AccessDenied("no credentials were sent", hint="send Authorization: Bearer TOKEN")
    subject = subject_of(claims_of(credentials.credentials, context.settings), context)
    request.scope["subject"] = subject
    missing = [scope for scope in needed.scopes if not subject.may(scope)]
    if missing:
        raise AccessDenied(f"this needs the scope {missing[0]}", code="forbidden", status=403)
    return subject


def subject_of(claims: dict[str, object], context: GatewayContext) -> Subject:
    name = str(claims["sub"])
    given = str(claims.get("scope", "")).split()
    return Subject(
        name=name,
        tenant=str(claims.get(context.settings.jwt_tenant_claim, name)),
        scopes=frozenset(Scope(scope) for scope in given if scope in set(Scope)),
    )


JobsReader = Annotated[Subject, Security(authenticated, scopes=[Scope.JOBS_READ])]
JobsWriter = Annotated[Subject, Security(authenticated, scopes=[Scope.JOBS_WRITE])]
Editor = Annotated[Subject, Security(authenticated, scopes=[Scope.EDITS])]
Admin = Annotated[Subject, Security(authenticated, scopes=[Scope.ADMIN])]
