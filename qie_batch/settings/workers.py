"""How worker and control processes run."""

from __future__ import annotations

from typing import Literal

from pydantic import AliasChoices, BaseModel, Field, field_validator

from qie_batch.settings.addresses import listener


class WorkerSettings(BaseModel):
    #: What the ledger calls this worker process; host and pid unless the supervisor names it.
    worker_name: str = ""
    #: The file descriptor on which the process writes its heartbeat for its supervisor.
    heartbeat_fd: int | None = None
    #: Items in flight in one worker process: one on the device while others are in transfer.
    concurrency: int = Field(default=3, ge=1, le=16, validation_alias=AliasChoices("concurrency", "slots"))
    #: Which items the worker takes.
    lanes: Literal["all", "bulk", "interactive"] = "all"
    lease_seconds: float = Field(default=30.0, gt=0)
    #: An edit whose step takes longer counts as hung, and its process is replaced.
    hang_seconds: float = Field(default=120.0, gt=0)
    #: A worker process that loads its engine for longer counts as hung, and is replaced.
    load_seconds: float = Field(default=1500.0, gt=0)
    #: CPU for the compression of PNG results; the pixels are equal.
    png_effort: Literal["fast", "small"] = "fast"
    #: By gate, or "*" for all: the limit in the place of its own, null to switch it off. "off": no gate runs.
    gates: dict[str, float | None] | Literal["off"] = Field(default_factory=dict)
    #: How long a worker may take to exit after SIGTERM.
    grace_seconds: float = Field(default=30.0, gt=0)


class MetricsSettings(BaseModel):
    #: HOST:PORT at which worker and control serve their metrics; "" for none. Under a supervisor, its first
    #: worker process has the next port, and so on.
    metrics_address: str = ""

    @field_validator("metrics_address")
    @classmethod
    def _has_host_and_port(cls, value: str) -> str:
        return value and listener(value)


class ControlSettings(BaseModel):
    #: Messages kept in the broker for each engine; the backlog stays in the ledger.
    window: int = Field(default=64, ge=1)
    #: Seconds between two rounds of `control`.
    tick_seconds: float = Field(default=0.5, gt=0)
    #: Whether control runs in a pod and marks the worker pods of its namespace that are busy.
    kubernetes: bool = False
