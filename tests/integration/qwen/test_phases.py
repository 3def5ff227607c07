"""What the engine tells of its time and of what ran, as the edit step keeps it."""

from __future__ import annotations

import json
import time

from qie_batch.steps.edit.store import Remarks
from tests.support.requests import edit_request


def edited(engine, pictures):
    request = edit_request(images=pictures[:1], instruction="make it red", preset="draft", seed=1)
    return engine.edit(request, lambda _step: None)


def test_the_phases_of_an_edit_are_known_to_every_face_and_make_up_its_time(engine, pictures):
    began = time.perf_counter()
    result = engine.edit(
        edit_request(images=pictures[:1], instruction="make it red", preset="draft", seed=1),
        lambda _step: None,
    )
    whole = time.perf_counter() - began
    assert set(result.phases) == {"prompt", "vae", "steps", "decode"}
    assert 0 < sum(result.phases.values()) <= whole


def test_all_that_ran_fits_into_the_metadata_of_an_object(engine, pictures):
    """With the masks of a step cache, which this preset has not."""
    ran = engine.edit(
        edit_request(images=pictures[:1], instruction="make it red", preset="draft", seed=1),
        lambda _step: None,
    ).ran
    masked = {**ran, "cache": "step-cache 8 0.08 4", "mask": ["10" * 20] * 2}
    assert json.loads(Remarks(ran=masked).metadata["ran"]) == masked
