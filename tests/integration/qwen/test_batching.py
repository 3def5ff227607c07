"""Edits of equal shape in one batch. The tiny model paints them at 128 squared, where the engine batches."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from qie_batch.engines.qwen import batching, open_engine
from qie_batch.errors import EngineLost, Rejected
from tests.support.requests import changed


class _Cancelled(Exception):
    pass


@pytest.fixture(scope="module")
def batched(options):
    return open_engine(replace(options, edit_side=512, reference_side=512, rungs_on=("batch",)))


@pytest.fixture(scope="module")
def single(options):
    return open_engine(replace(options, edit_side=512, reference_side=512))


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Edits come together however slow this machine is: a batch of four begins at once."""
    monkeypatch.setattr(batching, "WINDOW_SECONDS", 10.0)


@pytest.fixture
def together():
    """What became of edits that were handed in at once: results and errors."""

    def run(engine, requests, on_steps=None):
        with ThreadPoolExecutor(len(requests)) as pool:
            futures = [
                pool.submit(engine.edit, request, (on_steps or {}).get(index, lambda _step: None))
                for index, request in enumerate(requests)
            ]
        return [future.exception() or future.result() for future in futures]

    return run


def pixels(result):
    return np.asarray(result.image).astype(int)


@pytest.fixture
def four(request_for):
    """Of one shape, with texts of different lengths."""
    texts = ("make it red", "paint the whole background in a dark blue", "remove the table", "add snow")
    return [request_for(instruction=text, seed=seed) for seed, text in enumerate(texts)]


def test_only_small_edits_are_taken_several_at_a_time(options, batched, engine):
    assert batched.info.concurrency == 4
    assert engine.info.concurrency == 1
    on_gpu = replace(options, device="cuda")
    assert replace(on_gpu, edit_side=512, reference_side=512).edits_at_once == 4
    assert (
        replace(on_gpu, edit_side=512).edits_at_once == replace(on_gpu, reference_side=512).edits_at_once == 1
    )


def test_edits_of_one_shape_are_one_batch_and_paint_what_each_paints_alone(batched, single, together, four):
    seen = []
    results = together(batched, four, {2: seen.append})
    assert [result.ran["batch"] for result in results] == [4, 4, 4, 4]
    assert seen == [1, 2, 3]
    for request, result in zip(four, results, strict=True):
        alone = single.edit(request, lambda _step: None)
        assert "batch" not in alone.ran
        assert np.abs(pixels(result) - pixels(alone)).max() <= 1
        assert result.ran["seed"] == request.params.seed


def test_an_edit_that_ends_early_or_is_refused_leaves_the_others(batched, single, together, four):
    def cancel(step):
        if step == 2:
            raise _Cancelled

    wrong = changed(four[0], instruction="no " * 3000)
    refused, cancelled, *rest = together(batched, [wrong, *four], {1: cancel})
    assert isinstance(refused, Rejected)
    assert isinstance(cancelled, _Cancelled)
    assert [result.ran["batch"] for result in rest] == [4, 4, 4]
    for request, result in zip(four[1:], rest, strict=True):
        assert np.abs(pixels(result) - pixels(single.edit(request, lambda _step: None))).max() <= 1


def test_a_batch_ends_once_none_of_its_edits_is_wanted(batched, together, four, monkeypatch):
    steps, ended, run = [], threading.Event(), batched._batches._run

    def counted(calls, on_step):
        try:
            return run(calls, lambda step: (steps.append(step), on_step(step)))
        finally:
            ended.set()

    def cancel(_step):
        raise _Cancelled

    monkeypatch.setattr(batched._batches, "_run", counted)
    long = [changed(each, steps=200) for each in four]
    outcomes = together(batched, long, dict.fromkeys(range(4), cancel))
    assert {type(each) for each in outcomes} == {_Cancelled}
    assert ended.wait(60)
    assert len(steps) < 200


def test_edits_of_other_shapes_and_those_short_of_memory_are_in_no_batch(batched, request_for, pictures):
    def shape(**changes):
        return batched._read(request_for(**changes)).shape

    alike = [
        {},
        {"instruction": "another text", "seed": 8, "negative": "blur"},
        {"images": (pictures[0].rotate(180),)},
        {"images": (pictures[0].resize((320, 256)),)},
    ]
    assert len({shape(**changes) for changes in alike}) == 1
    others = [
        {"width": 96},
        {"images": pictures[1:2]},
        {"images": pictures[:2]},
        {"steps": 2},
        {"cfg": 1.0},
        {"preset": "fast"},
        {"preset": "balanced"},
        {"preset": "balanced"},
        {"low_memory": True},
        {"low_memory": True},
    ]
    assert len({shape(), *(shape(**changes) for changes in others)}) == 1 + len(others)


def test_what_ends_the_engine_is_told_to_every_edit_of_the_batch(batched, together, four, monkeypatch):
    monkeypatch.setattr(batched._pipe.vae.decoder, "forward", lambda latents: latents[:, :3] * float("nan"))
    assert {type(each) for each in together(batched, four)} == {EngineLost}
