"""What people decided of results."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, String, Table, Text, text

from qie_batch.ledger.tables.names import metadata

#: Append-only, and kept when the job is deleted: a result that comes again is decided by its latest row.
reviews = Table(
    "reviews",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("item_id", String(80), nullable=False),
    Column("job_id", String(64), nullable=False),
    Column("owner", Text, nullable=False, server_default=text("''")),
    # Of the item as it was looked at.
    Column("version", Integer, nullable=False),
    Column("result_key", String(64)),
    Column("decision", String(16), nullable=False),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("reviewer", Text, nullable=False),
    Column("at", Double, nullable=False),
    # State and review of the item before, which `undo` gives back.
    Column("before_state", String(16), nullable=False),
    Column("before_review", String(16), nullable=False, server_default=text("''")),
    # What else `undo` gives back: columns of the item as JSON.
    Column("before", Text, nullable=False, server_default=text("'{}'")),
    # Of the result after the decision: "approved", "rejected", "" for none.
    Column("review", String(16), nullable=False, server_default=text("''")),
    Index(None, "result_key", "owner", "id"),
    Index(None, "item_id", "id"),
    Index(None, "job_id", "id"),
)
