"""Every QIE_* variable, by section. `up` writes config.toml into its folder; variables override it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from qie_batch.errors import Misconfigured
from qie_batch.settings.config_file import config_file
from qie_batch.settings.engines import EngineSettings
from qie_batch.settings.exports import ExportSettings
from qie_batch.settings.flower import FlowerSettings
from qie_batch.settings.gateway import GatewaySettings
from qie_batch.settings.limits import LimitSettings
from qie_batch.settings.notify import NotifySettings
from qie_batch.settings.prices import PriceSettings
from qie_batch.settings.provenance import ProvenanceSettings
from qie_batch.settings.qwen import QwenSettings
from qie_batch.settings.remote_engines import RemoteEngineSettings
from qie_batch.settings.services import ServiceSettings
from qie_batch.settings.workers import ControlSettings, MetricsSettings, WorkerSettings

if TYPE_CHECKING:
    from pydantic_settings import PydanticBaseSettingsSource


class Settings(
    ServiceSettings,
    EngineSettings,
    QwenSettings,
    RemoteEngineSettings,
    WorkerSettings,
    ControlSettings,
    MetricsSettings,
    PriceSettings,
    ProvenanceSettings,
    LimitSettings,
    FlowerSettings,
    GatewaySettings,
    NotifySettings,
    ExportSettings,
    BaseSettings,
):
    """Misconfigured, in one sentence without any value, for what cannot be a setting."""

    model_config = SettingsConfigDict(
        env_prefix="QIE_",
        env_prefix_target="all",
        env_ignore_empty=True,
        extra="ignore",
        validate_by_name=True,
    )

    #: The folder of the embedded stack.
    dir: Path = Path(".qie-batch")

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            field, *inside = map(str, first["loc"])
            name = " ".join((f"QIE_{field.upper()}", *inside))
            raise Misconfigured(f"{name}: {first['msg']}", hint="correct it and try again") from None
        except SettingsError as error:
            raise Misconfigured(str(error), hint="write its QIE_* variable as JSON") from None

    @property
    def secrets(self) -> list[str]:
        """Every secret but those inside an address."""
        return [value for name, value in self._secret_values() if not name.endswith("_url")]

    @property
    def addresses(self) -> list[str]:
        """Every address that may have a secret inside."""
        return [value for name, value in self._secret_values() if name.endswith("_url")]

    def _secret_values(self) -> list[tuple[str, str]]:
        return [(name, value.get_secret_value()) for name, value in self if isinstance(value, SecretStr)]

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
        return init_settings, env_settings, config_file(settings_cls, folder / "config.toml")
