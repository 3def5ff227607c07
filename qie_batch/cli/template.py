from __future__ import annotations

import shlex
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qie_batch.cli.display import note
from qie_batch.cli.options import reading_of, reading_options
from qie_batch.errors import UsageError
from qie_batch.model import BadRow
from qie_batch.steps.template import write_example, write_template
from qie_batch.text import many, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from qie_batch.model import ReadingOptions
    from qie_batch.steps.template import Template


@click.command()
@click.option("--from", "export", type=click.Path(path_type=Path), help="A shop's export or another table.")
@click.option("--out", type=click.Path(path_type=Path), help="The catalog to write.  [default: print it]")
@click.option("--instruction", default="", metavar="TEXT", help="What to change, in every row.")
@reading_options()
def template(export: Path | None, out: Path | None, instruction: str, **options: Any) -> None:
    """Write a catalog with the columns id, image and instruction.

    With --from, the rows are those of the export, three of them are shown as they are understood, and so is
    the command that submits the export itself.
    """
    if export is None:
        with _catalog(out) as stream:
            write_example(stream)
        return
    reading = reading_of(options)
    start = str(export.absolute().parent)
    beside = out is not None and str(out.absolute().parent) == start
    with _catalog(out) as stream:
        written = write_template(export, reading, instruction, stream, folder="" if beside else start)
    _explain(written, _command(written, export, reading, instruction))


@contextmanager
def _catalog(out: Path | None) -> Iterator[TextIO]:
    """The file, which is taken away again if nothing comes of it; without one, what is printed."""
    if out is None:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]  # it is a TextIOWrapper
        yield sys.stdout
        return
    try:
        stream = out.open("x", encoding="utf-8", newline="")
    except FileExistsError:
        raise UsageError(f"{out} is there already", hint="give another name to --out") from None
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}", hint="give another --out") from error
    try:
        with stream:
            yield stream
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _explain(written: Template, command: str) -> None:
    for line in written.understood.sentences():
        note(line)
    for row in written.shown:
        if isinstance(row, BadRow):
            note(f"  {row}")
            continue
        what = quoted(row.params.instruction) if written.instructed else "(say what to change)"
        note(f"  line {row.line}: {row.id}: {', '.join(row.images)}: {what}")
    note(f"{many(written.rows, 'row')} written" if written.rows else "the export has no row to edit")
    note(f"the same without this catalog: {command}")


def _command(written: Template, export: Path, reading: ReadingOptions, instruction: str) -> str:
    words = ["qie-batch", "submit", str(export)]
    for column, header in {**reading.mapping, **written.understood.columns}.items():
        words += ["--map", f"{column}={header.strip()}"]
    for option, value in (
        ("--encoding", reading.encoding),
        ("--sheet", reading.sheet),
        ("--header-line", reading.header_line),
    ):
        words += [option, str(value)] if value else []
    if instruction or not written.instructed:
        words += ["--instruction", instruction or "WHAT TO CHANGE"]
    return shlex.join(words)
