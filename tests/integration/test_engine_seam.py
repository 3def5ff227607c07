"""An engine is one module: one that the test writes is found, priced, submitted to and edits."""

from __future__ import annotations

import io
import json
import sys
import textwrap
import threading
import uuid
from dataclasses import replace

import pytest
from click.testing import CliRunner
from PIL import Image

from qie_batch import wiring
from qie_batch.cli import main
from qie_batch.errors import EngineLost, NotFound, StoreUnavailable
from qie_batch.ledger.schema import upgrade
from qie_batch.metrics import new_registry
from qie_batch.model import Preset, Rate
from qie_batch.settings import Settings
from qie_batch.steps.dispatch import dispatch
from qie_batch.steps.edit import edit
from qie_batch.steps.fsck import fsck
from qie_batch.stores.s3 import S3Store
from qie_batch.wiring.start import StartClock
from tests.support.painters import BROKEN, PATIENCE, ended, in_thread

#: What an edit costs that is priced by the image: three cents.
IMAGE_MICROS = 30_000
COLOURS = ("red", "teal", "navy")

MODULE = '''
    """An engine at the other end of a wire, as somebody outside of the project would write it."""

    import threading

    from qie_batch.errors import Rejected
    from qie_batch.model import EditResult, EngineInfo, EngineLimits, Preset, Tariff

    OPTIONS = ("market",)


    def info(options):
        return EngineInfo(
            name="shop",
            revision="7",
            honours=frozenset({"steps", "preset", "seed"}),
            presets={
                "reference": Preset(name="reference", steps=3, cfg=1.0, seconds=0.5),
                "studio": Preset(name="studio", steps=5, cfg=2.0, seconds=0.9),
            },
            limits=EngineLimits(max_images=2, max_ratio=3.0),
            tariff=Tariff(kind=options.get("tariff", "image"), image_micros=30_000),
            device="shop server",
            concurrency=2,
            deadline_seconds=7.0,
        )


    def check(params, images):
        if images[0].width == 77:
            raise Rejected("no 77 pixels", code="no_77", hint="take 78", subject="image")
        if params.steps == 4 and params.preset == "reference":
            raise Rejected("no 4 steps", code="no_4", subject="steps")


    class Shop:
        device = "shop server"

        def __init__(self, options):
            self.info = info(options)
            self.together = threading.Barrier(options.get("together", 1))
            self.requests = []

        def edit(self, request, on_step):
            self.requests.append(request)
            for step in range(1, request.params.steps + 1):
                on_step(step)
            self.together.wait(20)
            return EditResult(image=request.images[0].convert("L").convert("RGB"))


    def create(options):
        assert options["market"] == "on_demand"
        return Shop(options)
'''


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """The dotted name of a module in a folder of its own; nothing of the project knows of it."""
    package = f"shop_{uuid.uuid4().hex}"
    folder = tmp_path / "elsewhere" / package
    folder.mkdir(parents=True)
    (folder / "engine.py").write_text(textwrap.dedent(MODULE), encoding="utf-8")
    monkeypatch.syspath_prepend(folder.parent)
    yield f"{package}.engine"
    for name in (package, f"{package}.engine"):
        sys.modules.pop(name, None)


@pytest.fixture
def settings_of(engine, stack, s3, broker_url, tmp_path, monkeypatch):
    """The embedded stack's services, with a ledger, a queue and a bucket of the test's own."""

    def made(**options):
        monkeypatch.setenv("QIE_S3_BUCKET", s3.bucket)
        settings = Settings(
            dir=stack.folder,
            ledger_url=f"sqlite:///{tmp_path / 'ledger.sqlite3'}",
            broker_url=broker_url,
            s3_bucket=s3.bucket,
            engine=engine,
            engine_options=options,
        )
        upgrade(wiring.database(settings))
        return settings

    yield made
    store = S3Store(s3.client, s3.bucket)
    for stored in list(store.list("")):
        store.delete(stored.key)


@pytest.fixture
def context_of():
    """What `qie-batch worker` edits with; closed after the test."""
    made = []

    def make(settings):
        made.append(context := wiring.edit_context(settings, new_registry(), StartClock()))
        return context

    yield make
    for context in made:
        context.leases.stop()
        context.decoders.close()
        context.attempts._attempts._db.engine.dispose()


