"""Statements that are built and compiled once, and sent by the driver itself.

SQLAlchemy builds a statement anew and looks for its compiled form at each call: 0.2 to 0.5 ms of CPU, while
SQLite's one writer holds its lock. That is more than the statement takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Double, bindparam

from qie_batch.ledger.database import DatabaseNow

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Connection, Dialect
    from sqlalchemy.engine.interfaces import DBAPICursor
    from sqlalchemy.sql.elements import ClauseElement

    from qie_batch.ledger.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    words: str
    #: The parameters in the order of their places; None where the driver takes them by name.
    places: list[str] | None
    #: Values that are part of the statement, by name.
    fixed: dict[str, Any]


class Prepared:
    """`build` gets the clock and the dialect's name, and has a `bindparam` for each value of a call."""

    def __init__(self, build: Callable[[ColumnElement[float], str], ClauseElement]) -> None:
        self._build = build
        self._texts: dict[tuple[str, bool], _Text] = {}

    def run(self, database: Database, connection: Connection, **values: Any) -> DBAPICursor:
        """Execute in the transaction of the connection; the rows have the driver's own types."""
        driver: Any = connection.connection.dbapi_connection
        return cast("DBAPICursor", driver.execute(*self.sent(database, connection.dialect, values)))

    def sent(self, database: Database, dialect: Dialect, values: dict[str, Any]) -> tuple[str, Any]:
        """The statement in the driver's words, and its parameters."""
        clock = database.clock
        text = self._texts.get((dialect.name, clock is None))
        if text is None:
            text = self._compiled(dialect, is_set=clock is not None)
            self._texts[dialect.name, clock is None] = text
        given = {**text.fixed, **values}
        if clock is not None:
            given["clock"] = clock()
        return text.words, given if text.places is None else tuple(given[place] for place in text.places)

    def _compiled(self, dialect: Dialect, *, is_set: bool) -> _Text:
        now: ColumnElement[float] = (
            bindparam("clock", type_=Double(), required=False) if is_set else DatabaseNow()
        )
        statement = self._build(now, dialect.name)
        options = {"render_postcompile": True}
        compiled: Any = statement.compile(dialect=dialect, compile_kwargs=options)
        places = list(compiled.positiontup or ()) if compiled.positional else None
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        return _Text(words=str(compiled), places=places, fixed=fixed)
