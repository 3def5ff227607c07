"""The page on which a person chooses one of several results, such as the variants of a row.

One HTML file without a connection. It has a downloaded decisions.csv with the columns of the offline sheet's:
what was chosen is approved, the others of its group are rejected.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jinja2 import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One result."""

    item_id: str
    #: Of the item, as it is shown.
    version: int
    #: Such as `park, variant 2`.
    label: str
    instruction: str
    #: An address; "" for an image that is gone.
    after: str
    #: What a gate says against it.
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Results of which one is chosen."""

    name: str
    before: str
    options: tuple[Option, ...]

    @property
    def instruction(self) -> str:
        """What all options have; "" where they differ."""
        texts = {option.instruction for option in self.options}
        return texts.pop() if len(texts) == 1 else ""


def choices_page(job_id: str, name: str, groups: Iterable[Group]) -> Iterator[bytes]:
    """The page in UTF-8, a group at a time."""
    style, script = _style(), _script()
    parts = _template().generate(
        job_id=job_id,
        name=name,
        groups=groups,
        style=Markup(style),  # noqa: S704 - ours, and its hash must be that of the very same characters
        script=Markup(script),  # noqa: S704 - likewise
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    return (part.encode(errors="replace") for part in parts)


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _style() -> str:
    report = resources.files("qie_batch.report").joinpath("style.css")
    return report.read_text("utf-8") + _file("choices.css")


@cache
def _script() -> str:
    viewer = resources.files("qie_batch.report.viewer")
    # From the offline sheet: how a cell is written, and how a file is saved.
    shared = (viewer.joinpath(f"{name}.js").read_text("utf-8") for name in ("dom", "sheet"))
    return "\n".join(('(() => {\n"use strict";', *shared, _file("choices.js"), "})();\n"))


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_file("choices.html.j2"))


def _file(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text("utf-8")
