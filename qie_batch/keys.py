"""Names in the object store: the keys that qie-batch writes, and s3:// addresses; addresses on the web."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

S3 = "s3://"

#: Prefix of all results.
RESULTS = "results/"
#: Prefixes of all images that were submitted, of all manifests, and of what belongs to one job.
INPUTS, MANIFESTS, JOBS = "inputs/", "manifests/", "jobs/"
#: Prefix of all uploads.
UPLOADS = "uploads/"
#: Not deleted after the check, because the credentials may lack the right to delete.
CREATE_ONLY_PROBE = "probe/create-only"
BREAKER_PROBE = "probe/breaker"

_PLAIN_OWNER = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_ADDRESS = re.compile(r"s3://(?P<bucket>[A-Za-z0-9][A-Za-z0-9._-]{1,62})/(?P<key>.*[^/])", re.DOTALL)


def input_key(sha256: str) -> str:
    return f"{INPUTS}{sha256}"


def sha256_of_input(key: str) -> str:
    """The inverse of `input_key`."""
    return key.removeprefix(INPUTS)


def result_key(cache_key: str) -> str:
    return f"{RESULTS}{cache_key}"


def cache_key_of(key: str) -> str:
    """The inverse of `result_key`."""
    return key.removeprefix(RESULTS)


def manifest_key(sha256: str, suffix: str) -> str:
    """`suffix` names the format, without a dot."""
    return f"{MANIFESTS}{sha256}.{suffix}"


def fetched_key(address: str) -> str:
    """Where the state of an image on the web at its last fetch is kept."""
    return f"fetched/{hashlib.sha256(address.encode()).hexdigest()}.json"


def file_key(owner: str, file_id: str) -> str:
    """Of a file that a tenant stored."""
    return f"files/{_segment(owner)}/{file_id}"


def is_web(address: str) -> bool:
    return address[:8].lower().startswith(("https://", "http://"))


def job_key(job_id: str, name: str) -> str:
    return f"{JOBS}{job_id}/{name}"


def job_of_key(key: str) -> str:
    """The job of a `job_key`."""
    return key.removeprefix(JOBS).partition("/")[0]


def upload_prefix(owner: str, upload_id: str) -> str:
    """Where the files of an upload are; the prefix of one owner is that of no other."""
    return f"{uploads_of(owner)}{upload_id}/"


def uploads_of(owner: str) -> str:
    """The prefix of all uploads of a tenant."""
    return f"{UPLOADS}{_segment(owner)}/"


def _segment(owner: str) -> str:
    """The part of a key that is one tenant's alone; a tenant's name may be any text."""
    if _PLAIN_OWNER.fullmatch(owner):
        return f"t-{owner}"
    return f"h-{hashlib.sha256(owner.encode(errors='replace')).hexdigest()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Address:
    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{S3}{self.bucket}/{self.key}"

    @classmethod
    def parse(cls, text: str) -> S3Address | None:
        """None unless the text names a bucket and a key that does not end in a slash."""
        found = _ADDRESS.fullmatch(text)
        return cls(**found.groupdict()) if found else None

    @classmethod
    def split(cls, text: str) -> S3Address:
        """The parts of an address or a prefix, unchecked: the key may be empty."""
        bucket, _, key = text.removeprefix(S3).partition("/")
        return cls(bucket=bucket, key=key)
