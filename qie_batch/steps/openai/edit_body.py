"""The body of one edit, in the form of OpenAI's API -> what a row of a manifest says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.errors import UsageError
from qie_batch.keys import is_web
from qie_batch.manifest.aliases import REFERENCES
from qie_batch.manifest.cells import QUALITY
from qie_batch.manifest.faults import WrongCell
from qie_batch.manifest.image_lists import images_of
from qie_batch.steps.data_urls import read_data_url
from qie_batch.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: Parameter -> column. The server that knows `guidance_scale` alone means the same by it.
COLUMNS = {
    "prompt": "instruction",
    "negative_prompt": "negative",
    "size": "size",
    "seed": "seed",
    "num_inference_steps": "steps",
    "guidance_scale": "cfg",
    "true_cfg_scale": "cfg",
    "output_format": "output",
    "n": "variants",
    "preset": "preset",
    "lora": "lora",
}
_PARAMETERS = {column: parameter for parameter, column in COLUMNS.items()} | dict.fromkeys(
    ("image", *REFERENCES), "image"
)
#: They leave the choice to the server, or name the caller: nothing is lost where they are left out.
_HARMLESS = frozenset(
    ("quality", "input_fidelity", "moderation", "user", "safety_identifier", "generator_device", "style")
)
#: What only some values of ask for something.
_ONLY = {"background": ("auto", "opaque"), "stream": ("false",), "partial_images": ("0",)}
_ELSEWHERE = frozenset(("model", "response_format", "output_compression", "image", "images"))
_REFUSED = {
    "mask": "no mask is taken: say in the prompt what to change and what to keep",
    "stream": "no partial images are sent: leave stream out",
    "partial_images": "no partial images are sent: leave partial_images out",
    "background": "the background is a matter of the prompt: write 'transparent background'",
}
#: Of an edit: the image to edit and the references.
MAX_IMAGES = 1 + len(REFERENCES)

#: Bytes, or an s3:// or https:// address.
ImageSource = bytes | str


class WrongParameter(UsageError):
    """A parameter of an edit that cannot be carried out; `subject` is its name."""

    code = "invalid_value"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditBody:
    """One edit as asked for; the cells are read by the rules of a manifest."""

    #: Name of the engine, "" for the default.
    model: str
    #: By column; a column that is not asked for is left out.
    cells: Mapping[str, str]
    #: The image to edit first, then the references.
    images: tuple[ImageSource, ...]
    #: Of JPEG and WebP.
    quality: int | None = None
    #: Answer with addresses of the results, not with their bytes.
    links: bool = False

    @property
    def results(self) -> str:
        """How many are asked for, as text that is not checked yet."""
        return self.cells.get("variants", "1")


def read_body(
    fields: Mapping[str, object], files: Sequence[bytes], address_of: Callable[[str], str]
) -> EditBody:
    """WrongParameter says what is wrong; `address_of` gives the s3:// address of a stored file's id."""
    given = {name: value for name, value in fields.items() if value is not None}
    texts = {name: _text(name, value) for name, value in given.items() if name not in ("image", "images")}
    _refuse_unknown(texts)
    cells = {COLUMNS[name]: text for name, text in texts.items() if name in COLUMNS and text.strip()}
    if "true_cfg_scale" in texts:
        cells["cfg"] = texts["true_cfg_scale"]
    if cells.get("size") == "auto":
        del cells["size"]
    for column in ("instruction", "negative"):
        if column in cells:  # where a brace begins the name of a column
            cells[column] = cells[column].replace("{", "{{").replace("}", "}}")
    return EditBody(
        model=texts.get("model", "").strip(),
        cells={"output": "png"} | cells,
        images=(*files, *_images(given, address_of)),
        quality=_quality(texts.get("output_compression", "")),
        links=_links(texts.get("response_format", "b64_json")),
    )


def check_images(body: EditBody) -> None:
    """WrongParameter unless there are as many as an edit may have."""
    if not body.images:
        raise WrongParameter(
            "no image is given: send one as a file, a data: URL or the id of a file",
            code="missing_required_parameter",
            subject="image",
        )
    if len(body.images) > MAX_IMAGES:
        raise WrongParameter(
            f"an edit takes one to {MAX_IMAGES} images; this one has {len(body.images)}",
            code="image_count",
            subject="image",
        )


def parameter_of(column: str) -> str:
    """The parameter that became the column, "" for none."""
    return _PARAMETERS.get(column, "")


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise WrongParameter(
        f"{quoted(name)} is no text and no number", code="invalid_type", subject=printable(name)
    )


def _refuse_unknown(texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        if name in _ONLY and text.strip().lower() in ("", *_ONLY[name]):
            continue
        if name in _REFUSED:
            raise WrongParameter(_REFUSED[name], code="unsupported_parameter", subject=name)
        if name not in COLUMNS and name not in _HARMLESS and name not in _ELSEWHERE:
            raise WrongParameter(
                f"there is no parameter {quoted(name)}: leave it out",
                code="unknown_parameter",
                subject=printable(name),
            )


def _quality(text: str) -> int | None:
    if not text:
        return None
    try:
        return QUALITY(text)
    except WrongCell as wrong:
        sentence = "output_compression is a whole number from 1 to 100"
        raise WrongParameter(sentence, code=wrong.code, subject="output_compression") from None


def _links(text: str) -> bool:
    if text in ("b64_json", "url"):
        return text == "url"
    raise WrongParameter("response_format is b64_json or url", subject="response_format")


def _images(given: Mapping[str, object], address_of: Callable[[str], str]) -> list[ImageSource]:
    found: list[ImageSource] = []
    for name in ("image", "images"):
        value = given.get(name, [])
        for each in value if isinstance(value, list) else [value]:
            if len(found) <= MAX_IMAGES:  # no more are read than the error needs
                found.append(_image(each, name, address_of))
    return found


def _image(value: object, name: str, address_of: Callable[[str], str]) -> ImageSource:
    """From a data: URL, an https:// address or a stored file, each of which may be a member of an object."""
    if isinstance(value, dict):
        value = value.get("file_id") or value.get("image_url") or value.get("url")
    if isinstance(value, dict):
        value = value.get("url")
    if not isinstance(value, str):
        raise _no_image(name)
    try:
        if found := read_data_url(value):
            return found.data
    except ValueError:
        raise WrongParameter("the data: URL holds no base64", code="image_address", subject=name) from None
    if is_web(value) and images_of(value) == [value]:
        return value
    if re.fullmatch(r"file-[\w-]{1,80}", value, re.ASCII):
        return address_of(value)
    raise _no_image(name)


def _no_image(name: str) -> WrongParameter:
    sentence = "an image is a data: URL with base64, an https:// address, or the id of a file"
    return WrongParameter(sentence, code="image_address", subject=name)
