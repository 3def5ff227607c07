"""The options of a job, as `submit` and `schedule add` take them."""

from __future__ import annotations

import shlex

import click
import pytest
from click.testing import CliRunner

from qie_batch.cli.options import job_order, order_options
from qie_batch.cli.schedule import add
from qie_batch.cli.submit import submit
from qie_batch.errors import UsageError
from qie_batch.manifest.cells import OPTIONAL
from qie_batch.manifest.faults import WrongCell
from qie_batch.model import EngineInfo, JobOrder, OutputFormat, Priority, ReadingOptions, RowDefaults
from qie_batch.steps.orders import unused

OURS = {
    "--map",
    "--encoding",
    "--sheet",
    "--header-line",
    "--output",
    "--quality",
    "--size",
    "--seed",
    "--steps",
    "--cfg",
    "--variants",
    "--negative",
    "--keep-alpha",
}


def order(line: str) -> JobOrder:
    """What a command with these options asks for."""
    made = []

    @click.command()
    @order_options(priority="low")
    def command(**options):
        made.append(job_order(options))

    ran = CliRunner().invoke(command, shlex.split(line), catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return made[0]


def refusal(line: str) -> UsageError:
    with pytest.raises(UsageError) as refused:
        order(line)
    return refused.value


@pytest.mark.parametrize("command", [submit, add])
def test_both_commands_have_every_option(command):
    assert {name for parameter in command.params for name in parameter.opts} >= OURS


def test_nothing_given_leaves_every_choice_open():
    assert order("") == JobOrder(priority=Priority.LOW)


def test_a_job_of_the_command_line_is_not_interactive():
    @click.command()
    @order_options(priority="low")
    def command(**_options):
        raise AssertionError

    ran = CliRunner().invoke(command, ["--priority", "interactive"])
    assert (ran.exit_code, "not one of 'high', 'normal', 'low'" in ran.output) == (2, True)


def test_every_option_has_its_place():
    given = order(
        "--map id=Handle --map 'size= ' --encoding cp949 --sheet 'Tab 2' --header-line 3 --output jpg"
        " --quality 80 --size 800X600 --seed 0 --steps 8.0 --cfg 2,5 --variants 2 --negative text"
        " --instruction 'make it red'"
    )
    assert given.reading == ReadingOptions(
        mapping={"id": "Handle", "size": ""}, encoding="cp949", sheet="Tab 2", header_line=3
    )
    assert given.defaults == RowDefaults(
        instruction="make it red",
        negative="text",
        size=(800, 600),
        steps=8,
        cfg=2.5,
        seed=0,
        variants=2,
        output=OutputFormat.JPEG,
        quality=80,
    )


@pytest.mark.parametrize("output", ["png", "JPEG", "jpg", "webp", "same"])
def test_a_format_is_named_in_any_letter_case(output):
    expected = {"jpg": "jpeg"}.get(output.lower(), output.lower())
    assert order(f"--output {output}").defaults.output is OutputFormat(expected)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("size", "M"),
        ("size", "80x5000"),
        ("size", ""),
        ("seed", "-1"),
        ("steps", "0"),
        ("steps", "1e9"),
        ("cfg", "21"),
        ("cfg", "nan"),
        ("variants", "9"),
        ("output", "tiff"),
        ("output", "auto"),
    ],
)
def test_a_wrong_value_is_refused_with_the_sentence_of_its_column(name, text):
    with pytest.raises(WrongCell) as wrong:
        OPTIONAL[name](text)
    said = refusal(f"--{name}={shlex.quote(text)}").message
    assert said == wrong.value.reason.replace(f"'{name}'", f"--{name}", 1)
    assert said.startswith(f"--{name} is {text!r}: write ")


@pytest.mark.parametrize("quality", ["0", "101", "high", "8.5"])
def test_a_quality_is_from_1_to_100(quality):
    assert refusal(f"--quality {quality}").message.endswith("write a whole number from 1 to 100")


def test_a_quality_of_png_is_refused():
    assert (
        "--quality is of JPEG and WebP, and --output is png" in refusal("--quality 80 --output png").message
    )
    assert order("--quality 80").defaults.quality == 80


def test_transparency_is_not_kept_in_a_jpeg():
    assert "JPEG holds none" in refusal("--keep-alpha --output jpeg").message
    assert order("--keep-alpha --output webp").defaults.keep_alpha
    assert not order("--output jpeg").defaults.keep_alpha


def test_a_mapping_needs_its_sign_and_one_header():
    assert "not of the form column=header" in refusal("--map id").message
    assert "two headers: 'A' and 'B'" in refusal("--map id=A --map id=B").message
    assert order("--map id=a=b --map id=a=b").reading.mapping == {"id": "a=b"}


def test_a_header_line_is_a_number_from_one():
    @click.command()
    @order_options(priority="low")
    def command(**options):
        job_order(options)

    ran = CliRunner().invoke(command, ["--header-line", "0"])
    assert (ran.exit_code, "--header-line" in ran.output) == (2, True)


def test_what_the_engine_does_not_use_is_told():
    asked = order("--steps 8 --cfg 2 --preset fast --seed 0")
    honest = EngineInfo(name="x", revision="1", honours=frozenset({"steps", "preset"}))
    assert unused(asked, honest) == ["cfg", "seed"]
    assert unused(order("--size 64x64 --output webp"), honest) == []
