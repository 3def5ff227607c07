"""Results in the form of a channel."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qie_batch import wiring
from qie_batch.cli import SOME_FAILED
from qie_batch.cli.display import bar, echo_json, note
from qie_batch.cli.options import reading_of, reading_options
from qie_batch.model import ItemState, Verdict
from qie_batch.steps.collect import writing
from qie_batch.steps.export import Exported, ExportRequest, FeedRequest, FeedWritten, Outcome, export_images
from qie_batch.text import many

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qie_batch.cli import App
    from qie_batch.exports.channel import Channel

#: Items with a failed rule that are printed before the rest is only counted.
SHOWN = 50


@click.command("images")
@click.argument("job")
@click.option(
    "--channel",
    "channel_name",
    required=True,
    metavar="NAME",
    help="amazon, google, shopify, tmall, tmall-white, web, or one of your own.",
)
@click.option(
    "--to", "address", required=True, metavar="PLACE", help="A folder, FILE.zip or s3://bucket/prefix."
)
@click.option("--only", type=click.Choice(["approved"]), help="Only what a person approved.")
@click.option("--with-failed", is_flag=True, help="Write pictures that fail a rule of the channel, too.")
@click.option("--name-template", default="", help="Of the file names.  [default: the channel's]")
@click.option(
    "--feed",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Your own catalog, CSV, TSV or XLSX: written beside the pictures with their addresses.",
)
@click.option(
    "--feed-column", default="", metavar="HEADER", help="That gets them.  [default: of the pictures]"
)
@click.option("--base-address", default="", metavar="URL", help="Before the file names in the feed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@reading_options()
@click.pass_obj
def images(app: App, /, **options: Any) -> None:
    """Write what succeeded of JOB as a channel takes it: size, background, bytes, names.

    Each rule of the channel is checked in each file. A picture that fails one is left out, and the report
    says which. What is there already, made of the same result by the same rules, is not written again.
    """
    settings = app.settings
    channel = wiring.channel(settings, options["channel_name"])
    request = _request(channel, options)
    ledger = wiring.ledger(settings)
    job = ledger.jobs.get(options["job"])
    there = ledger.costs.progress(job.id).counts[ItemState.SUCCEEDED]
    place = wiring.destination(settings, options["address"])
    summary = _Summary(channel)
    with wiring.decoders(settings) as decoders:
        context = wiring.export_context(settings, ledger, decoders)
        with writing(Path(options["address"])), bar("exporting", there) as show:
            for each in export_images(job, request, place, context):
                summary.add(each)
                show(sum(summary.counts.values()))
    if options["as_json"]:
        echo_json(summary.told())
    else:
        summary.show(options["address"])
    if summary.counts[Outcome.LEFT_OUT]:
        sys.exit(SOME_FAILED)


def _request(channel: Channel, options: dict[str, Any]) -> ExportRequest:
    path = options["feed"]
    feed = (
        FeedRequest(path=path, column=options["feed_column"], reading=reading_of(options)) if path else None
    )
    return ExportRequest(
        channel=channel,
        template=options["name_template"],
        only_approved=options["only"] == "approved",
        with_failed=options["with_failed"],
        feed=feed,
        base_address=options["base_address"],
    )


@dataclass(slots=True)
class _Summary:
    """Holds the items with something to tell, not all."""

    channel: Channel
    counts: Counter[Outcome] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    told_of: list[Exported] = field(default_factory=list)
    feed: FeedWritten | None = None

    def add(self, each: Exported | FeedWritten) -> None:
        if isinstance(each, FeedWritten):
            self.feed = each
            return
        self.counts[each.outcome] += 1
        self.rules.update(finding.gate for finding in each.file.findings if finding.verdict is Verdict.FAILED)
        if each.file.findings or each.file.notes:
            self.told_of.append(each)

    def told(self) -> dict[str, Any]:
        return {
            "channel": self.channel.name,
            "dated": self.channel.dated.isoformat(),
            "revision": self.channel.revision,
            **{outcome.value: self.counts[outcome] for outcome in Outcome},
            "rules_failed": dict(self.rules),
            "items": [_told(each) for each in self.told_of],
            "feed": asdict(self.feed) if self.feed else None,
        }

    def show(self, address: str) -> None:
        _show_failed(each for each in self.told_of if each.outcome is Outcome.LEFT_OUT or _failed(each))
        notes = Counter(_kind(clause) for each in self.told_of for clause in each.file.notes)
        for clause, count in notes.most_common():
            note(f"{many(count, 'picture')}: {clause}")
        written, unchanged, left = (self.counts[outcome] for outcome in Outcome)
        note(
            f"{many(written, 'picture')} written, {unchanged} unchanged, {left} left out by the rules of"
            f" {self.channel.title} ({self.channel.dated})"
        )
        if not sum(self.counts.values()):
            note("nothing was there to export: only what succeeded is, and with --only what was approved")
        if self.feed:
            state = "written" if self.feed.changed else "unchanged"
            stay = f", {many(self.feed.kept, 'cell')} left as they were" if self.feed.kept else ""
            note(f"{self.feed.name} {state}: {many(self.feed.cells, 'cell')} with a new address{stay}")
        click.echo(address)


def _told(each: Exported) -> dict[str, Any]:
    return {
        "id": each.row_id,
        "variant": each.variant + 1,
        "item": each.item_id,
        "outcome": each.outcome.value,
        "name": each.name,
        "address": each.address,
        "width": each.file.width,
        "height": each.file.height,
        "bytes": each.file.size,
        "quality": each.file.quality,
        "notes": list(each.file.notes),
        "findings": [
            {"rule": told.pop("gate"), **told} for told in (asdict(found) for found in each.file.findings)
        ],
    }


def _failed(each: Exported) -> bool:
    return any(finding.verdict is Verdict.FAILED for finding in each.file.findings)


def _kind(clause: str) -> str:
    """The same text for clauses that differ in a figure alone."""
    head, times, tail = clause.partition(" times by ")
    return f"{head.rpartition(' ')[0]} by {tail}" if times else clause


def _show_failed(items: Iterable[Exported]) -> None:
    for number, each in enumerate(items):
        if number == SHOWN:
            note("  ... and more: --json has all")
            break
        state = "left out" if each.outcome is Outcome.LEFT_OUT else "written all the same"
        note(f"  {each.name} ({each.row_id}) {state}:")
        for finding in each.file.findings:
            if finding.verdict is Verdict.FAILED:
                note(f"    {finding.gate}: {finding.sentence}")
