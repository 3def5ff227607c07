"""The object store on S3: AWS, or any server that honours create-only puts."""

from __future__ import annotations

import base64
import zlib
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import stamina

from qie_batch.errors import Rejected, StoreUnavailable
from qie_batch.interfaces import StoredObject
from qie_batch.keys import CREATE_ONLY_PROBE, S3Address
from qie_batch.stores.object_names import canonical_key
from qie_batch.stores.s3_client import SDK_ERRORS, code_of, unavailable
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from io import BufferedIOBase
    from typing import BinaryIO

#: Bytes of an object in memory at a time, where a file is given.
PART_BYTES = 1 << 20

# The response to HEAD has no body, so that its code is the HTTP status.
_TAKEN = frozenset({"PreconditionFailed", "412"})
_MISSING = frozenset({"NoSuchKey", "404"})


class S3Store:
    def __init__(self, client: Any, bucket: str, public: Any = None) -> None:
        """`public` signs links for the address at which users reach the server, where it is another one."""
        self._client = client
        self._bucket = bucket
        self._public = public or client

    def put_new(
        self,
        key: str,
        data: bytes | BufferedIOBase,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> bool:
        """False also if this call created the object but the response to its first request was lost."""
        try:
            for attempt in _conflict_attempts():
                with attempt:
                    self._put(key, data, content_type, Metadata=_escaped(metadata or {}), IfNoneMatch="*")
        except SDK_ERRORS as error:
            if code_of(error) in _TAKEN:
                return False
            raise self._unavailable(key, error) from error
        return True

    def put(self, key: str, data: bytes | BufferedIOBase, content_type: str) -> None:
        try:
            self._put(key, data, content_type)
        except SDK_ERRORS as error:
            raise self._unavailable(key, error) from error

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        return b"".join(self._received(key, max_bytes))

    def download(self, key: str, file: BinaryIO, *, max_bytes: int | None = None) -> None:
        file.writelines(self._received(key, max_bytes))

    def _received(self, key: str, max_bytes: int | None) -> Iterator[bytes]:
        """The object in parts of PART_BYTES; Rejected before the first byte too many."""
        left = max_bytes
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=canonical_key(key))
            with closing(answer["Body"]) as body:
                if left is not None and answer.get("ContentLength", 0) > left:
                    raise self._too_large(key, left)
                # botocore checks length and checksum at the read after the last part.
                while part := body.read(PART_BYTES if left is None else min(PART_BYTES, left + 1)):
                    if left is not None and (left := left - len(part)) < 0:
                        raise self._too_large(key, max_bytes or 0)
                    yield part
        except SDK_ERRORS as error:
            if code_of(error) in _MISSING:
                sentence = f"there is no object {quoted(key, 200)} in bucket {self._bucket!r}."
                raise Rejected(sentence, code="object_missing") from error
            raise self._unavailable(key, error) from error

    def stat(self, key: str) -> StoredObject | None:
        try:
            answer = self._client.head_object(Bucket=self._bucket, Key=canonical_key(key))
        except SDK_ERRORS as error:
            if code_of(error) in _MISSING:
                return None
            raise self._unavailable(key, error) from error
        return StoredObject(
            key=key,
            size=answer["ContentLength"],
            modified=answer["LastModified"].timestamp(),
            metadata={name.lower(): unquote(value) for name, value in answer.get("Metadata", {}).items()},
        )

    def list(self, prefix: str) -> Iterator[StoredObject]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        try:
            for page in pages:
                for entry in page.get("Contents", ()):
                    yield StoredObject(
                        key=entry["Key"], size=entry["Size"], modified=entry["LastModified"].timestamp()
                    )
        except SDK_ERRORS as error:
            raise self._unavailable(prefix, error) from error

    def delete(self, key: str) -> None:
        try:
            self._client.delete_object(Bucket=self._bucket, Key=canonical_key(key))
        except SDK_ERRORS as error:
            raise self._unavailable(key, error) from error

    def link(self, key: str, seconds: int, *, content_type: str, name: str) -> str:
        """At QIE_S3_PUBLIC_ENDPOINT where that is set. Asks no server, so that the object may be missing."""
        wanted = {
            "Bucket": self._bucket,
            "Key": canonical_key(key),
            "ResponseContentType": content_type,
            "ResponseContentDisposition": f"inline; filename*=UTF-8''{quote(name)}",
        }
        try:
            url: str = self._public.generate_presigned_url("get_object", Params=wanted, ExpiresIn=seconds)
        except SDK_ERRORS as error:
            raise self._unavailable(key, error) from error
        return url

    def address(self, key: str) -> str:
        return str(S3Address(bucket=self._bucket, key=key))

    def _put(self, key: str, data: bytes | BufferedIOBase, content_type: str, **more: Any) -> None:
        self._client.put_object(
            Bucket=self._bucket,
            Key=canonical_key(key),
            Body=data,
            ContentType=content_type,
            ChecksumCRC32=base64.b64encode(_crc32(data).to_bytes(4)).decode(),
            **more,
        )

    def _too_large(self, key: str, most: int) -> Rejected:
        sentence = f"the object {quoted(key)} in bucket {self._bucket!r} has more than {most:,} bytes"
        return Rejected(f"{sentence}: make it smaller", code="object_too_large")

    def _unavailable(self, key: str, error: Exception) -> StoreUnavailable:
        return unavailable(self._client, self._bucket, f"object {key!r}", error)


def create_bucket(client: Any, bucket: str) -> None:
    """Create the bucket unless there is one; for tests and the embedded stack only."""
    region = client.meta.region_name
    elsewhere = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        client.create_bucket(Bucket=bucket, **elsewhere)
    except SDK_ERRORS as error:
        if code_of(error) not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise unavailable(client, bucket, "the new bucket", error) from error


def check_bucket(client: Any, bucket: str) -> None:
    """StoreUnavailable unless the bucket exists, is writable, and its server honours create-only puts.

    On a server that ignores If-None-Match, two workers could overwrite each other's result.
    """
    store = S3Store(client, bucket)
    store.put_new(CREATE_ONLY_PROBE, b"first", "text/plain")
    if store.put_new(CREATE_ONLY_PROBE, b"second", "text/plain"):
        raise StoreUnavailable(
            f"the S3 server at {client.meta.endpoint_url} ignores If-None-Match:"
            " a create-only put replaced an object.",
            code="store_overwrites",
            hint="Use AWS S3, SeaweedFS 4 or another server with conditional writes.",
        )


def _conflict_attempts() -> Iterable[stamina.Attempt]:
    """Attempts at a put. S3 answers 409 while another put of the same key runs, and 412 after its success."""
    return stamina.retry_context(
        on=lambda error: code_of(error) == "ConditionalRequestConflict",
        attempts=6,
        timeout=None,
        wait_initial=0.02,
        wait_jitter=0.08,
        wait_max=0.1,
    )


def _escaped(metadata: Mapping[str, str]) -> dict[str, str]:
    """HTTP headers hold ASCII only."""
    return {name: quote(value, safe=" ,;:()") for name, value in metadata.items()}


def _crc32(data: bytes | BufferedIOBase) -> int:
    """The checksum that the SDK has as its default, and that costs least."""
    if isinstance(data, bytes):
        return zlib.crc32(data)
    data.seek(0)
    crc = 0
    for part in iter(partial(data.read, PART_BYTES), b""):
        crc = zlib.crc32(part, crc)
    data.seek(0)
    return crc
