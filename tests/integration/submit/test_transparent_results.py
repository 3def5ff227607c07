"""A row whose result is transparent gets a format that holds alpha, or is refused."""

from __future__ import annotations

import json
import textwrap

import pytest
from PIL import Image

from qie_batch import wiring
from qie_batch.errors import Misconfigured
from qie_batch.model import JobOrder, OutputFormat, RowDefaults
from qie_batch.steps.submit import prepare
from tests.support.submitting import request, services

MODULE = """
    from qie_batch.errors import Rejected
    from qie_batch.model import EngineInfo


    def info(options):
        return EngineInfo(name="cutter", revision="1")


    def create(options):
        raise NotImplementedError


    def check(params, images):
        if params.instruction == "nonsense":
            raise Rejected("no sense in that", code="no_sense", subject="instruction")


    def gives_alpha(params):
        if params.instruction == "a bug":
            raise KeyError("bug")
        return params.instruction == "cut it out"
"""


@pytest.fixture
def settings(stack, s3, tmp_path, monkeypatch):
    folder = tmp_path / "engines" / "cutters"
    folder.mkdir(parents=True)
    (folder / "engine.py").write_text(textwrap.dedent(MODULE), encoding="utf-8")
    monkeypatch.syspath_prepend(folder.parent)
    with services(stack, s3, tmp_path, engine="cutters.engine") as settings:
        yield settings


@pytest.fixture
def surveyed(tmp_path, ledger, settings):
    """The bad rows and the specs of a catalog of these rows: image, instruction, output, keep_alpha."""
    Image.new("RGB", (40, 30), "teal").save(tmp_path / "p.jpg")
    Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(tmp_path / "clear.png")

    def survey(*rows, defaults=None):
        lines = [f"{number},{row}" for number, row in enumerate(rows, start=1)]
        path = tmp_path / "catalog.csv"
        path.write_text("\n".join(["id,image,instruction,output,keep_alpha", *lines, ""]), encoding="utf-8")
        asked = request(path, JobOrder(defaults=defaults or RowDefaults()), skip_bad_rows=True)
        with prepare(asked, wiring.submit_context(settings, ledger)) as prepared:
            return prepared.survey.bad_rows, [item.spec_text for item in prepared.items if item.spec_text]

    return survey


def test_a_transparent_result_of_a_jpeg_is_a_png_or_the_row_is_refused(surveyed):
    bad, specs = surveyed(
        "p.jpg,cut it out,,",
        "p.jpg,cut it out,webp,",
        "p.jpg,cut it out,same,",
        "p.jpg,cut it out,jpeg,",
        "p.jpg,make it red,,",
    )
    assert [(row.id, row.column, row.code) for row in bad] == [
        ("3", "output", "output_has_no_alpha"),
        ("4", "output", "output_has_no_alpha"),
    ]
    sentence = "The result is transparent and JPEG holds no transparency: choose output png or webp."
    assert bad[0].reason == sentence
    assert [json.loads(spec)["output"] for spec in specs] == ["png", "webp", "jpeg"]


def test_alpha_that_is_to_be_put_back_needs_a_format_that_holds_it(surveyed):
    bad, specs = surveyed(
        "clear.png,make it red,,yes",
        "clear.png,make it red,jpeg,yes",
        "clear.png,make it red,jpeg,no",
        "p.jpg,make it red,jpeg,yes",
        "clear.png,make it red,,",
        defaults=RowDefaults(output=OutputFormat.SAME, keep_alpha=True),
    )
    assert [(row.id, row.column, row.code) for row in bad] == [("2", "output", "output_has_no_alpha")]
    assert ['"keep_alpha":true' in spec for spec in specs] == [True, False, False, True]


def test_what_is_wrong_with_the_instruction_is_told_first(surveyed):
    bad, _ = surveyed("clear.png,nonsense,jpeg,yes")
    assert [row.code for row in bad] == ["no_sense"]


def test_an_engine_that_fails_to_say_it_is_named(surveyed):
    with pytest.raises(Misconfigured, match=r"cutters\.engine.*transparent.*KeyError"):
        surveyed("p.jpg,a bug,,")
