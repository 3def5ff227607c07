"""LoRAs of the user's own, from the catalog to what a worker gets. No weights are needed to submit."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from PIL import Image

from qie_batch import wiring
from qie_batch.cli import main
from qie_batch.errors import UsageError
from qie_batch.images.sandbox import DecoderPool
from qie_batch.keys import job_key
from qie_batch.model import InvalidManifest, JobOrder, RowDefaults
from qie_batch.steps.settle import settle
from tests.support.submitting import submitted

PINS = {"winter": "ab" * 32, "film": "cd" * 32}
LORAS = {
    "winter": {"file": "winter.safetensors", "sha256": PINS["winter"], "scale": 0.8},
    "film": {"file": "film.safetensors", "sha256": PINS["film"], "trigger": "film grain"},
}
ROWS = """id,image,instruction,lora,preset
1,shoe.png,warmer,,draft
2,shoe.png,warmer,winter,
3,shoe.png,warmer,,draft
4,shoe.png,warmer,FILM,draft
5,shoe.png,warmer,Winter,
6,shoe.png,warmer,none,
"""


@pytest.fixture
def own(settings):
    return settings.model_copy(update={"engine": "qwen", "loras": LORAS})


@pytest.fixture
def catalog(tmp_path):
    Image.new("RGB", (1024, 1024)).save(tmp_path / "shoe.png")
    path = tmp_path / "catalog.csv"
    path.write_text(ROWS)
    return path


def specs(ledger, job_id):
    return {item.row_id: item.spec for item in ledger.jobs.items(job_id)}


def test_a_row_chooses_a_lora_whose_pin_and_scale_are_in_its_cache_key(catalog, own, ledger):
    job = submitted(catalog, ledger, own)
    found = specs(ledger, job)
    assert [spec.params.lora_name for spec in found.values()] == ["", "winter", "", "film", "winter", ""]
    assert found["2"].lora == found["5"].lora == "winter@abababababab 0.8"
    assert found["4"].lora == "lightning-4 film@cdcdcdcdcdcd 1.0 film grain"
    assert (found["1"].lora, found["6"].lora) == ("lightning-4", "")
    assert found["4"].params.instruction == "warmer"
    stronger = own.model_copy(update={"loras": LORAS | {"winter": {**LORAS["winter"], "scale": 0.9}}})
    again = specs(ledger, submitted(catalog, ledger, stronger))
    assert [row for row in found if again[row].cache_key != found[row].cache_key] == ["2", "5"]


def test_rows_with_the_same_loras_are_queued_one_after_the_other(catalog, own, ledger):
    job = submitted(catalog, ledger, own)
    queued = [message.row_id for message in ledger.dispatch.enqueue("qwen", 100, {})]
    assert queued == ["1", "3", "2", "5", "4", "6"]
    assert [item.row_id for item in ledger.jobs.items(job)] == list("123456")


def test_the_lora_of_the_job_is_for_rows_that_name_none(catalog, own, ledger):
    order = JobOrder(defaults=RowDefaults(lora="film"))
    found = specs(ledger, submitted(catalog, ledger, own, order))
    assert [spec.params.lora_name for spec in found.values()] == [
        "film",
        "winter",
        "film",
        "film",
        "winter",
        "",
    ]


def test_a_row_with_a_lora_that_is_not_in_the_table_is_refused_with_those_that_are(catalog, own, ledger):
    catalog.write_text(ROWS.replace("Winter", "summer"))
    with pytest.raises(InvalidManifest) as caught:
        submitted(catalog, ledger, own)
    (bad,) = caught.value.bad_rows
    assert (bad.line, bad.column, bad.code) == (6, "lora", "lora_unknown")
    assert bad.reason == "There is no LoRA 'summer': choose winter, film."


def test_the_rows_of_errors_csv_are_mended_and_submitted_again(catalog, own, ledger, tmp_path):
    catalog.write_text(ROWS.replace("Winter", "summer"))
    job = submitted(catalog, ledger, own, skip_bad_rows=True)
    ledger.jobs.cancel(job)
    with DecoderPool() as decoders:
        assert settle(wiring.settle_context(own, ledger, decoders)) == 1
    errors = wiring.store(own).get(job_key(job, "errors.csv")).decode("utf-8-sig")
    header, *rows = errors.splitlines()
    (wrong,) = (row for row in rows if "lora_unknown" in row)
    mended = tmp_path / "mended.csv"
    mended.write_text(header + "\n" + wrong.replace('"summer"', '"winter"') + "\n")
    (spec,) = specs(ledger, submitted(mended, ledger, own)).values()
    assert spec.lora == "winter@abababababab 0.8"


def test_a_job_with_a_lora_that_is_not_in_the_table_is_refused_with_those_that_are(catalog, own, ledger):
    order = JobOrder(defaults=RowDefaults(lora="summer"))
    with pytest.raises(UsageError, match="no LoRA 'summer'") as caught:
        submitted(catalog, ledger, own, order)
    assert caught.value.hint == "choose one of: winter, film"
    bare = own.model_copy(update={"loras": {}})
    with pytest.raises(UsageError) as caught:
        submitted(catalog, ledger, bare, order)
    assert "QIE_LORAS" in caught.value.hint


def test_an_engine_without_loras_leaves_the_name_out(catalog, settings, ledger):
    catalog.write_text("id,image,instruction,lora\n1,shoe.png,make the background red,whatever\n")
    found = specs(ledger, submitted(catalog, ledger, settings.model_copy(update={"engine": "classic"})))
    assert (found["1"].params.lora_name, found["1"].lora) == ("", "")


def test_a_schedule_with_a_lora_that_is_not_in_the_table_is_refused(catalog, own, monkeypatch):
    monkeypatch.setenv("QIE_DIR", str(own.dir))
    monkeypatch.setenv("QIE_LEDGER_URL", own.ledger_url.get_secret_value())
    monkeypatch.setenv("QIE_ENGINE", "qwen")
    arguments = ["schedule", "add", "nightly", "--cron", "0 2 * * *", "--lora", "summer", str(catalog)]
    ran = CliRunner().invoke(main, arguments)
    assert ran.exit_code == 2
    assert "no LoRA 'summer'" in ran.output


def test_a_table_that_the_engine_cannot_read_is_one_sentence(catalog, own, ledger):
    wrong = own.model_copy(update={"loras": {"winter": {"file": "x"}}})
    with pytest.raises(UsageError, match="the LoRA 'winter' has no sha256"):
        submitted(catalog, ledger, wrong)
