"""Which file of an upload is the catalog, and which one a row means."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from difflib import get_close_matches
from posixpath import normpath
from typing import TYPE_CHECKING

from qie_batch.errors import UsageError
from qie_batch.steps.uploads.names import is_manifest
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qie_batch.steps.uploads.upload import Upload

#: Near names answered for one upload: each costs a quarter of a second beside 10,000 files.
ANSWERS = 50
#: Characters of a name in a sentence, and catalogs named in one.
SHOWN, LISTED = 200, 10


def candidates(upload: Upload) -> list[str]:
    """The files that may be the catalog: those nearest to the top, where a table among them is."""
    tables = [name for name in upload.files if is_manifest(name)]
    top = min((name.count("/") for name in tables), default=0)
    return sorted(name for name in tables if name.count("/") == top)


def catalog_of(upload: Upload, chosen: str = "") -> str:
    """The name of the catalog: the chosen one, else the only one. UsageError where it is not clear."""
    if chosen:
        name = unicodedata.normalize("NFC", chosen)
        if name in upload.files:
            return name
        raise UsageError(
            f"the upload has no file {quoted(chosen, SHOWN)}",
            code="catalog_missing",
            hint=f"it has {_listed(candidates(upload))}" if candidates(upload) else "send the catalog",
        )
    found = candidates(upload)
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"the upload has {len(found)} tables, {_listed(found)}",
            code="catalog_unclear",
            hint="say which one is the catalog: catalog=NAME",
        )
    raise UsageError(
        "the upload has no catalog",
        code="catalog_missing",
        hint="send a CSV, TSV, XLSX or JSONL file with it",
    )


class Matcher:
    """Finds a file by the name that a row gives; used by several threads at a time."""

    def __init__(self, names: Iterable[str]) -> None:
        self._folded: defaultdict[str, list[str]] = defaultdict(list)
        self._last: defaultdict[str, list[str]] = defaultdict(list)
        self._names = set(names)
        for name in self._names:
            self._folded[_folded(name)].append(name)
            self._last[_folded(name).rpartition("/")[2]].append(name)
        self._left = ANSWERS
        #: Files that were found by their last name alone -> the path for which each stands.
        self.by_name: dict[str, str] = {}

    def find(self, path: str) -> str:
        """The file at `path`; "" where none is meant beyond doubt.

        Where one file alone fits, letter case and the form of accents do not matter, as Windows and macOS do
        not tell them apart, and the file may be in a folder below. It may be in a folder above, too, as
        images that were chosen one by one have lost their folder; such a file stands for one path alone.
        """
        path = normpath(unicodedata.normalize("NFC", path.replace("\\", "/")))
        if path in self._names:
            return path
        folded = _folded(path)
        alike = self._folded.get(folded, [])
        if not alike:
            folder, slash, last = folded.rpartition("/")
            alike = [name for name in self._last.get(last, []) if _folded(name).startswith(folder + slash)]
        if not alike:
            return self._above(folded)
        return alike[0] if len(alike) == 1 else ""

    def _above(self, path: str) -> str:
        alike = self._last.get(path.rpartition("/")[2], [])
        if len(alike) != 1:
            return ""
        folder = _folded(alike[0]).rpartition("/")[0]
        is_above = not folder or path.startswith(f"{folder}/")
        return alike[0] if is_above and self.by_name.setdefault(alike[0], path) == path else ""

    def advice(self, path: str) -> str:
        """What to do about a name that no file has, as a clause."""
        last = sorted(self._last.get(_folded(path).rpartition("/")[2], []))
        if len(last) > 1:
            return f"it has {_listed(last[:2])}: write the path from the catalog's folder"
        if last:
            return f"it has {quoted(last[0], SHOWN)}"
        if self._left <= 0:
            return "check its spelling"
        self._left -= 1
        near = get_close_matches(_folded(path), self._folded, n=1, cutoff=0.7)
        return f"did you mean {quoted(self._folded[near[0]][0], SHOWN)}?" if near else "check its spelling"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(quoted(name, SHOWN) for name in names[:LISTED]) + more


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
