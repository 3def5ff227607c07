"""Every QIE_* variable, once. `up` writes config.toml into its folder; variables override it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict, TomlConfigSettingsSource

if TYPE_CHECKING:
    from pydantic_settings import PydanticBaseSettingsSource


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="QIE_", env_ignore_empty=True, extra="ignore")

    #: The folder of the embedded stack.
    dir: Path = Path(".qie-batch")

    ledger_url: SecretStr | None = None
    broker_url: SecretStr | None = None
    #: None means AWS itself.
    s3_endpoint: str | None = None
    s3_bucket: str = "qie-batch"
    s3_region: str = "us-east-1"
    #: None leaves it to boto3's own chain (environment, profile, instance role).
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None

    #: Empty chooses: qwen where a CUDA card and the weights are, else classic.
    engine: str = ""
    #: Options of an engine that is not ours (QIE_ENGINE=package.module).
    engine_options: dict[str, Any] = Field(default_factory=dict)
    #: A folder in the published layout, or a name in the local hub cache.
    model: str = "Qwen/Qwen-Image-Edit-2509"
    #: Part of the cache key: change it when the weights change.
    model_revision: str = "2509"
    #: Folder with the Lightning LoRA files.
    lora_dir: Path | None = None
    #: Pinned sha256 of each LoRA file, by file name; a file without one is refused.
    lora_sha256: dict[str, str] = Field(default_factory=dict)

    #: What the ledger calls this worker process; host and pid unless its parent names it.
    worker_name: str = ""
    #: Items in flight in one worker process: one on the device, its neighbours in transfer.
    slots: int = Field(default=3, ge=1, le=16)
    lease_seconds: float = Field(default=30.0, gt=0)
    #: An edit whose step stands still for so long is hung, and its process is replaced.
    hang_seconds: float = Field(default=120.0, gt=0)
    #: Messages kept in the broker for each engine; the backlog stays in the ledger.
    window: int = Field(default=64, ge=1)
    #: How long a worker told to leave (SIGTERM) may take.
    grace_seconds: float = Field(default=30.0, gt=0)
    #: Seconds between two rounds of `control`.
    tick_seconds: float = Field(default=0.5, gt=0)

    market: Literal["on_demand", "spot"] = "on_demand"
    #: USD an hour by part of the device's name, in front of the built-in table.
    prices: dict[str, float] = Field(default_factory=dict)
    #: The card that qwen is expected on: for estimates before there is history.
    expected_device: str = "H100"

    max_pixels: int = 40_000_000
    max_side: int = 8192
    max_bytes: int = 50_000_000

    flower_address: str = "127.0.0.1"
    flower_port: int = 5555
    flower_user: str = "qie"
    flower_password: SecretStr | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then variables, then `config.toml` in the folder that either of them names."""
        folder = Path({**env_settings(), **init_settings()}.get("dir", cls.model_fields["dir"].default))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, folder / "config.toml")
