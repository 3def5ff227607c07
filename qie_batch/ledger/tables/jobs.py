"""Jobs, their items and attempts, results, and schedules."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from qie_batch.ledger.tables.names import metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("pause_reason", String(16), nullable=False, default=""),
    Column("engine", String(64), nullable=False),
    Column("engine_reason", Text, nullable=False),
    Column("preset", String(64), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("manifest_key", Text, nullable=False),
    # Fields of ReadingOptions and RowDefaults as JSON.
    Column("reading", Text, nullable=False, server_default=text("'{}'")),
    Column("defaults", Text, nullable=False, server_default=text("'{}'")),
    Column("owner", Text, nullable=False, server_default=text("''")),
    # Of the request that submitted the job, "" without one; the gateway's log has it too.
    Column("request_id", String(64), nullable=False, server_default=text("''")),
    #: The W3C trace context in which the job was asked for.
    Column("traceparent", String(64), nullable=False, server_default=text("''")),
    Column("notify", Text, nullable=False, server_default=text("''")),
    Column("folder", Text, nullable=False),
    # "required" where a person looks at each result, else "".
    Column("review", String(16), nullable=False, server_default=text("''")),
    # Of a job of drafts: the preset of the approved ones; of their job: the job of drafts.
    Column("final_preset", String(64), nullable=False, server_default=text("''")),
    Column("parent", String(64), nullable=False, server_default=text("''")),
    # The last decision that the tables in the store do not have yet.
    Column("reviewed_at", Double),
    Column("budget_micros", BigInteger),
    Column("created_at", Double, nullable=False),
    Column("closed_at", Double),
    Index(None, "state"),
    Index(None, "owner", "created_at"),
)

# Of few jobs: for those alone whose tables are to be written anew.
_REVIEWED = text("reviewed_at IS NOT NULL")
Index(None, jobs.c.reviewed_at, sqlite_where=_REVIEWED, postgresql_where=_REVIEWED)

#: A finished edit by cache key; the object under object_key has exactly this sha256.
results = Table(
    "results",
    metadata,
    Column("cache_key", String(64), primary_key=True),
    Column("object_key", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("engine", String(64), nullable=False),
    Column("device", Text, nullable=False),
    Column("changed", Double),
    Column("note", Text, nullable=False, server_default=text("''")),
    # What really ran, as JSON.
    Column("ran", Text, nullable=False, server_default=text("'{}'")),
    # What the gates found, as JSON, and "failed" where one did; "" before there were gates.
    Column("findings", Text, nullable=False, server_default=text("'[]'")),
    Column("verdict", String(16), nullable=False, server_default=text("''")),
    Column("seconds", Double, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
)

items = Table(
    "items",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("job_id", String(64), ForeignKey("jobs.id"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("line", Integer, nullable=False),
    Column("row_id", Text, nullable=False),
    Column("variant", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    # Items of a job that run with the same LoRAs have one number, from 0 in the order of the rows.
    Column("lora_group", Integer, nullable=False, server_default="0"),
    Column("engine", String(64), nullable=False),
    Column("spec", Text),
    Column("cache_key", String(64)),
    Column("state", String(16), nullable=False),
    # The fence: only the attempt of this number may write.
    Column("attempt", Integer, nullable=False, default=0),
    Column("not_before", Double, nullable=False, default=0.0),
    Column("lease_until", Double),
    Column("worker", Text),
    Column("step", Integer),
    Column("published_at", Double),
    Column("publishes", Integer, nullable=False, default=0),
    # Charged to the item; `retry` by a person sets the first three to 0 and increments `retries`.
    Column("errors", Integer, nullable=False, default=0),
    Column("crashes", Integer, nullable=False, default=0),
    Column("preemptions", Integer, nullable=False, default=0),
    Column("retries", Integer, nullable=False, default=0),
    Column("cached", Boolean, nullable=False, default=False),
    Column("result_key", String(64), ForeignKey("results.cache_key")),
    # As JSON, "" for nothing: what is asked of the result, and the results of other seeds that gates failed.
    Column("checks", Text, nullable=False, default="", server_default=text("''")),
    Column("candidates", Text, nullable=False, default="", server_default=text("''")),
    # "approved", "rejected", "" before a decision; the version rises with each decision and new result.
    Column("review", String(16), nullable=False, default="", server_default=text("''")),
    Column("version", Integer, nullable=False, default=0, server_default="0"),
    Column("error_code", String(64)),
    Column("error", Text),
    Column("finished_at", Double),
    Index(None, "job_id", "state", "priority", "lora_group", "ordinal"),
    Index(None, "job_id", "ordinal", unique=True),
    Index(None, "job_id", "row_id", "ordinal"),
    Index(None, "state", "engine"),
    Index(None, "cache_key", "state"),
    Index(None, "result_key"),
)

# Of what has ended and of what was cached alone: a claim writes into neither. SQLite takes such an index for
# a condition in the same words, and SQLAlchemy writes it `cached = 1`.
_ENDED = text("finished_at IS NOT NULL")
Index(None, items.c.job_id, items.c.finished_at, sqlite_where=_ENDED, postgresql_where=_ENDED)
_CACHED = (text("cached = 1"), text("cached"))
Index(None, items.c.job_id, items.c.cached, sqlite_where=_CACHED[0], postgresql_where=_CACHED[1])

#: Append-only: a row is added when an attempt begins and closed when the attempt ends. Costs are their sums.
attempts = Table(
    "attempts",
    metadata,
    Column("item_id", String(80), ForeignKey("items.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("job_id", String(64), nullable=False),
    Column("worker", Text, nullable=False),
    Column("engine", String(64), nullable=False),
    Column("preset", String(64), nullable=False),
    Column("device", Text, nullable=False),
    Column("hour_micros", BigInteger, nullable=False),
    Column("image_micros", BigInteger, nullable=False, server_default="0"),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("outcome", String(16), nullable=False),
    Column("error_code", String(64)),
    Column("error", Text),
    # Device seconds: as of the last heartbeat of a running attempt, exact once the attempt ended.
    Column("seconds", Double, nullable=False, default=0.0),
    # Images that the engine returned.
    Column("images", Integer, nullable=False, server_default="0"),
    Column("cost_micros", BigInteger, nullable=False, default=0),
    # Seconds of each phase beside those on the device, and of each phase within the engine, as JSON.
    Column("phases", Text, nullable=False, server_default=text("'{}'")),
    Index(None, "job_id"),
    Index(None, "engine", "preset", "outcome", "started_at"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("cron", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("catalog", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("owner", Text, nullable=False, server_default=text("''")),
    Column("created_at", Double, nullable=False),
)

runs = Table(
    "scheduled_runs",
    metadata,
    Column("schedule", String(128), primary_key=True),
    Column("due_at", Double, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("job_id", String(64), nullable=False),
    Column("note", Text, nullable=False),
    Column("lease_until", Double, nullable=False),
)

#: What lies ahead of each lane, for an autoscaler; the process that reads the gauges writes it.
workload = Table(
    "workload",
    metadata,
    Column("engine", String(64), primary_key=True),
    # "interactive" or "bulk".
    Column("lane", String(16), primary_key=True),
    # Items of open jobs that wait or run, and those of paused jobs that still run.
    Column("items", Integer, nullable=False),
    # Device seconds that these items will take, and the part of it that one takes.
    Column("seconds", Double, nullable=False),
    Column("edit_seconds", Double, nullable=False),
    Column("read_at", Double, nullable=False),
)

#: How each worker process was started; rows of processes that ended stay for some time.
workers = Table(
    "workers",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("engine", String(64), nullable=False),
    Column("device", Text, nullable=False),
    Column("ready_at", Double, nullable=False),
    # Seconds from the start of the process until it was ready, and of each phase of that as JSON.
    Column("seconds", Double, nullable=False),
    Column("phases", Text, nullable=False),
    Index(None, "ready_at"),
)

#: Values by name: the epoch of the broker, and the process that reads the gauges.
variables = Table(
    "variables",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
