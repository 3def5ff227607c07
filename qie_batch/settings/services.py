"""Where ledger, broker and store are."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from qie_batch.settings.addresses import ADDRESSES, check_address


class ServiceSettings(BaseModel):
    ledger_url: SecretStr | None = None
    broker_url: SecretStr | None = None
    #: None is AWS.
    s3_endpoint: str | None = None
    #: Where users reach the same server, for links to results; None where it is the same address.
    s3_public_endpoint: str | None = None
    s3_bucket: str = "qie-batch"
    #: Other buckets that images may come from, separated by commas; a manifest's own bucket always may.
    image_buckets: Annotated[tuple[str, ...], NoDecode] = ()
    #: Servers that images may be fetched from: host, host:port, *.host, or * for every public one. Without
    #: any, a person may name every public server and a schedule none.
    image_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    #: Fetch http:// addresses, too.
    image_http: bool = False
    s3_region: str = "us-east-1"
    #: None leaves both keys to boto3's credential chain (environment, profile, instance role).
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None

    @field_validator(*ADDRESSES)
    @classmethod
    def _is_address(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and info.field_name:
            check_address(info.field_name, value.get_secret_value())
        return value

    @field_validator("image_buckets", "image_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return re.findall(r"[^,\s]+", value) if isinstance(value, str) else value
