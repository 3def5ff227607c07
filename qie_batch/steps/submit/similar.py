"""What a name may have meant that no file on disk has."""

from __future__ import annotations

import os
import re
import threading
import unicodedata
from collections import OrderedDict
from difflib import get_close_matches
from pathlib import Path

from qie_batch.text import many, quoted

#: Near names answered: people read no more, and each costs a quarter of a second beside 10,000 files.
ANSWERS = 50
#: Folders whose names are kept in memory.
FOLDERS = 16
#: Characters of a name in a sentence.
SHOWN = 200

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]")
_QUOTES = "\"'\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019"
_ENDING = re.compile(r"\.(?:jpe?g|png|webp|gif|tiff?|bmp|avif|heic)(?=\W|\Z)", re.IGNORECASE)
#: Encodings that file names have after a ZIP archive of another system was unpacked.
_FOREIGN = {"gb18030": "gbk", "cp1252": "cp1252", "cp932": "cp932", "cp949": "cp949", "big5": "big5"}


class _Names:
    """The names in one folder."""

    def __init__(self, folder: Path) -> None:
        try:
            names = os.listdir(folder)  # noqa: PTH208 - names alone are wanted
        except OSError:
            names = []
        self.composed = {_composed(name): name for name in names if not name.isascii()}
        self.foreign = [name for name in names if not _is_text(name)]
        self.lower = {_composed(name).lower(): name for name in names if _is_text(name)}


class Similar:
    """Each folder is listed once, as long as few are asked for in turn."""

    def __init__(self) -> None:
        self._folders: OrderedDict[Path, _Names] = OrderedDict()
        self._left = ANSWERS
        self._lock = threading.Lock()

    def same(self, path: Path) -> Path | None:
        """The file of this name whose accents are composed in another way, as macOS writes them."""
        found = Path(path.anchor)
        for part in path.parts[1:] if path.anchor else path.parts:
            if part != ".." and not part.isascii() and not os.path.lexists(found / part):
                part = self._names(found).composed.get(_composed(part), part)  # noqa: PLW2901 - as on disk
            found /= part
        # Unlike Path.exists, no error for a name that is too long.
        return found if found != path and os.path.exists(found) else None  # noqa: PTH110

    def advice(self, path: Path, name: str) -> str:
        """What to do about the missing file `path`, which a row calls `name`, as a clause."""
        return _of_form(name) or self._of_folder(path, name) or self._of_names(path, name)

    def _of_folder(self, path: Path, name: str) -> str:
        """Of a folder on the way that is not there."""
        missing = path.parent
        if os.path.lexists(missing):
            return ""
        while missing.parent != missing and not os.path.lexists(missing.parent):
            missing = missing.parent
        near = self._names(missing.parent).lower.get(_composed(missing.name).lower())
        if missing.name not in Path(name).parts:
            return ""
        return (
            f"the folder is {quoted(near, SHOWN)}" if near else f"there is no folder {quoted(missing.name)}"
        )

    def _of_names(self, path: Path, name: str) -> str:
        names = self._names(path.parent)
        if encoding := _encoding(path.name, names.foreign):
            return (
                "the file is there, but its name on disk is not UTF-8: rename it with"
                f" `convmv -f {encoding} -t utf-8 --notest`"
            )
        if near := self._near(path.name, names):
            return f"did you mean {quoted(str(Path(name).parent / near), SHOWN)}?"
        if names.foreign:
            return f"check its spelling; {many(len(names.foreign), 'name')} in its folder not in UTF-8"
        return "check its spelling"

    def _near(self, name: str, names: _Names) -> str:
        with self._lock:
            if not self._left:
                return ""
            self._left -= 1
        close = get_close_matches(_composed(name).lower(), names.lower, n=1, cutoff=0.7)
        return names.lower[close[0]] if close else ""

    def _names(self, folder: Path) -> _Names:
        with self._lock:
            if folder not in self._folders:
                self._folders[folder] = _Names(folder)
                if len(self._folders) > FOLDERS:
                    self._folders.popitem(last=False)
            return self._folders[folder]


def _of_form(name: str) -> str:
    """Of what no name of a file looks like."""
    if _WINDOWS.match(name):
        return "this is a path on a Windows disk; write one that starts at the catalog's folder"
    if name.startswith("~"):
        return "write the whole path instead of ~"
    if name[:1] in _QUOTES and name[-1:] in _QUOTES:
        return "leave out the quotes around the name"
    if len(_ENDING.findall(name)) > 1 and re.search(r"[\s,;|+&]", name):
        return "the cell seems to name several pictures: put a comma between them"
    if "\\" in name:
        return "write / instead of \\"
    return ""


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _is_text(name: str) -> bool:
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


def _encoding(name: str, foreign: list[str]) -> str:
    """The encoding in which one of the names on disk is `name`, as convmv calls it; "" for none."""
    wanted = _composed(name)
    for codec, called in _FOREIGN.items():
        try:
            raw = os.fsdecode(wanted.encode(codec))
        except UnicodeEncodeError:
            continue
        if raw in foreign:
            return called
    return ""
