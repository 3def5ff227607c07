"""The viewer in which people decide on results: for the review page of the gateway and the offline sheet.

Script and style are the files of this folder, joined; both are static, so that a policy can allow them by
their hash. The viewer starts on the element with the id "review", whose data-review is a `Head` as JSON:

    job, name        id and name of the job
    language         "en" or "zh", "" for the language of the browser
    texts            by language, each text of the viewer by its key: `texts()`
    reviewer         who decides; "" where the viewer has to ask (the sheet)
    gates            names of the gates to filter by
    source           null for the sheet; of the gateway {"reviews": address of the routes below,
                     "back": page of the job, "items": address before the id of an item,
                     "may": whether decisions are allowed}
    filter           what is shown at first: {"show": Show, "gate": name or "", "sample": percent}

Each item is a `ReviewItemView` (views/reviews.py) as JSON. The gateway serves pages of them:

    GET  {reviews}?show=&gate=&sample=&after=&limit=
         -> ReviewPageView {"items", "next", "number", "counts"}
    POST {items}{id}/reviews {"version", "decision": "approved|rejected|noted|undone", "note"}
         -> ReviewItemView
    POST {items}{id}/reroll  {"version", "note", "instruction", "seed"}
         -> ReviewItemView
    POST {reviews} {"decision": "approved|rejected", "note", "show", "gate", "sample", "number"}
         -> ReviewedView {"items": changed, "conflicts": decided by others meanwhile}

409 is a problem document whose `detail` says who decided what meanwhile. Show is waiting (needs review),
passed (all gates passed, no person looked), approved, rejected or all; `sample` is a percentage of them.

The sheet has its items in the page, each as <script type="application/json" class="review-item">; addresses
of images are data: URLs. Decisions are kept in localStorage and downloaded as decisions.csv, UTF-8 with a
byte order mark, all cells quoted, one row an item:

    job, item, version, decision, note, instruction, seed, reviewer, at

`decision` is approved, rejected, rerolled or noted; `version` is the one that was looked at; `instruction`
and `seed` are filled for rerolled alone; `at` is UTC as 2026-11-27T08:15:00Z. A cell that starts with = + -
or @ has an apostrophe before it, as in results.csv.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from qie_batch.views import dumped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jinja2 import Template

    from qie_batch.views import ReviewItemView

LANGUAGES = ("en", "zh")
#: In the order in which they are joined: each uses names of those before it.
SCRIPTS = (
    *(
        "dom",
        "texts",
        "kinds",
        "heat",
        "geometry",
        "pointers",
        "stage",
        "tools",
        "gateway",
        "sheet",
        "dialogs",
    ),
    *("panel", "strip", "bar", "alerts", "walk", "decisions", "keys", "actions", "review"),
)
#: Columns of decisions.csv.
DECISION_COLUMNS = ("job", "item", "version", "decision", "note", "instruction", "seed", "reviewer", "at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the viewer is told of the job; see above."""

    job: str
    name: str
    gates: tuple[str, ...] = ()
    language: str = ""
    reviewer: str = ""
    source: Mapping[str, Any] | None = None
    show: str = "waiting"
    gate: str = ""
    sample: int = 100

    def json(self) -> str:
        shown = {
            "job": self.job,
            "name": self.name,
            "gates": self.gates,
            "language": self.language,
            "reviewer": self.reviewer,
            "source": self.source,
            "filter": {"show": self.show, "gate": self.gate, "sample": self.sample},
            "texts": texts(),
        }
        return json.dumps(shown, ensure_ascii=False)


@cache
def script() -> str:
    parts = (_file(f"{name}.js") for name in SCRIPTS)
    return "\n".join(('(() => {\n"use strict";', *parts, "})();\n"))


@cache
def style() -> str:
    return _file("viewer.css")


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """By language and key."""
    return {code: dict(_flat("", tomllib.loads(_file(f"texts/{code}.toml")))) for code in LANGUAGES}


def sheet(head: Head, items: Iterable[ReviewItemView]) -> Iterator[bytes]:
    """The offline sheet as one HTML file in UTF-8, an item at a time."""
    first, last = _sheet().render(**_shown(head)).split("<!-- items -->")
    yield first.encode(errors="replace")
    for item in items:
        # Nothing in it ends the element.
        text = json.dumps(dumped(item), ensure_ascii=False).replace("<", "\\u003c")
        yield f'<script type="application/json" class="review-item">{text}</script>\n'.encode(
            errors="replace"
        )
    yield last.encode(errors="replace")


def _shown(head: Head) -> dict[str, Any]:
    own = resources.files("qie_batch.report").joinpath("style.css").read_text("utf-8") + style()
    return {
        "head": head,
        "style": Markup(own),  # noqa: S704 - ours, and its hash must be that of the very same characters
        "script": Markup(script()),  # noqa: S704 - likewise
        "style_hash": _hash(own),
        "script_hash": _hash(script()),
    }


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _sheet() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_file("sheet.html.j2"))


def _file(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text("utf-8")


def _flat(prefix: str, table: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        key = f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict):
            yield from _flat(key, value)
        else:
            yield key, str(value)
