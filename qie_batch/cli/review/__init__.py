"""What people decide about results."""

from __future__ import annotations

import click

from qie_batch.cli.review.choosing import choose
from qie_batch.cli.review.deciding import approve, note_, reject, reroll, undo
from qie_batch.cli.review.figures import agreement
from qie_batch.cli.review.finalising import finalise, savings
from qie_batch.cli.review.looking import history, list_
from qie_batch.cli.review.sheets import import_, sheet


@click.group()
def review() -> None:
    """Results of a job: look at them, approve, reject or make them again, each decision with who and when.

    An item is written as JOB.NUMBER, or as JOB.NUMBER@VERSION, as `list` shows it: then the decision counts
    only if nothing has changed since.
    """


for _command in (
    *(list_, approve, reject, reroll, note_, undo, history),
    *(sheet, choose, import_, agreement, finalise, savings),
):
    review.add_command(_command)
