"""What a stored result says of its origin, by a program of its own."""

from __future__ import annotations

import hashlib

import pytest

from qie_batch.images.provenance import Stamping
from qie_batch.images.sandbox import DecoderPool
from qie_batch.model import EngineInfo, OutputFormat
from qie_batch.steps.edit import edit
from tests.support.ledgers import enqueue, new_items, new_job, spec, told
from tests.support.metadata import SECRET, exiftool, plain, talkative
from tests.support.painters import Painter

FORMATS = (OutputFormat.PNG, OutputFormat.JPEG, OutputFormat.WEBP)
#: Crashes in reading what a picture says of itself.
CRASHING = """
import os
from qie_batch.images import metadata
metadata.fields_of = lambda data: os.abort()
from qie_batch.images.sandbox.program import main
main()
"""


class Rules(Painter):
    """Paints nothing of its own."""

    info = EngineInfo(name="classic", revision="1", generative=False)


@pytest.fixture
def results_of(ledger, store, make_context):
    """Edit the file once for each set of changes of the spec; returns the stored files."""

    def results_of(data, engine, *wanted, **parts):
        sha256 = hashlib.sha256(data).hexdigest()
        store.put(f"inputs/{sha256}", data, "image/jpeg")
        specs = [spec("red", inputs=(sha256,), **changes) for changes in wanted]
        ledger.intake.add_job(new_job(), new_items(*specs))
        enqueue(ledger)
        context = make_context(engine, **parts)
        for number in range(len(specs)):
            edit(f"job.{number}", context)
        assert told(ledger) == "S" * len(specs)
        return [store.get(item.result.object_key) for item in ledger.jobs.items("job")]

    return results_of


def test_every_format_says_that_a_model_painted_in_a_picture_and_whose_that_was(results_of):
    files = results_of(talkative(), Painter(), *({"output": each} for each in FORMATS))
    found = exiftool(*files)
    assert [one["File:FileType"].split()[-1] for one in found] == ["PNG", "JPEG", "WEBP"]
    for one in found:
        assert one["XMP-iptcExt:DigitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
        assert one["XMP-photoshop:Credit"] == "Foto Meier / Edited with qie-batch"
        assert one["XMP-dc:Rights"] == "© 2026 Foto Meier"
        assert one["XMP-xmp:CreatorTool"] == "qie-batch, engine classic, revision 1, preset balanced"
        assert len(one["XMP-dc:Identifier"]) == 64
    assert not [data for data in files if SECRET.encode() in data]


def test_an_engine_that_follows_rules_alone_says_so(results_of):
    (found,) = exiftool(*results_of(plain(), Rules(), {}))
    assert found["XMP-iptcExt:DigitalSourceType"].endswith("/algorithmicallyEnhanced")
    assert "XMP-iptcExt:AISystemUsed" not in found


def test_a_result_that_is_to_say_nothing_is_another_one_and_says_nothing(results_of):
    wanted = [{"output": each, "strip_metadata": strip} for each in FORMATS for strip in (False, True)]
    files = results_of(talkative(), Painter(), *wanted)
    assert len(set(files)) == 6
    for data in files[1::2]:
        assert b"xmp" not in data.lower()
        assert b"Meier" not in data


def test_credit_and_rights_are_the_settings_of_the_worker(results_of):
    stamping = Stamping(credit="Shop AG", keep_rights=False)
    (found,) = exiftool(*results_of(talkative(), Painter(), {}, stamping=stamping))
    assert found["XMP-photoshop:Credit"] == "Shop AG"
    assert "XMP-dc:Rights" not in found


def test_metadata_that_crashes_its_reader_fails_no_edit(results_of):
    with DecoderPool(program=CRASHING) as decoders:
        (found,) = exiftool(*results_of(talkative(), Painter(), {}, decoders=decoders))
    assert found["XMP-photoshop:Credit"] == "Edited with qie-batch"
