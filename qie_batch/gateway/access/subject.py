"""Who sends a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.model import Scope

if TYPE_CHECKING:
    from qie_batch.gateway.context import GatewayContext
    from qie_batch.ledger.sql import SqlLedger


__all__ = ["Scope", "Subject"]


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
