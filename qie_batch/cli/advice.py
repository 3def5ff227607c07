"""What to do next on the command line, where an error of the core has a command for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.errors import QieError
from qie_batch.text import Template

if TYPE_CHECKING:
    from collections.abc import Mapping

#: By the code of the error, in place of its hint.
ADVICE: Mapping[str, str] = {
    "budget_used_up": "give it more: qie-batch resume {subject} --budget USD (in all, not in addition)",
    "bucket_missing": "`qie-batch up` creates it in the embedded stack; elsewhere create bucket '{subject}'.",
    "config_file": "mend it, or delete it: `qie-batch up` writes a new one",
    "folder_unwritable": "give another folder with --out, or --to of an export",
    "job_of_drafts": "export the job that `qie-batch review finalise {subject}` makes of it",
    "job_unknown": "`qie-batch status` lists the jobs",
    "key_unknown": "`qie-batch keys list` shows them",
    "ledger_migrating": "wait for the other `qie-batch db upgrade` to end, then run it again",
    "ledger_unreachable": "check QIE_LEDGER_URL; `qie-batch doctor` says more",
    "rows_invalid": "mend them, or submit with --skip-bad-rows: then they become failed rows of errors.csv",
    "schedule_taken": "take another name, or `qie-batch schedule remove {subject}` first",
    "schedule_unknown": "`qie-batch schedule list` shows them",
    "schema_newer": "the ledger was migrated by a newer qie-batch: install that one",
    "schema_outdated": "run `qie-batch db upgrade`",
    "services_unknown": "run `qie-batch up` in another terminal, or set the QIE_* variables of your cluster",
    "stack_running": "Use it as it is, stop it with Ctrl-C where it runs, or choose another --dir.",
    "webhook_unknown": "`qie-batch webhooks` lists them",
}


def sentences(error: QieError) -> tuple[str, ...]:
    """What is wrong and what to do next, as `QieError.sentences`, with commands."""
    advice = ADVICE.get(error.code)
    if advice is None:
        return error.sentences
    return QieError(error.message, hint=Template.parse(advice).fill({"subject": error.subject})).sentences
