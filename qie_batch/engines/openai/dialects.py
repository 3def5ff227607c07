"""What each server takes and means (docs/engines.md).

Of vLLM-Omni 0.30.0 and SGLang 0.5.23 as measured with a tiny pipeline, of OpenAI as documented, never seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qie_batch.model.buckets import QWEN_BUCKETS

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Of gpt-image-1.
_OPENAI_SIZES = ((1024, 1024), (1536, 1024), (1024, 1536))
_DIFFUSION = frozenset({"negative", "steps", "cfg", "seed", "preset"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    #: Fields of EditParams that the server uses.
    honours: frozenset[str] = _DIFFUSION
    #: Sizes to ask for; empty where a result has the size of its image unless another is asked for.
    sizes: tuple[tuple[int, int], ...] = QWEN_BUCKETS
    max_images: int = 3
    #: Fields of every request.
    always: Mapping[str, str] = field(default_factory=lambda: {"response_format": "b64_json"})
    #: The name of the part of each image where there are several.
    several: str = "image"
    #: A tiny edit that is not asked for costs little, and says whether the server works.
    probes: bool = True
    #: The codes of its refusals are those of a ledger like ours.
    own_codes: bool = False


DIALECTS: Mapping[str, Dialect] = {
    "vllm-omni": Dialect(),
    "sglang": Dialect(),
    # Each edit is paid for, and sizes are fixed. It always answers base64, and refuses to be asked for it.
    "openai": Dialect(
        honours=frozenset(), sizes=_OPENAI_SIZES, max_images=16, always={}, several="image[]", probes=False
    ),
    # The engine behind it fits an image to its own sizes, and the result back to that of the image, which
    # need not be one that may be asked for.
    "qie-batch": Dialect(sizes=(), own_codes=True),
}
