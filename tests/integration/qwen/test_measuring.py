"""The programs that measure this engine, on the tiny model."""

import json
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as stock
from PIL import Image

from qie_batch.errors import UsageError

BENCH = Path(__file__).parents[3] / "bench"


@pytest.fixture(scope="module", autouse=True)
def bench():
    """A module of bench/ by its name, as its programs import it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCH / "gpu")
        patch.syspath_prepend(BENCH)
        yield import_module
    for name, module in list(sys.modules.items()):
        if BENCH in Path(getattr(module, "__file__", None) or "/").parents:
            del sys.modules[name]


@pytest.fixture(scope="module")
def subjects(bench):
    return bench("subjects").Subjects("cpu", tiny=True)


def noise(shape, seed):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def test_equal_images_are_as_like_as_can_be(bench):
    image, before = noise((64, 64, 3), 0), np.zeros((64, 64, 3), np.uint8)
    found = bench("likeness.figures").likeness(image, image, before)
    assert (found.psnr, found.ssim, found.inside) == (100, pytest.approx(1), 0)
    assert found.outside is None  # the reference changed every pixel


def test_a_difference_is_told_apart_by_where_the_edit_is(bench):
    before = np.full((96, 96, 3), 128, np.uint8)
    reference = before.copy()
    reference[:32] = 255
    other = reference.copy()
    other[64:] += 10
    found = bench("likeness.figures").likeness(reference, other, before)
    assert found.inside == 0
    assert found.outside == pytest.approx(10 * 32 / (96 * (1 - found.edited)), rel=0.01)
    assert 1 / 3 < found.edited < 1 / 2
    assert bench("likeness.figures").psnr(before, before + 1) == pytest.approx(48.13, abs=0.01)
    assert found.ssim < 1


@pytest.mark.slow
def test_the_comparison_says_what_could_not_run_and_shows_the_rest(bench, options, tmp_path):
    quality, variants = bench("quality"), bench("likeness.variants")
    short = replace(options, lora_dir=None, presets={"two": {"like": "reference", "steps": 2}})
    image = Image.radial_gradient("L").resize((128, 128)).convert("RGB")
    cases = [variants.Case(name="gradient", instruction="make it blue", image=image)]
    compared = [replace(variants.reference(short), preset="two"), variants.variant("preset:two", short)]
    compared += [
        replace(variants.variant("seed", short), preset="two"),
        variants.variant("preset:fast", short),
    ]
    rows = quality.compare(compared, cases, tmp_path)
    assert [row["variant"] for row in rows] == ["reference", "preset:two", "seed", "preset:fast"]
    assert rows[0]["psnr"] == 100
    assert 0 < rows[2]["psnr"] < 60 < rows[1]["psnr"]
    assert "needs the LoRA file" in rows[3]["reason"]
    shown = quality.page_cases(rows, cases, tmp_path)
    bench("likeness.page").write_page(tmp_path / "index.html", "tiny <model>", rows, shown)
    page = (tmp_path / "index.html").read_text()
    assert "tiny &lt;model&gt;" in page
    assert "not run: The preset" in page
    for file in ("input/gradient.png", "seed/gradient.png", "seed/gradient.jpg"):
        assert f'src="{file}"' in page
        assert (tmp_path / file).is_file()


def test_what_cannot_be_compared_is_refused_with_what_can(bench, options):
    with pytest.raises(UsageError, match="'rung:none' is nothing to compare") as caught:
        bench("likeness.variants").variant("rung:none", options)
    assert "modulation" in caught.value.hint


def test_two_forms_of_one_model_take_turns_and_leave_it_as_it_was(bench, subjects):
    job = bench("subjects").Job(side=subjects.side, steps=2)
    before = dict(subjects.pipe.transformer.named_modules())
    first = subjects.stock(job)
    with subjects.form(on=()) as plain, subjects.form(on=("modulation",)) as swapped:
        assert set(map(id, subjects.pipe.transformer.modules())) != set(map(id, before.values()))
        results = [form.edit(job).pixels for form in (plain, swapped, plain)]
    assert all((pixels == first.pixels).all() for pixels in results)
    assert dict(subjects.pipe.transformer.named_modules()) == before


def test_a_rung_that_is_measured_is_not_measured_again(bench, tmp_path, monkeypatch, capsys):
    ladder, calls = bench("ladder"), []
    monkeypatch.setattr(ladder, "Subjects", lambda device, *, tiny: (device, tiny))
    monkeypatch.setattr(ladder, "FROM_DISK", {})
    monkeypatch.setattr(ladder, "LADDER", {"good": lambda given: calls.append(given) or {"step": 1.0}})
    monkeypatch.setattr("sys.argv", ["ladder", "--tiny", "--out", str(tmp_path), "--json"])
    assert ladder.main() == 0
    ladder.LADDER["bad"] = lambda _subjects: 1 / 0
    assert ladder.main() == 1
    assert ladder.main() == 1
    assert calls == [("cpu", True)]
    found = json.loads(capsys.readouterr().out.splitlines()[-1])["rungs"]
    assert found["good"]["step"] == 1.0
    assert found["bad"]["error"] == "ZeroDivisionError: division by zero"
    assert json.loads((tmp_path / "ladder.json").read_text())["rungs"].keys() == {"good", "bad"}


def test_figures_of_another_device_are_not_kept(bench, tmp_path):
    report, path = bench("ladder").Report, tmp_path / "ladder.json"
    report(path, {"device": "A"}).add("rung", {"step": 1.0})
    assert report(path, {"device": "A"}).missing(["rung"]) == []
    assert report(path, {"device": "B"}).missing(["rung"]) == ["rung"]


def test_kernels_are_told_apart_by_their_names(bench):
    kind_of = bench("kernels").kind_of
    assert kind_of("sm90_xmma_gemm_bf16") == "linear"
    assert kind_of("cudnn_generated_fort_native_sdpa_sm90_flash_fprop") == "attention"
    assert kind_of("vectorized_elementwise_kernel") == "rest"


def test_a_priced_module_counts_each_time_and_runs_once(bench):
    meter, runs = bench("counting.meter").Meter(), []
    layer = torch.nn.Linear(8, 4, bias=False, device="meta")
    inner = layer.forward
    layer.forward = lambda *inputs: runs.append(1) or inner(*inputs)
    meter.price(layer, "layer", "cpu")
    with meter.counting():
        outputs = [layer(torch.zeros(rows, 8)) for rows in (2, 2, 3)]
    assert [tuple(output.shape) for output in outputs] == [(2, 4), (2, 4), (3, 4)]
    assert meter.flops == 2 * 8 * 4 * (2 + 2 + 3)
    assert len(runs) == 2


@pytest.mark.slow
def test_the_engine_executes_hardly_more_than_a_catalog_needs(bench, monkeypatch):
    monkeypatch.setattr(stock, "VAE_IMAGE_SIZE", 1024**2)
    monkeypatch.setattr(stock, "CONDITION_IMAGE_SIZE", 384**2)
    found = bench("flops").measure(bench("counting.catalog").make_catalog(8, seed=3), stock=True)
    assert found["killed"] == 1
    assert found["edits"] < found["rows"] == 8
    assert 1 < found["ratio_with_memo"] < found["ratio"] < found["ratio_stock"]


@pytest.mark.slow
def test_every_rung_of_the_ladder_but_compilation_runs_on_the_tiny_model(bench, tmp_path, monkeypatch):
    """Compilation takes a minute on a CPU, and test_compiling.py has it."""
    ladder = bench("ladder")
    names = {*ladder.LADDER, "start", "plan_80gb", "plan_16gb-int8"} - {"alone_compile"}
    monkeypatch.setattr("sys.argv", ["ladder", "--tiny", "--out", str(tmp_path), "--only", *sorted(names)])
    assert ladder.main() == 0
    rungs = json.loads((tmp_path / "ladder.json").read_text())["rungs"]
    assert rungs.keys() == names
    assert rungs["baseline"]["max_levels"] == 0
    assert rungs["fp8"]["max_levels"] > 0
    assert rungs["plan_16gb-int8"]["ran"]["quantisation"] == "int8"
    assert any("attention" in name for name in rungs["kernels"]["stock"]["attention_kernels"])
