"""Content credentials: a signed manifest of C2PA inside of an image, with the user's own certificate."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qie_batch.errors import Misconfigured
from qie_batch.images.kinds import recognise
from qie_batch.images.provenance import SOURCE_TYPE, SYSTEM, SYSTEM_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.images.provenance import Value

_LIBRARY = "pip install 'qie-batch[c2pa]'"
#: No second, small image inside; no server is asked for anything.
_SETTINGS = {"builder": {"thumbnail": {"enabled": False}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    #: Certificates in PEM, that of the key first.
    chain: bytes
    #: In PEM.
    key: bytes
    #: As `QIE_C2PA_ALGORITHM`.
    algorithm: str
    #: Address of a time stamp authority (RFC 3161); without one, signatures end with the certificate.
    timestamps: str = ""

    def sign(self, data: bytes, fields: Mapping[str, Value]) -> bytes:
        """The file with a manifest of what `fields` say. Misconfigured for a certificate that cannot sign."""
        c2pa = _library()
        try:
            given = (self.algorithm, self.chain, self.key, self.timestamps or None)
            with (
                c2pa.Signer.from_info(c2pa.C2paSignerInfo(*given)) as signer,
                c2pa.Context(settings=c2pa.Settings.from_dict(_SETTINGS)) as context,
                c2pa.Builder(_manifest(fields), context=context) as builder,
            ):
                signed = io.BytesIO()
                builder.sign(signer, f"image/{recognise(data).lower()}", io.BytesIO(data), signed)
        except c2pa.C2paError as error:
            raise Misconfigured(
                f"the certificate of QIE_C2PA_CHAIN cannot sign ({error})",
                hint="give it the key usage digitalSignature, the extended usage emailProtection or"
                " documentSigning, its issuers behind it in the file, and the key of QIE_C2PA_KEY",
            ) from error
        return signed.getvalue()


def is_signed(data: bytes) -> bool:
    """Whether the file has a manifest of C2PA, by any signer."""
    c2pa = _library()
    try:
        reader = c2pa.Reader.try_create(f"image/{recognise(data).lower()}", io.BytesIO(data))
    except c2pa.C2paError:
        return True  # there is one, which cannot be read
    return reader is not None


def _library() -> Any:
    try:
        import c2pa  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise Misconfigured("signing needs the package c2pa-python", hint=_LIBRARY) from error
    return c2pa


def _manifest(fields: Mapping[str, Value]) -> dict[str, Any]:
    """What was done, as one action: the file is new, made by the software that is named."""
    agent = {
        "name": fields.get(SYSTEM, "qie-batch"),
        **({"version": fields[SYSTEM_VERSION]} if SYSTEM_VERSION in fields else {}),
    }
    action = {
        "action": "c2pa.created",
        "digitalSourceType": fields[SOURCE_TYPE],
        "softwareAgent": agent,
    }
    return {
        "claim_generator_info": [{"name": "qie-batch"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }
