"""Options and arguments that the commands of a review share."""

from __future__ import annotations

import getpass
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from qie_batch import wiring
from qie_batch.errors import UsageError
from qie_batch.model import Show
from qie_batch.steps.review import ReviewQuery, find_item
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from qie_batch.interfaces import Jobs
    from qie_batch.settings import Settings
    from qie_batch.steps.review import ReviewContext

_Command = TypeVar("_Command", bound="Callable[..., Any]")


@contextmanager
def review_context(settings: Settings) -> Iterator[ReviewContext]:
    with wiring.decoders(settings) as decoders:
        yield wiring.review_context(settings, wiring.ledger(settings), decoders)


def as_option(command: _Command) -> _Command:
    name = click.option("--as", "reviewer", metavar="NAME", help="Who decides.  [default: the user's name]")
    return name(command)


def reviewer_of(name: str | None) -> str:
    if name is not None:
        return name
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:  # an id without a name, as in some containers
        raise UsageError("this user has no name", hint="say who decides: --as NAME") from error


def query_options(default: Show) -> Callable[[_Command], _Command]:
    """The options that `query_of` reads."""

    def decorated(command: _Command) -> _Command:
        for option in reversed(_query_options(default)):
            command = option(command)
        return command

    return decorated


def _query_options(default: Show) -> tuple[Callable[[_Command], _Command], ...]:
    return (
        click.option(
            "--show",
            type=click.Choice([show.value for show in Show]),
            default=default.value,
            show_default=True,
            help="Which results; passed: no gate failed them and nobody decided.",
        ),
        click.option("--gate", default="", metavar="NAME", help="Only those that this gate failed."),
        click.option("--row", default="", metavar="ID", help="Only those of this row."),
        click.option(
            "--sample",
            default=100.0,
            metavar="PERCENT",
            type=click.FloatRange(min=0, max=100, min_open=True),
            help="Of those that no gate failed only so many, the same ones each time.",
        ),
    )


def query_of(job: str, options: Mapping[str, Any]) -> ReviewQuery:
    return ReviewQuery(
        job_id=job,
        show=Show(options["show"]),
        gate=options["gate"],
        row_id=options["row"],
        sample=options["sample"] / 100,
    )


def is_item(target: str) -> bool:
    """JOB.NUMBER or JOB.NUMBER@VERSION; a job's id has no dot."""
    return "." in target


def item_and_version(target: str, jobs: Jobs) -> tuple[str, int]:
    """The version that is written, or the one that the item has now."""
    item_id, at, version = target.partition("@")
    if not at:
        return item_id, find_item(item_id, jobs).version
    if not (version.isascii() and version.isdigit()):
        raise UsageError(f"{quoted(target)} is no item", hint="write JOB.NUMBER or JOB.NUMBER@VERSION")
    return item_id, int(version)
