"""Tenants, and what they ask for beside jobs: keys, requests, files, batches, webhooks."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, String, Table, Text, text

from qie_batch.ledger.tables.names import metadata

#: What is set for one tenant; a tenant without a row has the defaults.
tenants = Table(
    "tenants",
    metadata,
    Column("name", String(64), primary_key=True),
    # Address and secret of its webhooks, "" for none.
    Column("notify", Text, nullable=False, server_default=text("''")),
    Column("secret", Text, nullable=False, server_default=text("''")),
    # Spending of a day (UTC) from which on nothing more is accepted; None takes the setting.
    Column("daily_micros", BigInteger),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    # sha256 of the key, which nothing keeps.
    Column("digest", String(64), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Index(None, "digest", unique=True),
)

#: Requests that may be sent again, by idempotency key: each stands for one job.
requests = Table(
    "requests",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    # sha256 of what was asked for.
    Column("fingerprint", String(64), nullable=False),
    Column("job_id", String(64), nullable=False),
    # Clients that wait for the answer.
    Column("waiting", Integer, nullable=False, server_default="0"),
    Column("created_at", Double, nullable=False),
    Index(None, "created_at"),
)

files = Table(
    "files",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("object_key", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    Index(None, "owner", "created_at"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("file_id", String(64), nullable=False),
    Column("job_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("metadata", Text, nullable=False, server_default=text("'{}'")),
    Column("errors", Text, nullable=False, server_default=text("'[]'")),
    Column("created_at", Double, nullable=False),
    Column("cancelled_at", Double),
    # While a control process reads the file.
    Column("lease_until", Double),
    Index(None, "owner", "created_at"),
)

#: Webhooks to send, written in the transaction of what they tell; ended once delivered or given up.
outbox = Table(
    "outbox",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("event", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("not_before", Double, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("ended_at", Double),
    Column("error", Text, nullable=False, server_default=text("''")),
    Index(None, "ended_at", "not_before"),
)
