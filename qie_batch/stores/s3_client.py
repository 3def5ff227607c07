"""A client of an S3 server, and what the SDK's errors mean."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    MetadataRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.session import Session

from qie_batch.errors import Misconfigured, StoreUnavailable
from qie_batch.stores.s3_credentials import EXPIRED, ChainCredentials

_LOOPBACK = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:|/|$)")
SDK_ERRORS = (ClientError, BotoCoreError)
_DENIED = frozenset(
    {"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed"}
)
_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError)
#: The provider of credentials (a metadata server, a program) fails, or gives expired ones.
_NOT_RENEWED = (CredentialRetrievalError, MetadataRetrievalError)
_BUSY = frozenset({"SlowDown", "503", "429"})


@lru_cache(maxsize=8)
def s3_client(endpoint: str | None, region: str, access_key: str | None, secret_key: str | None) -> Any:
    """A thread-safe boto3 client; endpoint None is AWS, keys None are boto3's credential chain.

    Equal arguments give the same one: to make it takes a quarter of a second of CPU.
    """
    session = Session()
    chain = ChainCredentials() if access_key is None and secret_key is None else None
    if chain:
        session.register_component("credential_provider", chain)
    config = Config(
        signature_version="s3v4",
        s3={
            "addressing_style": "path" if endpoint else "auto",
            # Over HTTP, too, as over HTTPS: the header with the checksum is signed, and the server compares
            # it with what came. Else each put would hash its object by SHA-256.
            "payload_signing_enabled": False,
        },
        connect_timeout=3,
        read_timeout=30,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=32,
        response_checksum_validation="when_supported",
        # Otherwise HTTP_PROXY would apply to 127.0.0.1.
        proxies={} if endpoint and _LOOPBACK.match(endpoint) else None,
    )
    try:
        client = boto3.session.Session(botocore_session=session).client(
            "s3",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=config,
        )
    except (BotoCoreError, ValueError) as error:
        raise Misconfigured(
            f"no S3 client can be made for endpoint {endpoint or 'AWS'}: {error}.",
            hint="Mend QIE_S3_ENDPOINT, QIE_S3_ACCESS_KEY and QIE_S3_SECRET_KEY (set both keys or neither).",
        ) from error
    if chain:
        client.meta.events.register_first("needs-retry.s3", chain.on_response)
    return client


def code_of(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def unavailable(client: Any, bucket: str, what: str, error: Exception) -> StoreUnavailable:
    """Names the error by its class or code, because the texts of the SDK may quote request headers."""
    code, kind = code_of(error), ""
    hint = f"Check that {client.meta.endpoint_url} is up and reachable from here."
    if code in _DENIED or isinstance(error, _NO_CREDENTIALS):
        kind = "store_denied"
        # A clock that is off by more than 15 minutes gives the same code as a wrong key.
        hint = "Check QIE_S3_ACCESS_KEY, QIE_S3_SECRET_KEY, what they may do there, and this machine's clock."
    elif code in EXPIRED or isinstance(error, _NOT_RENEWED):
        hint = "Check the role or file that this process has its credentials from, and this machine's clock."
    elif code in _BUSY:
        hint = "It asks for fewer requests: if that lasts, run fewer workers or have its limits raised."
    elif code == "NoSuchBucket" or (code == "404" and what == "the bucket"):
        kind = "bucket_missing"
        hint = f"Create bucket {bucket!r}."
    return StoreUnavailable(
        f"S3 at {client.meta.endpoint_url}, bucket {bucket!r}: no success with {what}"
        f" ({code or type(error).__name__}).",
        code=kind,
        hint=hint,
        subject=bucket,
    )
