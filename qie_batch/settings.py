"""Every QIE_* variable, once. `up` writes config.toml into its folder; variables override it."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from pydantic import ValidationInfo
    from pydantic_settings import PydanticBaseSettingsSource

#: By the name of the setting: what its address begins with, whose it is, and what one looks like.
ADDRESSES = {
    "ledger_url": (
        ("postgresql://", "postgresql+psycopg://", "sqlite:///"),
        "a SQLite or PostgreSQL database",
        "for example postgresql+psycopg://user:password@host/database, or sqlite:////folder/ledger.sqlite3",
    ),
    "broker_url": (
        ("redis://", "rediss://"),
        "a Redis or Valkey server",
        "for example redis://:password@host:6379/0, or rediss:// with TLS",
    ),
}
#: What kombu and redis take, everything else is an error to them.
_BROKER_OPTION = re.compile(
    r"ssl_cert_reqs=(?:required|optional|none|CERT_(?:REQUIRED|OPTIONAL|NONE))"
    r"|(?:ssl_(?:ca_certs|ca_path|certfile|keyfile|check_hostname)|credential_provider)=.+"
)


class Settings(BaseSettings):
    """Misconfigured in one sentence, without any value, for what cannot be a setting."""

    model_config = SettingsConfigDict(env_prefix="QIE_", env_ignore_empty=True, extra="ignore")

    #: The folder of the embedded stack.
    dir: Path = Path(".qie-batch")

    ledger_url: SecretStr | None = None
    broker_url: SecretStr | None = None
    #: None means AWS itself.
    s3_endpoint: str | None = None
    s3_bucket: str = "qie-batch"
    #: Other buckets that pictures may come from, with commas between them; a catalog's own always may.
    image_buckets: Annotated[tuple[str, ...], NoDecode] = ()
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
    #: The descriptor by which it shows its parent that it is not stuck.
    pulse: int | None = None
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

    @field_validator(*ADDRESSES)
    @classmethod
    def _is_address(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and info.field_name:
            _check_address(info.field_name, value.get_secret_value())
        return value

    @field_validator("image_buckets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return re.findall(r"[^,\s]+", value) if isinstance(value, str) else value

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
        return init_settings, env_settings, _config_file(settings_cls, folder / "config.toml")


def _config_file(settings_cls: type[BaseSettings], path: Path) -> TomlConfigSettingsSource:
    try:
        source = TomlConfigSettingsSource(settings_cls, path)
    except tomllib.TOMLDecodeError as error:
        problem = f"is not valid TOML: {error}"
    except UnicodeDecodeError:
        problem = "is not UTF-8"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    else:
        unknown = [name for name in source.toml_data if name not in settings_cls.model_fields]
        if not unknown:
            return source
        meant = get_close_matches(unknown[0], settings_cls.model_fields, n=1)
        advice = f": did you mean {meant[0]!r}?" if meant else ""
        problem = f"says {unknown[0]!r}, which is no setting{advice}"
    raise Misconfigured(f"{path} {problem}", code="config_file", hint="mend it, or delete it")


def _check_address(field: str, url: str) -> None:
    """Misconfigured for what no service can have; it shows no part, for any may be the password's."""
    beginnings, owner, example = ADDRESSES[field]
    name = f"QIE_{field.upper()}"
    if not url.startswith(beginnings):
        raise Misconfigured(f"{name} is not the address of {owner}", hint=example)
    if url.startswith("sqlite"):
        return
    is_broker = field == "broker_url"
    # kombu takes what stands behind a semicolon for another address.
    if not _comes_apart(url) or (is_broker and ";" in url):
        raise Misconfigured(
            f"{name} does not come apart into login, host, port and database",
            hint="the port is a number, and a password's special characters are percent-encoded: "
            "@ is %40, / is %2F, # is %23, ? is %3F",
        )
    if is_broker and not re.fullmatch(r"/?[0-9]*", urlsplit(url).path):
        raise Misconfigured(f"{name} ends in a database that is not a number", hint=example)
    options = filter(None, urlsplit(url).query.split("&"))
    if is_broker and not all(_BROKER_OPTION.fullmatch(option) for option in options):
        raise Misconfigured(
            f"{name} has an option behind its question mark that is not understood",
            hint="known are ssl_cert_reqs (required, optional or none), ssl_ca_certs, ssl_certfile, "
            "ssl_keyfile and ssl_check_hostname",
        )


def _comes_apart(url: str) -> bool:
    """Whether all who read it see the same parts: they disagree about characters that are not encoded."""
    try:
        parts = urlsplit(url)
        well = parts.port != 0
    except ValueError:
        return False
    in_order = parts.netloc.count("@") <= 1 and "@" not in parts.path + parts.query
    return well and in_order and not re.search(r"[\s#]", url)
