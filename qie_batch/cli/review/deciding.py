"""Decisions, one by one or many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from qie_batch.cli import SHOWN, SOME_FAILED
from qie_batch.cli.display import note
from qie_batch.cli.review.targets import (
    as_option,
    is_item,
    item_and_version,
    query_of,
    query_options,
    review_context,
    reviewer_of,
)
from qie_batch.errors import UsageError
from qie_batch.model import Choice, Decision, Show
from qie_batch.steps.review import Asked, BulkAnswer, decide, decide_each, decide_where
from qie_batch.text import many

if TYPE_CHECKING:
    from qie_batch.cli import App
    from qie_batch.model import Item
    from qie_batch.steps.review import ReviewContext

_TARGETS = click.argument("targets", nargs=-1, required=True, metavar="JOB | ITEM...")
_ITEM = click.argument("item")


@click.command()
@_TARGETS
@query_options(Show.WAITING)
@click.option("--note", "text", default="", help="For those who read the history.")
@as_option
@click.pass_obj
def approve(app: App, /, targets: tuple[str, ...], text: str, reviewer: str | None, **options: Any) -> None:
    """Let results succeed: items by their ids, or all of a job that the options show."""
    _decide_all(app, Decision.APPROVED, targets, text, reviewer_of(reviewer), options)


@click.command()
@_TARGETS
@query_options(Show.WAITING)
@click.option("--reason", "text", required=True, help="What is wrong with them, for errors.csv.")
@as_option
@click.pass_obj
def reject(app: App, /, targets: tuple[str, ...], text: str, reviewer: str | None, **options: Any) -> None:
    """Keep results out of everything that follows: items by their ids, or all that the options show."""
    _decide_all(app, Decision.REJECTED, targets, text, reviewer_of(reviewer), options)


def _decide_all(
    app: App,
    decision: Decision,
    targets: tuple[str, ...],
    text: str,
    reviewer: str,
    options: dict[str, Any],
) -> None:
    with review_context(app.settings) as context:
        if all(map(is_item, targets)):
            answer = _decide_items(decision, targets, text, reviewer, context)
        elif len(targets) == 1:
            query = query_of(targets[0], options)
            answer = decide_where(query, decision, context, note=text, reviewer=reviewer)
        else:
            raise UsageError("give one job, or items", hint="an item is written as JOB.NUMBER")
    _say(decision, answer)


def _decide_items(
    decision: Decision, targets: tuple[str, ...], text: str, reviewer: str, context: ReviewContext
) -> BulkAnswer:
    found = [item_and_version(target, context.jobs) for target in targets]
    if len(found) == 1:
        (item_id, version), *_ = found
        asked = Asked(item_id=item_id, version=version, decision=decision, note=text)
        decide(asked, context, reviewer=reviewer)
        return BulkAnswer(decided=1, refused=())
    choices = (
        Choice(item_id=item_id, version=version, decision=decision, note=text) for item_id, version in found
    )
    return decide_each(choices, context.reviews, reviewer=reviewer)


def _say(decision: Decision, answer: BulkAnswer) -> None:
    click.echo(f"{decision}: {many(answer.decided, 'result')}")
    if answer.refused:
        note(f"not changed: {many(len(answer.refused), 'result')}")
        for refusal in answer.refused[:SHOWN]:
            note(f"  {refusal.reason}")
        raise click.exceptions.Exit(SOME_FAILED)


@click.command()
@_ITEM
@click.option("--instruction", default="", help="[default: the same one]")
@click.option("--seed", type=int, metavar="N", help="[default: the next one]")
@click.option("--note", "text", default="", help="For those who read the history.")
@as_option
@click.pass_obj
def reroll(
    app: App, /, item: str, instruction: str, seed: int | None, text: str, reviewer: str | None
) -> None:
    """Make ITEM again, with another seed or instruction; its job is open until then."""
    changed = _one(app, item, Decision.REROLLED, reviewer, note=text, instruction=instruction, seed=seed)
    spec = changed.spec
    seed_said = f" with seed {spec.params.seed}" if spec and spec.params.seed is not None else ""
    click.echo(f"item {changed.id} is made again{seed_said}")


@click.command(name="note")
@_ITEM
@click.argument("text")
@as_option
@click.pass_obj
def note_(app: App, /, item: str, text: str, reviewer: str | None) -> None:
    """Write TEXT into the history of ITEM."""
    click.echo(f"noted at item {_one(app, item, Decision.NOTED, reviewer, note=text).id}")


@click.command()
@_ITEM
@as_option
@click.pass_obj
def undo(app: App, /, item: str, reviewer: str | None) -> None:
    """Take back the latest decision about ITEM that stands; again for the one before."""
    changed = _one(app, item, Decision.UNDONE, reviewer)
    click.echo(f"item {changed.id} is {changed.state.replace('_', ' ')}")


def _one(app: App, target: str, decision: Decision, reviewer: str | None, **asked: Any) -> Item:
    with review_context(app.settings) as context:
        item_id, version = item_and_version(target, context.jobs)
        request = Asked(item_id=item_id, version=version, decision=decision, **asked)
        return decide(request, context, reviewer=reviewer_of(reviewer))
