"""Every image of `tests.support.hostile` is decoded by the pool or refused in a sentence."""

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from qie_batch import images
from qie_batch.errors import Rejected
from qie_batch.images.sandbox import DecoderPool
from tests.support.hostile import hostile_pictures, scans_without_end

SENTENCE = re.compile(r"the (?:file|picture|JPEG|PNG|WEBP) [^\n\0\x1b/]{10,200}")


class Answer(NamedTuple):
    name: str
    seconds: float
    #: Of a refusal; "" for an image.
    code: str
    sentence: str
    mode: str = ""
    size: tuple[int, int] = (0, 0)
    #: Whether all pixels are there.
    whole: bool = True


def answer(pool, name, data):
    began = time.monotonic()
    try:
        image = pool.decode(data)
    except Rejected as error:
        return Answer(name, time.monotonic() - began, error.code, error.message)
    seconds = time.monotonic() - began
    whole = len(image.tobytes()) == len(image.getbands()) * image.width * image.height
    return Answer(name, seconds, "", "", image.mode, image.size, whole)


class Run(NamedTuple):
    answers: list[Answer]
    #: Peak of the largest decoder process, in kB.
    memory: int
    seconds: float


@pytest.fixture(scope="module")
def run():
    began = time.monotonic()
    with DecoderPool() as pool, ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda file: answer(pool, *file), hostile_pictures()))
        statuses = [Path(f"/proc/{each.process.pid}/status").read_text() for each in pool._processes]
    peaks = [int(re.search(r"VmHWM:\s*(\d+)", text)[1]) for text in statuses]
    return Run(answers, max(peaks), time.monotonic() - began)


def test_there_are_hundreds_of_kinds(run):
    assert len(run.answers) > 900
    assert len({each.name for each in run.answers}) > 700


def test_all_of_them_are_answered_in_time(run):
    assert max(each.seconds for each in run.answers) < 20
    assert run.seconds < 60


def test_no_decoder_process_exceeds_its_memory_limit(run):
    assert run.memory < 1_500_000


def test_decoded_images_are_whole_and_within_the_limits(run):
    decoded = [each for each in run.answers if not each.code]
    assert len(decoded) > 200
    limits = images.DEFAULT_LIMITS
    for each in decoded:
        assert each.mode in ("RGB", "RGBA"), each
        assert each.whole, each
        assert min(each.size) >= 16, each
        assert max(each.size) <= limits.max_side, each
        assert each.size[0] * each.size[1] <= limits.max_pixels, each


def test_what_is_refused_has_a_code_and_a_sentence(run):
    refused = [each for each in run.answers if each.code]
    assert len(refused) > 400
    for each in refused:
        assert re.fullmatch(r"image_[a-z_]+", each.code), each
        assert SENTENCE.fullmatch(each.sentence), each
        assert "Error" not in each.sentence, each


def test_no_kind_of_harm_is_missing(run):
    assert {each.code for each in run.answers} >= {
        "",
        "image_animated",
        "image_broken",
        "image_empty",
        "image_format_unsupported",
        "image_not_an_image",
        "image_too_large",
        "image_too_small",
        "image_truncated",
    }


def test_same_seed_makes_the_same_files():
    assert all(one == other for one, other in zip(hostile_pictures(7), hostile_pictures(7), strict=True))


def test_small_file_of_endless_scans_is_stopped():
    """264 kB that keep libjpeg busy for half a minute; a few megabytes would for ten."""
    bomb = scans_without_end()
    assert len(bomb) < 300_000
    with DecoderPool(cpu_seconds=1) as pool:
        stopped = answer(pool, "scans", bomb)
    assert stopped.code == "image_hangs_decoder"
    assert stopped.seconds < 10


IMPORTS = """
import re, sys
from contextlib import suppress
from pathlib import Path
from qie_batch.errors import Rejected
from qie_batch.images.sandbox import program
from tests.support.hostile import hostile_pictures
found = set()
files = [(path.name, path.read_bytes()) for path in Path("examples/images").iterdir()]
# One of each kind of harm to each format: lengths and counts in the names are left out.
some = (file for file in hostile_pictures() if len(file[1]) < 200_000)
kinds = {re.sub("[0-9]+", "", file[0]): file for file in some}
files += kinds.values()
before = set(sys.modules)
for name, data in files:
    with suppress(Rejected):
        program.decoding.inspect(data)
        program.decoding.decode(data)
    found |= {(name, module) for module in set(sys.modules) - before}
    before = set(sys.modules)
print(sorted(found))
"""


def test_a_decoder_process_imports_at_its_start_all_that_any_image_needs():
    """It cannot open a file later, and an image would be refused for that."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
