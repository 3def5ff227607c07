"""What a server is asked for, in the words of a refusal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    #: Error code of an address that is refused, and of a name without a server.
    refused_code: str
    missing_code: str
    #: The settings that allow more.
    hosts_setting: str
    http_setting: str
    #: What is done to an address.
    done: str
    #: The same as a sentence, and the preposition that goes on from there.
    sentence: str
    preposition: str
    #: The beginning of a sentence that denies it.
    denial: str
    #: The process that needs the setting.
    process: str


IMAGES = Purpose(
    refused_code="image_address",
    missing_code="image_fetch_host",
    hosts_setting="QIE_IMAGE_HOSTS",
    http_setting="QIE_IMAGE_HTTP",
    done="fetched",
    sentence="pictures are fetched",
    preposition="from",
    denial="no picture may come from",
    process="the process that submits (control, where a schedule does)",
)
WEBHOOKS = Purpose(
    refused_code="webhook_address",
    missing_code="webhook_host",
    hosts_setting="QIE_NOTIFY_HOSTS",
    http_setting="QIE_NOTIFY_HTTP",
    done="called",
    sentence="webhooks are sent",
    preposition="to",
    denial="no webhook may go to",
    process="control, and for the process that submits",
)
