"""The text of one cell -> one value. Every reader here gets stripped text that is not empty."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qie_batch.keys import S3, S3Address, is_web
from qie_batch.manifest.faults import WrongCell
from qie_batch.manifest.limits import MAX_ID
from qie_batch.model import BATCH_PRIORITIES, EVERY_GATE, OutputFormat
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from qie_batch.model import Checks

# pandas writes whole numbers of a column with gaps as "20.0".
_WHOLE = re.compile(r"([+-]?\d{1,20})(?:\.0*)?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,20}(?:[.,]\d*)?", re.ASCII)
_SIZE = re.compile(r"(\d{1,6})\s*[xX\u00d7*]\s*(\d{1,6})", re.ASCII)
# Includes line separators and direction marks, because an id appears in logs and file names.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://|data:")


def read_id(text: str) -> str:
    if len(text) > MAX_ID:
        raise WrongCell("id_invalid", f"the id has {len(text)} characters: shorten it to {MAX_ID}")
    if _CONTROL.search(text):
        raise WrongCell("id_invalid", f"the id {quoted(text)} holds a control character: remove it")
    return text


def read_image(text: str) -> str:
    text = text.strip() if "://" in text else text
    scheme = _SCHEME.match(text)
    if scheme and scheme[0].casefold() == "file://":
        raise WrongCell("image_address", f"{quoted(text)} is not a path: leave out file://")
    if text.startswith("//"):
        raise WrongCell("image_address", f"{quoted(text)} is not a path: write https: before it")
    if scheme and not text.startswith(S3) and not is_web(text):
        advice = "write a path, https://, or s3://bucket/key"
        raise WrongCell("image_address", f"{quoted(text)} is not a path: {advice}")
    if text.startswith(S3) and not S3Address.parse(text):
        raise WrongCell("image_address", f"{quoted(text)} is no S3 address: write s3://bucket/key")
    if "\0" in text:
        raise WrongCell("image_address", f"{quoted(text)} holds a NUL character: remove it")
    return text


def _whole(column: str, low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        found = _WHOLE.fullmatch(text)
        if found and low <= int(found[1]) <= high:
            return int(found[1])
        advice = f"write a whole number from {low} to {high}"
        raise WrongCell(f"{column}_invalid", f"'{column}' is {quoted(text)}: {advice}")

    return read


def _cfg(text: str) -> float:
    if _DECIMAL.fullmatch(text) and 0 <= (value := float(text.replace(",", "."))) <= 20:
        return value
    raise WrongCell("cfg_invalid", f"'cfg' is {quoted(text)}: write a number from 0 to 20")


def _size(text: str) -> tuple[int, int]:
    found = _SIZE.fullmatch(text)
    if found and all(64 <= int(side) <= 4096 for side in found.groups()):
        return int(found[1]), int(found[2])
    advice = "write width x height in pixels, each from 64 to 4096, such as 1024x768"
    raise WrongCell("size_invalid", f"'size' is {quoted(text)}: {advice}")


def _choice(column: str, choices: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return choices[text.casefold()]
        except KeyError:
            advice = f"write one of {', '.join(choices)}"
            raise WrongCell(f"{column}_invalid", f"'{column}' is {quoted(text)}: {advice}") from None

    return read


def preset_reader(presets: Collection[str]) -> Callable[[str], str]:
    """Of the names that an engine has; without any, each text is taken."""
    return _choice("preset", {name: name for name in presets}) if presets else str.casefold


#: As users write them: AUTO is what is done where nothing is written.
OUTPUTS = {
    **{output.value: output for output in OutputFormat if output is not OutputFormat.AUTO},
    "jpg": OutputFormat.JPEG,
}

#: As people, spreadsheets and JSON write them.
_YES_NO = {
    **dict.fromkeys(("yes", "true", "1", "y", "是"), True),
    **dict.fromkeys(("no", "false", "0", "n", "否"), False),
}


def _yes_no(column: str) -> Callable[[str], bool]:
    def read(text: str) -> bool:
        found = _YES_NO.get(text.casefold())
        if found is None:
            raise WrongCell(f"{column}_invalid", f"'{column}' is {quoted(text)}: write yes or no")
        return found

    return read


def _lora(text: str) -> str:
    """A name in lower case; "" for none where the job has one."""
    name = text.casefold()
    return "" if name == "none" else name


def _texts(text: str) -> tuple[str, ...]:
    """Several, with | between."""
    return tuple(filter(None, (part.strip() for part in text.split("|"))))


def _limits(text: str) -> dict[str, float | None]:
    """Pairs gate=limit or gate=off; "off" for all gates."""
    found: dict[str, float | None] = {}
    for part in re.split(r"[\s,;]+", text.strip().casefold()):
        gate, equals, limit = part.partition("=")
        if part == "off":
            found[EVERY_GATE] = None
        elif equals and limit == "off":
            found[gate] = None
        elif equals and _DECIMAL.fullmatch(limit):
            found[gate] = float(limit)
        else:
            advice = "write off, or gate=limit and gate=off with spaces between, such as drift=2 text=off"
            raise WrongCell("gates_invalid", f"'gates' holds {quoted(part)}: {advice}")
    return found


#: What a row may keep of its image, as users write it.
LOCKS = {"none": "", "off": "", **{name: name for name in ("product", "alpha", "mask")}}

#: Columns that ask something of the result and decide no pixel -> the reader of a value of `Checks`.
ASKED: Mapping[str, Callable[[str], Any]] = {
    "expect_text": _texts,
    "expect_color": str,
    "export_channel": str.casefold,
    "gates": _limits,
    "rerolls": _whole("rerolls", 0, 8),
}


def checks_of(values: dict[str, Any], default: Checks) -> Checks:
    """Takes the values of ASKED out of those of the row; what the row leaves open is the job's choice."""
    own = {column: values.pop(column) for column in ASKED if column in values}
    if not own:
        return default
    channel, limits = own.pop("export_channel", default.channel), own.pop("gates", {})
    return replace(default, channel=channel, limits={**default.limits, **limits}, **own)


#: The columns that override the job's choice -> the reader of a value for the field of the same name.
OPTIONAL: Mapping[str, Callable[[str], Any]] = {
    "lora": _lora,
    "steps": _whole("steps", 1, 100),
    "cfg": _cfg,
    "seed": _whole("seed", 0, 2**32 - 1),
    "size": _size,
    "variants": _whole("variants", 1, 8),
    "priority": _choice("priority", {priority.name.lower(): priority for priority in BATCH_PRIORITIES}),
    "output": _choice("output", OUTPUTS),
    "keep_alpha": _yes_no("keep_alpha"),
    "strip_metadata": _yes_no("strip_metadata"),
    "lock": _choice("lock", LOCKS),
    "align": _yes_no("align"),
    "keep_mask": read_image,
    **ASKED,
}

#: No column of its own: the quality of all results of a job.
QUALITY = _whole("quality", 1, 100)
