"""What a file is that is no text, and which sheets a workbook has."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qie_batch.manifest.workbook.package import XmlReader
from qie_batch.model import InvalidManifest
from qie_batch.text import printable, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from qie_batch.manifest.workbook.package import Package

_OLE = b"\xd0\xcf\x11\xe0"
#: Of a ZIP file with entries, and of one without.
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_CHUNK = 1 << 20
_SAVE_AS = "Save it as an Excel workbook (.xlsx) or as CSV UTF-8"
#: A part that only one kind of file has -> how a person calls the file.
_OTHERS = {
    "xl/workbook.bin": "a binary Excel workbook (.xlsb)",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a PowerPoint presentation",
    "index/document.iwa": "a Numbers document",
    "index.zip": "a Numbers document",
    "content.xml": "an OpenDocument file (.ods)",
}


def is_archive(start: bytes) -> bool:
    """Whether a file that begins so is a ZIP file, as a workbook is."""
    return start.startswith(_ZIP)


def refuse_old_office(path: Path, start: bytes) -> None:
    """InvalidManifest for the files that Excel wrote before 2007, and for those that it encrypts."""
    if not start.startswith(_OLE):
        return
    if _holds(path, "EncryptedPackage".encode("utf-16-le")):
        raise InvalidManifest(f"{path.name} is protected by a password", hint="Save it without one")
    raise InvalidManifest(f"{path.name} is an old Excel workbook (.xls)", hint=_SAVE_AS)


def refuse_others(file: str, package: Package) -> None:
    """InvalidManifest for a package that is no workbook, or one that holds programs. Raises Damaged."""
    names = package.names
    for name, kind in _OTHERS.items():
        if name in names:
            raise InvalidManifest(f"{file} is {kind}, which is not read", hint=_SAVE_AS)
    if not _main_part(package):
        raise InvalidManifest(
            f"{file} is a ZIP file and no workbook", hint="Unpack it and submit the table that it holds"
        )
    types = _ContentTypes()
    package.read("[Content_Types].xml", types)
    if types.macros or any(name.endswith("vbaproject.bin") or "/macrosheets/" in name for name in names):
        raise InvalidManifest(
            f"{file} is a workbook with macros (.xlsm)",
            hint="Save it as an Excel workbook (.xlsx), without them",
        )


def _main_part(package: Package) -> str:
    """The part that lists the sheets, "" for none."""
    roots = package.relationships("").values()
    named = [root.part for root in roots if root.kind == "officeDocument"]
    return next((part for part in (*named, "xl/workbook.xml") if part.casefold() in package.names), "")


class _ContentTypes(XmlReader):
    def __init__(self) -> None:
        #: Whether a part says that the workbook may run programs.
        self.macros = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Override":
            self.macros |= "macroenabled" in attributes.get("ContentType", "").casefold()


class SheetEntry(NamedTuple):
    name: str
    hidden: bool
    part: str


class Contents(NamedTuple):
    sheets: tuple[SheetEntry, ...]
    #: Names of parts, "" for none.
    strings: str
    styles: str
    #: Days count from 1904, as once on the Macintosh.
    date1904: bool
    #: The program that wrote the workbook left it to others to calculate its formulas.
    uncalculated: bool

    def entry(self, file: str, name: str) -> SheetEntry:
        """The first sheet that is not hidden unless one is named. InvalidManifest if there is none."""
        if not self.sheets:
            raise InvalidManifest(f"{file} has no sheet with cells", hint=_SAVE_AS)
        if not name:
            return next((sheet for sheet in self.sheets if not sheet.hidden), self.sheets[0])
        by_name = {sheet.name.strip().casefold(): sheet for sheet in reversed(self.sheets)}
        exact = {sheet.name: sheet for sheet in self.sheets}
        found = exact.get(name) or by_name.get(name.strip().casefold())
        if not found:
            raise InvalidManifest(
                f"{file} has no sheet {quoted(name)}; it has: {self.listed()}",
                hint="Name one of these: --sheet NAME",
            )
        return found

    def listed(self) -> str:
        shown = ", ".join(printable(sheet.name) for sheet in self.sheets[:30])
        return shown + (f" and {len(self.sheets) - 30} more" if len(self.sheets) > 30 else "")


def read_contents(package: Package) -> Contents:
    """Raises Damaged."""
    main = _main_part(package)
    entries = _Entries()
    package.read(main, entries)
    leads = package.relationships(main)
    parts = {lead.kind: lead.part for lead in leads.values() if lead.part.casefold() in package.names}
    return Contents(
        sheets=tuple(
            SheetEntry(name, hidden, leads[lead].part)
            for name, hidden, lead in entries.sheets
            if lead in leads and leads[lead].kind == "worksheet"
        ),
        strings=parts.get("sharedStrings", ""),
        styles=parts.get("styles", ""),
        date1904=entries.date1904,
        uncalculated=entries.uncalculated,
    )


class _Entries(XmlReader):
    def __init__(self) -> None:
        #: Name, whether it is hidden, id of the relationship.
        self.sheets: list[tuple[str, bool, str]] = []
        self.date1904 = self.uncalculated = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            lead = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            hidden = attributes.get("state", "visible") != "visible"
            self.sheets.append((attributes.get("name", ""), hidden, lead))
        elif name == "workbookPr":
            self.date1904 = attributes.get("date1904") in ("1", "true")
        elif name == "calcPr":
            self.uncalculated = attributes.get("fullCalcOnLoad") in ("1", "true")


def _holds(path: Path, wanted: bytes) -> bool:
    with path.open("rb") as file:
        tail = b""
        while chunk := file.read(_CHUNK):
            if wanted in tail + chunk:
                return True
            tail = chunk[-len(wanted) :]
    return False
