"""Where webhooks may go, and what signs those of the command line."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, SecretStr, field_validator
from pydantic_settings import NoDecode

from qie_batch.model import webhook_key
from qie_batch.settings.addresses import listener


class NotifySettings(BaseModel):
    #: Servers that webhooks may go to, written as those of `image_hosts`; empty is every public one.
    notify_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    #: Send to http:// addresses, too.
    notify_http: bool = False
    #: Secrets `whsec_...` for jobs that no tenant owns, separated by commas: each signs.
    notify_secret: SecretStr | None = None
    #: Addresses of apprise for the summaries of scheduled runs, with spaces between: mailtos://..., slack://...
    summary_urls: SecretStr | None = None
    #: HOST:PORT at which `alert-bridge` listens.
    alert_bridge_address: str = "127.0.0.1:9407"
    #: The address of a DingTalk robot, with its access token.
    dingtalk_url: SecretStr | None = None
    #: What signs its messages, where the robot is set to that.
    dingtalk_secret: SecretStr | None = None

    @field_validator("notify_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        return _listed(value) if isinstance(value, str) else value

    @field_validator("notify_secret")
    @classmethod
    def _are_secrets(cls, value: SecretStr | None) -> SecretStr | None:
        for secret in _listed(value.get_secret_value()) if value else ():
            webhook_key(secret)
        return value

    @field_validator("alert_bridge_address")
    @classmethod
    def _bridge_can_listen(cls, value: str) -> str:
        return listener(value)

    @property
    def notify_secrets(self) -> tuple[str, ...]:
        return tuple(_listed(self.notify_secret.get_secret_value())) if self.notify_secret else ()

    @property
    def summary_addresses(self) -> tuple[str, ...]:
        return tuple(self.summary_urls.get_secret_value().split()) if self.summary_urls else ()


def _listed(text: str) -> list[str]:
    return re.findall(r"[^,\s]+", text)
