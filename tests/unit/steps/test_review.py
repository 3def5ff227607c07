"""What is asked of a reviewer, and what a re-roll changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qie_batch import wiring
from qie_batch.errors import Conflict, UsageError
from qie_batch.model import Decision, ImageHeader, OutputFormat
from qie_batch.settings import Settings
from qie_batch.steps.rerolls import rerolled
from qie_batch.steps.review import checked_note, checked_reviewer, is_sampled
from tests.support.jobs import item
from tests.support.ledgers import spec

ENGINES = wiring.InstalledEngines(Settings())


def made_again(of, instruction="", seed=None):
    return rerolled(of, instruction, seed, ENGINES, lambda _: ImageHeader("PNG", 640, 480))


def test_a_sample_is_the_same_each_time_and_part_of_every_larger_one():
    ids = [f"job.{number}" for number in range(4000)]
    tenth = {each for each in ids if is_sampled(each, 0.1)}
    assert len(tenth) == pytest.approx(400, abs=60)
    assert tenth < {each for each in ids if is_sampled(each, 0.3)}
    assert all(is_sampled(each, 1.0) for each in ids)


@pytest.mark.parametrize("decision", [Decision.REJECTED, Decision.NOTED])
def test_a_rejection_and_a_note_need_a_text(decision):
    assert checked_note(Decision.APPROVED, " ") == ""
    with pytest.raises(UsageError, match="needs a"):
        checked_note(decision, " ")
    with pytest.raises(UsageError, match="1,001 characters"):
        checked_note(decision, "x" * 1001)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 501])
def test_a_reviewer_has_a_name_that_can_be_printed(name):
    with pytest.raises(UsageError, match="is not the name of a reviewer"):
        checked_reviewer(name)


def test_a_reroll_takes_the_next_seed_that_no_gate_has_failed():
    again, said = made_again(item(spec=spec("white", seed=2**32 - 2), rerolls=1))
    # Not 0: seeds nearby are those of other variants of the row, whose results the re-roll would be given.
    assert (again.params.seed, said) == (198, "seed 198")
    again, said = made_again(item(spec=spec("white", seed=4)), seed=9)
    assert (again.params.seed, said) == (9, "seed 9")


def test_the_engine_that_gives_the_same_image_again_says_so():
    own = replace(spec("white"), revision=ENGINES.info("classic").revision)
    with pytest.raises(UsageError, match="gives the same image for the same instruction"):
        made_again(item(spec=own))
    again, said = made_again(item(spec=own), "make it brighter")
    assert (again.params.instruction, said) == ("make it brighter", "instruction 'make it brighter'")


def test_an_instruction_that_the_engine_refuses_is_refused_at_once():
    with pytest.raises(UsageError, match="dance"):
        made_again(item(), "make it dance")
    jpeg = item(spec=spec("white", output=OutputFormat.JPEG))
    with pytest.raises(UsageError, match="JPEG holds no transparency"):
        made_again(jpeg, "remove the background")


def test_a_row_that_was_never_understood_is_not_made_again():
    with pytest.raises(Conflict, match="was never understood"):
        made_again(item(spec=None))
