"""What an engine owes to submit, estimate and worker, whatever makes the edit."""

from __future__ import annotations

import subprocess
import sys

import pytest

from qie_batch.errors import Fenced, Rejected
from qie_batch.images import check_limits
from qie_batch.model import ImageHeader
from qie_batch.pricing import rate_of
from tests.contract.engines.conftest import REFUSAL

#: What takes seconds or hundreds of MB to import, or opens connections.
HEAVY = ("torch", "diffusers", "transformers", "cv2", "onnxruntime", "httpx2", "httpcore2")


def test_it_can_be_asked_what_it_can_do_without_a_heavy_package(case):
    program = (
        f"import sys; import {case.module.__name__} as engine; engine.info(dict());"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    if case.name == "qwen":
        program = program.replace("dict()", "dict(model='m', model_revision='r')")
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "[]"


def test_the_loaded_engine_says_the_same_of_itself(case, engine):
    assert engine.info == case.module.info(case.options)


def test_what_it_says_of_itself_is_whole(engine):
    info = engine.info
    assert info.name
    assert info.revision
    assert info.concurrency >= 1
    assert info.limits.max_images >= 1
    assert engine.device
    assert ("preset" in info.honours) == bool(info.presets)
    rate = rate_of(info.tariff, engine.device, "on_demand", {})
    assert bool(rate.image_micros) != bool(rate.hour_micros)


def test_other_pixels_have_another_revision(case):
    if case.other_options:
        assert case.module.info(case.other_options).revision != case.module.info(case.options).revision


def test_the_result_is_rgb_of_the_size_that_was_asked_for(case, engine):
    image = engine.edit(case.request(), lambda _step: None).image
    assert (image.size, image.mode) == (case.size, "RGB")


def test_the_same_request_gives_the_same_pixels(case, engine):
    first, second = (engine.edit(case.request(), lambda _step: None).image for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_another_seed_gives_other_pixels_where_it_is_honoured(case, engine):
    first, second = (engine.edit(case.request(seed=seed), lambda _step: None).image for seed in (7, 8))
    assert (first.tobytes() != second.tobytes()) == ("seed" in engine.info.honours)


def test_steps_count_from_one_and_never_back(case, engine):
    steps = []
    engine.edit(case.request(), steps.append)
    assert steps[0] >= 1
    assert steps == sorted(steps)
    assert steps[-1] == (case.fields.get("steps") or steps[-1])


def test_an_edit_ends_with_what_its_step_raises_and_the_next_one_is_made(case, engine):
    def stop(_step):
        raise Fenced("cancelled")

    if case.server:
        case.server.script = [case.server.hang]
    with pytest.raises(Fenced):
        engine.edit(case.request(), stop)
    assert engine.edit(case.request(), lambda _step: None).image.size == case.size


def test_a_request_that_is_wrong_is_rejected_with_a_code(case, engine):
    if case.server:
        case.server.script = [REFUSAL]
    with pytest.raises(Rejected) as caught:
        engine.edit(case.request(**({} if case.server else case.refused)), lambda _step: None)
    assert caught.value.code != Rejected.code
    assert caught.value.message


def test_what_its_check_refuses_its_edit_refuses_too(case, engine):
    wrong = [case.refused] if case.refused else []
    if "seed" in case.module.info(case.options).honours:
        wrong += [{"seed": -1}, {"seed": 2**70}]
    if "cfg" in case.module.info(case.options).honours:
        wrong += [{"cfg": 0.5}, {"cfg": float("nan")}]
    for changes in wrong:
        request = case.request(**changes)
        with pytest.raises(Rejected) as caught:
            case.module.check(request.params, [header(case)])
        assert caught.value.subject in (*changes, "instruction", "")
        with pytest.raises(Rejected) as again:
            engine.edit(request, lambda _step: None)
        assert again.value.code == caught.value.code


def test_its_check_takes_what_it_edits(case):
    case.module.check(case.request().params, [header(case)])


def test_its_limits_take_its_own_sizes(engine):
    for size in engine.info.limits.sizes or ((128, 128),):
        check_limits(engine.info.limits, [size])


def header(case):
    return ImageHeader("PNG", *case.size)
