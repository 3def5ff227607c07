from __future__ import annotations

import pytest
from click.testing import CliRunner

from qie_batch.cli import NOT_REACHABLE, USAGE, main
from qie_batch.cli.advice import ADVICE, sentences
from qie_batch.errors import Conflict, QieError, StoreUnavailable
from qie_batch.text import Template


def test_a_command_takes_the_place_of_the_core_hint():
    error = Conflict("taken", code="schedule_taken", hint="take another name", subject="nightly")
    assert sentences(error) == (
        "taken.",
        "Take another name, or `qie-batch schedule remove nightly` first.",
    )


def test_an_error_without_a_command_keeps_its_hint():
    assert sentences(QieError("wrong", code="other", hint="correct it")) == ("wrong.", "Correct it.")
    assert sentences(QieError("wrong")) == ("wrong.",)


def test_a_subject_with_braces_is_shown_as_it_is():
    error = StoreUnavailable("gone", code="bucket_missing", subject="{a}}")
    assert "elsewhere create bucket '{a}}'." in sentences(error)[1]


@pytest.mark.parametrize("code", ADVICE)
def test_advice_asks_for_nothing_but_the_subject(code):
    assert set(Template.parse(ADVICE[code]).fields) <= {"subject"}


def test_the_command_line_shows_the_advice(tmp_path):
    def said(*command):
        ran = CliRunner(env={"QIE_LEDGER_URL": f"sqlite:///{tmp_path}/ledger.sqlite3"}).invoke(
            main, ["--dir", str(tmp_path), *command]
        )
        return ran.exit_code, ran.stderr

    code, text = said("status", "x")
    assert (code, text.splitlines()[-1]) == (NOT_REACHABLE, "Run `qie-batch db upgrade`.")
    assert said("db", "upgrade") == (0, "")
    assert said("status", "x") == (
        USAGE,
        "qie-batch: there is no job 'x'.\n`qie-batch status` lists the jobs.\n",
    )
