"""EditRequest -> the service's JSON; its answer -> a verdict.

Shapes: Model Studio's reference of Qwen-Image-Edit (2025-12). None of it was tried on the service itself.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qie_batch.engines.dashscope.options import check_params
from qie_batch.remote.answers import document, error_code, retry_after, sentence
from qie_batch.remote.calls import Call
from qie_batch.remote.params import without_control_tokens
from qie_batch.remote.verdicts import Busy, Denied, Doubtful, Down, Linked, Refused

if TYPE_CHECKING:
    from qie_batch.engines.dashscope.options import DashScopeOptions
    from qie_batch.model import EditParams, EditRequest
    from qie_batch.remote.calls import Answer
    from qie_batch.remote.images import ImageCodec
    from qie_batch.remote.verdicts import Verdict

PATH = "/api/v1/services/aigc/multimodal-generation/generation"

#: Results lie in buckets of Alibaba Cloud for 24 hours.
_RESULT_HOSTS = ".aliyuncs.com"
#: Beginnings of `code` by what has to be done: wait; pay or ask for a right; change the row.
_BUSY = ("Throttling", "LimitRequests", "RateLimit", "ServiceUnavailable", "ModelServingError")
_DENIED = (
    "Arrearage",
    "AllocationQuota",
    "insufficient_quota",
    "InvalidApiKey",
    "AccessDenied",
    "Model.AccessDenied",
    "ModelNotFound",
    "WorkspaceAccessDenied",
    "CommodityNotPurchased",
    "PrepaidBillOverdue",
    "PostpaidBillOverdue",
)
_CONTENT = ("DataInspectionFailed", "data_inspection_failed", "IPInfringementSuspect", "FaqRuleBlocked")


class DashScopeWire:
    """Implements `qie_batch.remote.verdicts.Wire`."""

    name = "dashscope"
    probes = False

    def __init__(self, options: DashScopeOptions) -> None:
        self._options = options

    def check(self, params: EditParams) -> None:
        check_params(params)

    def call(self, request: EditRequest, codec: ImageCodec) -> Call:
        first, *references = request.images
        files = [codec.png(first), *map(codec.reference_png, references)]
        params = request.params
        content = [
            *({"image": f"data:image/png;base64,{base64.b64encode(data).decode()}"} for data in files),
            {"text": without_control_tokens(params.instruction)},
        ]
        return Call(
            path=PATH,
            headers={"authorization": f"Bearer {self._options.key}"},
            json={
                "model": self._options.model,
                "input": {"messages": [{"role": "user", "content": content}]},
                "parameters": {
                    # A size is taken for one image only.
                    "n": 1,
                    "size": f"{request.width}*{request.height}",
                    "seed": params.seed or 0,
                    "negative_prompt": without_control_tokens(params.negative) or " ",
                    # It would have another model write another instruction.
                    "prompt_extend": False,
                    "watermark": False,
                },
            },
        )

    def read(self, answer: Answer, server: str) -> Verdict:
        found, code = document(answer), error_code(answer)
        if answer.status == 200 and not code:
            return _image(found, server)
        reason = f"{answer.status} {code}, {sentence(answer, [self._options.key])}"
        if code.startswith(_CONTENT):
            return Refused(reason, "content_refused")
        if code.startswith(_DENIED) or answer.status in (301, 302, 307, 308, 401, 402, 403, 404, 405):
            return Denied(reason)
        if code.startswith(_BUSY) or answer.status in (429, 503):
            return Busy(retry_after(answer))
        return Refused(reason) if answer.status in (400, 413, 415, 422) else Down(reason)


def _image(found: Any, server: str) -> Verdict:
    try:
        content = found["output"]["choices"][0]["message"]["content"]
        address = next(each["image"] for each in content if "image" in each)
        target = urlsplit(address)
    except (KeyError, IndexError, TypeError, StopIteration, ValueError, AttributeError):
        return Doubtful("it answers 200 without an image", "no_image")
    return _linked(target, server)


def _linked(target: Any, server: str) -> Verdict:
    """Of the service itself, or of Alibaba Cloud's buckets, there always with TLS and never with the key."""
    home = urlsplit(server)
    path = target.path + (f"?{target.query}" if target.query else "")
    call = Call(path=path, method="GET")
    if (target.scheme, target.netloc) == (home.scheme, home.netloc):
        return Linked(server, call)
    host = target.hostname or ""
    if target.scheme in ("http", "https") and host.endswith(_RESULT_HOSTS) and "@" not in target.netloc:
        return Linked(f"https://{host}", call)
    return Doubtful(
        "its image is at an address outside of Alibaba Cloud, which is not asked", "engine_answer"
    )
