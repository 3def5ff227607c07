"""EditRequest -> POST /v1/images/edits; its answer -> a verdict."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from qie_batch.remote.answers import document, error_code, retry_after, sentence
from qie_batch.remote.calls import Call, FilePart
from qie_batch.remote.params import check_range, without_control_tokens
from qie_batch.remote.presets import PRESETS
from qie_batch.remote.verdicts import Busy, Denied, Doubtful, Down, Linked, Refused, Returned

if TYPE_CHECKING:
    from qie_batch.engines.openai.options import OpenAiOptions
    from qie_batch.model import EditParams, EditRequest
    from qie_batch.remote.calls import Answer
    from qie_batch.remote.images import ImageCodec
    from qie_batch.remote.verdicts import Verdict

PATH = "/v1/images/edits"

#: Statuses of a server that takes no edit of ours; a redirect is not followed, as it would be given the key.
_DENIED = frozenset({301, 302, 303, 307, 308, 401, 402, 403, 404, 405, 407})
_BUSY = frozenset({429, 503})
_REFUSED = frozenset({400, 413, 415, 422})
#: Codes of OpenAI that a later try does not change, whatever their status.
_DENIED_CODES = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "model_not_found", "invalid_api_key"}
)
#: A code of the ledger.
_CODE = re.compile(r"[a-z][a-z_]{0,63}")


class OpenAiWire:
    """Implements `qie_batch.remote.Wire`."""

    def __init__(self, options: OpenAiOptions) -> None:
        self.name = options.dialect
        self.probes = options.spoken.probes
        self._options = options
        self._dialect = options.spoken

    def check(self, params: EditParams) -> None:
        check_range(params)

    def call(self, request: EditRequest, codec: ImageCodec) -> Call:
        key = self._options.key
        return Call(
            path=PATH,
            headers={"authorization": f"Bearer {key}"} if key else {},
            fields=self._fields(request),
            files=self._files(request, codec),
        )

    def _fields(self, request: EditRequest) -> dict[str, str]:
        """`n` and `output_format` are always said: no two servers have the same defaults.

        So is `size`, but where the size of the image is the default.
        """
        fields = {
            "prompt": without_control_tokens(request.params.instruction),
            "n": "1",
            "output_format": "png",
            **self._dialect.always,
        }
        if self._dialect.sizes:
            fields["size"] = f"{request.width}x{request.height}"
        if self._options.model:
            fields["model"] = self._options.model
        if self._dialect.honours:
            fields |= self._diffusion_fields(request)
        return fields

    def _diffusion_fields(self, request: EditRequest) -> dict[str, str]:
        """Both servers read `true_cfg_scale`, and a blank negative prompt keeps CFG on."""
        params = request.params
        preset = PRESETS.get(params.preset or "reference", PRESETS["reference"])
        fields = {
            "negative_prompt": without_control_tokens(params.negative) or " ",
            "num_inference_steps": str(preset.steps if params.steps is None else params.steps),
            "true_cfg_scale": str(preset.cfg if params.cfg is None else params.cfg),
            "seed": str(params.seed or 0),
        }
        if self._options.generator_device:
            fields["generator_device"] = self._options.generator_device
        return fields

    def _files(self, request: EditRequest, codec: ImageCodec) -> tuple[FilePart, ...]:
        first, *references = request.images
        data = [codec.png(first), *map(codec.reference_png, references)]
        name = self._dialect.several if references else "image"
        return tuple(
            FilePart(name, f"image-{number}.png", png, "image/png")
            for number, png in enumerate(data, start=1)
        )

    def read(self, answer: Answer, server: str) -> Verdict:
        status, reason = answer.status, f"{answer.status}, {sentence(answer, [self._options.key])}"
        if status == 200:
            return _image(document(answer), server, self._options.key)
        if status in _DENIED or error_code(answer) in _DENIED_CODES:
            return Denied(reason)
        if status in _BUSY:
            return Busy(retry_after(answer))
        if status in _REFUSED:
            return Refused(reason, self._refusal_code(answer))
        if status == 500 and self.probes:
            # SGLang answers 500 to whatever its engine refuses, and vLLM-Omni to long prompts.
            return Doubtful(reason, "engine_failed")
        return Down(reason)

    def _refusal_code(self, answer: Answer) -> str:
        code = error_code(answer) if self._dialect.own_codes else ""
        return code if _CODE.fullmatch(code) else "engine_refused"


def _image(found: Any, server: str, key: str) -> Verdict:
    data = found.get("data") if isinstance(found, dict) else None
    if not isinstance(data, list):
        return Doubtful("it answers 200 with something else than OpenAI's JSON", "engine_answer")
    first = data[0] if data and isinstance(data[0], dict) else {}
    encoded, address = first.get("b64_json"), first.get("url")
    if isinstance(encoded, str) and encoded:
        try:
            return Returned(base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError):
            return Doubtful("the image that it answers is no base64", "engine_answer")
    if isinstance(address, str) and address:
        return _linked(address, server, key)
    return Doubtful("it answers 200 without an image", "no_image")


def _linked(address: str, server: str, key: str) -> Verdict:
    """Only of the same origin: nothing else may decide where this process connects to."""
    try:
        target = urlsplit(urljoin(f"{server}/", address))
    except ValueError:
        target = urlsplit("")
    home = urlsplit(server)
    if (target.scheme, target.netloc) != (home.scheme, home.netloc):
        return Doubtful("its image is at an address of another server, which is not asked", "engine_answer")
    path = target.path + (f"?{target.query}" if target.query else "")
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return Linked(f"{home.scheme}://{home.netloc}", Call(path=path, method="GET", headers=headers))