@pytest.fixture
def submitted(settings_of, tmp_path, monkeypatch):
    """A catalog of images of these sizes, submitted by the command: settings, ledger and what was printed."""
    ledgers = []

    def submit(*sizes, code=0, flags=(), **options):
        settings = settings_of(**options)
        folder = tmp_path / "catalog"
        folder.mkdir()
        lines = ["id,image,instruction"]
        for number, size in enumerate(sizes):
            Image.new("RGB", size, COLOURS[number]).save(folder / f"{number}.png")
            lines.append(f"sku-{number},{number}.png,make it grey")
        (folder / "catalog.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for name in ("ledger_url", "broker_url"):
            monkeypatch.setenv(f"QIE_{name.upper()}", getattr(settings, name).get_secret_value())
        monkeypatch.setenv("QIE_ENGINE", settings.engine)
        monkeypatch.setenv("QIE_ENGINE_OPTIONS", json.dumps({"together": 1, **options}))
        arguments = ["--dir", str(settings.dir), "submit", str(folder / "catalog.csv"), *flags]
        ran = CliRunner().invoke(main, arguments)
        assert ran.exit_code == code, ran.output
        ledgers.append(ledger := wiring.ledger(settings))
        return settings, ledger, ran

    yield submit
    for ledger in ledgers:
        ledger.dispose()


def queued(settings, ledger):
    """Ids of the items of the only job; the submit has queued them already, or a control does."""
    dispatch(wiring.dispatch_context(settings, ledger))
    done = items(ledger)
    assert [item.state for item in done] == ["queued"] * len(done)
    return [item.id for item in done]


def items(ledger):
    (job,) = ledger.jobs.latest()
    return list(ledger.jobs.items(job.id))


def spent(ledger):
    (job,) = ledger.jobs.latest()
    return ledger.costs.progress(job.id).spent_micros


def test_a_module_is_an_engine_by_its_dotted_name(engine, settings_of):
    engines = wiring.InstalledEngines(settings_of())
    choice = engines.choose(engine)
    assert (choice.info.name, choice.info.revision, choice.reason) == (engine, "7", "it was asked for")
    assert choice.info.presets["studio"] == Preset(name="studio", steps=5, cfg=2.0, seconds=0.9)
    assert engines.choose("").info == choice.info
    assert engines.rate(choice.info) == Rate(image_micros=IMAGE_MICROS)
    assert engine not in engines.names()
    with pytest.raises(NotFound):
        engines.choose(f"{engine}s")


def test_a_submitted_catalog_is_edited_by_it_and_paid_by_the_image(engine, submitted, context_of):
    settings, ledger, _ = submitted((40, 24), (48, 32))
    context = context_of(settings)
    ids = queued(settings, ledger)
    for item_id in ids:
        edit(item_id, context)
    done = items(ledger)
    assert [(item.state, item.cost_micros) for item in done] == [("succeeded", IMAGE_MICROS)] * 2
    assert {item.result.engine for item in done} == {item.spec.engine for item in done} == {engine}
    assert {item.result.device for item in done} == {"shop server"}
    assert {item.result.cost_micros for item in done} == {IMAGE_MICROS}
    assert [request.params.preset for request in context.engine.requests] == ["reference"] * 2
    grey = Image.open(io.BytesIO(context.store.get(done[0].result.object_key)))
    assert grey.size == (40, 24)
    red, green, blue = grey.convert("RGB").getpixel((0, 0))
    assert red == green == blue
    (line,) = ledger.costs.lines(None, "engine")
    assert (line.key, line.items, line.spent_micros) == (engine, 2, 2 * IMAGE_MICROS)
    assert spent(ledger) == 2 * IMAGE_MICROS
    assert list(ledger.audit.contradictions()) == []


def test_a_cost_that_is_not_the_images_at_their_price_is_found(submitted, context_of):
    settings, ledger, _ = submitted((40, 24))
    (item_id,) = queued(settings, ledger)
    edit(item_id, context_of(settings))
    with ledger._db.write() as connection:
        connection.exec_driver_sql("UPDATE attempts SET images = 2")
    (found,) = ledger.audit.contradictions()
    assert item_id in found
    assert "cost" in found


def test_an_image_that_could_not_be_stored_is_paid_for(submitted, context_of):
    settings, ledger, _ = submitted((40, 24))
    (item_id,) = queued(settings, ledger)
    context = context_of(settings)

    class Down(S3Store):
        """Reads; leaves no time to try a write again."""

        def put_new(self, *_object):
            context.leases.shutdown.begin(0.0)
            raise StoreUnavailable("the store is away")

    edit(item_id, replace(context, store=Down(context.store._store._client, context.store._store._bucket)))
    (item,) = items(ledger)
    assert (item.state, item.attempt, item.result) == ("pending", 1, None)
    assert item.cost_micros == spent(ledger) == IMAGE_MICROS
    assert list(ledger.audit.contradictions()) == []


def test_an_attempt_without_an_image_costs_nothing_by_the_image(submitted, context_of):
    settings, ledger, _ = submitted((40, 24))
    (item_id,) = queued(settings, ledger)
    context = context_of(settings)

    def break_off(_request, on_step):
        on_step(1)
        raise BROKEN

    context.engine.edit = break_off
    with pytest.raises(EngineLost):
        edit(item_id, context)
    assert (spent(ledger), items(ledger)[0].state) == (0, "pending")
    assert items(ledger)[0].seconds > 0
    assert list(ledger.audit.contradictions()) == []


def test_its_own_preset_can_be_asked_for(submitted, context_of):
    settings, ledger, _ = submitted((40, 24), flags=("--preset", "studio"))
    (item_id,) = queued(settings, ledger)
    edit(item_id, context := context_of(settings))
    (request,) = context.engine.requests
    assert (request.params.preset, request.params.steps, request.params.cfg) == ("studio", 5, None)
    assert ledger.jobs.latest()[0].order.preset == "studio"


def test_a_preset_of_another_engine_is_refused(submitted):
    _, ledger, ran = submitted((40, 24), code=2, flags=("--preset", "draft"))
    assert "reference, studio" in ran.output
    assert ledger.jobs.latest() == []


def test_a_free_engine_costs_nothing(submitted, context_of):
    settings, ledger, _ = submitted((40, 24), tariff="free")
    (item_id,) = queued(settings, ledger)
    context = context_of(settings)
    assert context.worker.rate == Rate()
    edit(item_id, context)
    assert ([item.state for item in items(ledger)], spent(ledger)) == (["succeeded"], 0)
    assert list(ledger.audit.contradictions()) == []


def test_as_many_edits_run_at_once_as_the_engine_says(submitted, context_of):
    """Each edit ends only while the other one runs."""
    settings, ledger, _ = submitted((40, 24), (48, 32), together=2)
    context = context_of(settings)
    ended(*(in_thread(item_id, context) for item_id in queued(settings, ledger)))
    assert [item.state for item in items(ledger)] == ["succeeded"] * 2
    assert spent(ledger) == 2 * IMAGE_MICROS


def test_no_more_edits_run_at_once_than_the_engine_says(submitted, context_of):
    settings, ledger, _ = submitted((40, 24), (48, 32), (56, 40))
    context = context_of(settings)
    lock, running, most, paired = threading.Lock(), [], [], threading.Event()
    paint = context.engine.edit

    def counted(request, on_step):
        with lock:
            running.append(request)
            most.append(len(running))
            if len(running) == 2:
                paired.set()
        assert paired.wait(PATIENCE)
        try:
            return paint(request, on_step)
        finally:
            with lock:
                running.remove(request)

    context.engine.edit = counted
    ended(*(in_thread(item_id, context) for item_id in queued(settings, ledger)))
    assert ([item.state for item in items(ledger)], max(most)) == (["succeeded"] * 3, 2)


def test_the_deadline_of_an_engine_is_that_of_its_edits(submitted, context_of):
    settings, _, _ = submitted((40, 24))
    assert settings.hang_seconds != 7.0
    assert context_of(settings).hang_seconds == 7.0


def test_the_limits_of_an_engine_are_checked_before_a_job_is_made(submitted):
    _, ledger, ran = submitted((40, 24), (200, 20), code=2)
    assert "sku-1" in ran.output
    assert ledger.jobs.latest() == []


def test_what_an_engine_refuses_without_pixels_is_refused_before_a_job_is_made(submitted):
    _, ledger, ran = submitted((40, 24), (77, 40), code=2)
    assert "line 3, column 'image', id 'sku-1': no 77 pixels. Take 78." in ran.output
    assert "1 of 2 rows cannot be edited" in ran.output
    assert ledger.jobs.latest() == []


def test_with_bad_rows_skipped_the_others_are_edited(submitted, context_of):
    settings, ledger, _ = submitted((40, 24), (77, 40), flags=("--skip-bad-rows",))
    context = context_of(settings)
    dispatch(wiring.dispatch_context(settings, ledger))
    for item in items(ledger):
        if item.state == "queued":
            edit(item.id, context)
    assert [(item.state, item.failure and item.failure.code) for item in items(ledger)] == [
        ("succeeded", None),
        ("failed", "no_77"),
    ]


def test_the_worker_checks_the_same_limits(submitted, context_of):
    """A row that came past the submit, such as one that an engine with other limits took."""
    settings, ledger, _ = submitted((40, 24))
    context = context_of(settings)
    (item,) = items(ledger)
    long = io.BytesIO()
    Image.new("RGB", (200, 20), "red").save(long, "PNG")
    context.store.delete(f"inputs/{item.spec.inputs[0]}")
    context.store.put(f"inputs/{item.spec.inputs[0]}", long.getvalue(), "image/png")
    edit(*queued(settings, ledger), context)
    (item,) = items(ledger)
    assert (item.state, item.failure.code, context.engine.requests) == ("failed", "image_too_narrow", [])


def test_fsck_finds_nothing_wrong_with_its_results(submitted, context_of):
    settings, ledger, _ = submitted((40, 24), (48, 32))
    context = context_of(settings)
    for item_id in queued(settings, ledger):
        edit(item_id, context)
    found = fsck(wiring.fsck_context(settings, ledger), repair=False)
    assert (found.results, found.faults) == (2, ())
