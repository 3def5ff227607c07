"""What was understood of a file, for the user to read before anything is spent.

Annotations are evaluated here, since `qie_batch.views.dumped` shows the values as JSON.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from qie_batch.text import many, printable

#: Hosts named in a sentence.
SHOWN_HOSTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptColumn:
    """A column whose header is a word of qie-batch and that stays the user's."""

    column: str
    header: str
    #: Why, as a clause.
    why: str

    def __str__(self) -> str:
        name = printable(self.header.strip())
        return f"column '{name}' is kept as yours: {self.why}; write --map {self.column}={name} to use it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    #: Name of the text encoding, "" for a workbook.
    encoding: str
    #: "comma", "semicolon", "TAB" or the character; "" where there is none.
    delimiter: str = ""
    #: Name of the sheet of a workbook.
    sheet: str = ""
    #: Physical line of the header, 0 where there is none.
    header_line: int
    #: Rows above the header that were not read.
    skipped: int = 0
    #: Column -> header.
    columns: Mapping[str, str]
    #: Headers of the file in its order, a number added where an earlier one is the same.
    headers: tuple[str, ...] = ()
    #: The header whose cell is the id where that of the id is empty, "" for none.
    spare_id: str = ""
    #: Columns of the user whose headers are words of ours.
    kept: tuple[KeptColumn, ...] = ()
    #: Images that the rows name, and how many of them are web addresses of each host.
    images: int = 0
    hosts: Mapping[str, int] = field(default_factory=dict)
    #: Rows without an image that are variants, and no mistakes.
    left_out: int = 0

    def sentences(self) -> Iterator[str]:
        yield ", ".join(self._form())
        shown = {column: printable(header.strip()) for column, header in self.columns.items()}
        if self.spare_id:
            shown["id"] += f" or, where it is empty, {printable(self.spare_id)}"
        yield f"columns: {', '.join(f'{column} = {header}' for column, header in shown.items())}"
        yield from map(str, self.kept)
        found = f"{many(self.images, 'picture')} named"
        if self.hosts:
            listed = [f"{number} from {host}" for host, number in self.hosts.items()]
            more = f" and {len(listed) - SHOWN_HOSTS} hosts more" if len(listed) > SHOWN_HOSTS else ""
            found += f", {sum(self.hosts.values())} to fetch: {', '.join(listed[:SHOWN_HOSTS])}{more}"
        yield found
        if self.left_out:
            yield f"{many(self.left_out, 'row')} without a picture left out, as variants of a product are"

    def _form(self) -> Iterator[str]:
        if self.encoding:
            yield f"read as {self.encoding}"
        if self.sheet:
            yield f"sheet '{printable(self.sheet)}'"
        if self.delimiter:
            yield f"cells separated by {self.delimiter}"
        if self.header_line:
            above = f" ({many(self.skipped, 'row')} above it skipped)" if self.skipped else ""
            yield f"header on line {self.header_line}{above}"
