"""Finds the weights on this machine and checks their index before loading. Downloads nothing."""

from __future__ import annotations

import json
import logging
import re
from importlib.util import find_spec
from pathlib import Path

from qie_batch.errors import Misconfigured

_log = logging.getLogger(__name__)

PIPELINE = "QwenImageEditPlusPipeline"
#: Packages of a component's class; any other name in the index would run code from the weights' folder.
_LIBRARIES = frozenset({"diffusers", "transformers"})


def find_weights(model: str, revision: str) -> Path:
    """The folder `model`, or its snapshot in the hub cache; Misconfigured if that cannot be loaded."""
    folder = Path(model).expanduser()
    if not folder.is_dir():
        folder = _hub_snapshot(model, revision)
    index = folder / "model_index.json"
    if not index.is_file():
        raise _missing(
            f"The folder {folder} holds no model_index.json, so it is no diffusers pipeline.", model
        )
    try:
        content = json.loads(index.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _missing(f"{index} is not readable as JSON.", model) from error
    _check_index(index, content)
    return folder


def _hub_snapshot(model: str, revision: str) -> Path:
    where = "the hub cache"
    if find_spec("huggingface_hub") is not None:
        from huggingface_hub import constants, snapshot_download  # noqa: PLC0415 - part of [gpu] only
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415 - likewise

        where = f"the hub cache {constants.HF_HUB_CACHE}"
        commit = revision if re.fullmatch(r"[0-9a-f]{40}", revision) else None
        try:
            snapshot = Path(snapshot_download(model, revision=commit, local_files_only=True))
        except (HFValidationError, LocalEntryNotFoundError):
            pass  # reported below
        else:
            # A revision that is no commit id means the commit that the cache calls main.
            _log.info("The weights %s are those of commit %s", model, snapshot.name)
            return snapshot
    raise _missing(f"The weights {model!r} are neither a folder nor in {where}.", model)


def _check_index(index: Path, content: object) -> None:
    if not isinstance(content, dict) or content.get("_class_name") != PIPELINE:
        raise Misconfigured(
            f"{index} does not describe a {PIPELINE}.",
            code="weights_unsuitable",
            hint="Point QIE_MODEL at Qwen-Image-Edit-2509.",
        )
    for name, source in content.items():
        if isinstance(source, list) and source and source[0] not in _LIBRARIES:
            raise Misconfigured(
                f"{index} takes {name!r} from {source[0]!r}: code beside weights is never run.",
                code="weights_unsafe",
                hint="Use the published layout, whose components are all diffusers or transformers classes.",
            )


def _missing(sentence: str, model: str) -> Misconfigured:
    name = model if re.fullmatch(r"[\w.-]+/[\w.-]+", model) else "Qwen/Qwen-Image-Edit-2509"
    return Misconfigured(
        sentence,
        code="weights_missing",
        hint=f"Fetch them once with `hf download {name}` (58 GB), or point QIE_MODEL at their folder.",
    )
