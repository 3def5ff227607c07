"""From what a person or a schedule asks for to an Order, and the Order carried out."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from qie_batch import wiring
from qie_batch.cli.display import bar
from qie_batch.errors import Rejected, UsageError
from qie_batch.keys import S3, S3Address
from qie_batch.manifest import MAX_BYTES, open_manifest
from qie_batch.model import InvalidManifest, NewJob
from qie_batch.pricing import parse_usd
from qie_batch.steps import submit
from qie_batch.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qie_batch.interfaces import Intake, ObjectStore
    from qie_batch.manifest import Manifest
    from qie_batch.model import JobOrder, Schedule
    from qie_batch.settings import Settings
    from qie_batch.steps.submit import Order, Pictures, Survey


#: Characters of a job's name.
LONGEST_NAME = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A catalog that was looked at: what `submit` shows before it writes anything."""

    order: Order
    manifest: Manifest
    pictures: Pictures
    survey: Survey


@contextmanager
def catalog_file(address: str, settings: Settings) -> Iterator[tuple[Path, str]]:
    """A copy of the catalog that only we write to, and where its relative paths start."""
    if address.startswith(S3):
        data, folder = _fetched(address, settings), address.rpartition("/")[0]
    else:
        path = Path(address).expanduser()
        data, folder = submit.read_catalog(path), str(path.absolute().parent)
    with submit.private_copy(Path(address).name, data) as copy:
        yield copy, folder


def _fetched(address: str, settings: Settings) -> bytes:
    place = s3_address(address)
    try:
        return wiring.buckets(settings, place.bucket)(place.bucket).get(place.key, max_bytes=MAX_BYTES)
    except Rejected as error:
        if error.code == "object_missing":
            raise UsageError(
                f"there is no catalog at {quoted(address, 200)}", hint="check the address"
            ) from error
        raise UsageError(f"the catalog cannot be read: {error.message}") from error


def s3_address(text: str) -> S3Address:
    """UsageError unless it is s3://bucket/key."""
    address = S3Address.parse(text)
    if not address:
        raise UsageError(f"{quoted(text, 200)} is no S3 address", hint="write s3://bucket/key")
    return address


def prepare(
    path: Path,
    folder: str,
    wishes: JobOrder,
    settings: Settings,
    intake: Intake,
    *,
    skip_bad_rows: bool = False,
    job_id: str = "",
    confined: bool = False,
) -> Prepared:
    """Read the whole catalog and every picture once. InvalidManifest names every bad row.

    `path` is the catalog's copy, `folder` where it came from; a `confined` one may name no local picture
    outside of that.
    """
    engines = wiring.InstalledEngines(settings)
    if wishes.preset and wishes.preset not in engines.preset_names():
        raise UsageError(
            f"there is no preset {wishes.preset!r}",
            hint=f"choose one of: {', '.join(engines.preset_names())}",
        )
    info, reason = engines.choose(wishes.engine)
    preset = submit.preset_named(wishes.preset, info).name if info.presets else ""
    presets = info.presets or engines.preset_names()
    manifest = open_manifest(path, mapping=wishes.mapping, instruction=wishes.instruction, presets=presets)
    name = printable(wishes.name or path.name, LONGEST_NAME)
    job = NewJob(
        id=job_id or submit.job_id_now(),
        order=replace(wishes, name=name, engine=info.name, preset=preset),
        engine_reason=reason,
        manifest_key="",
        # A folder's name may be any bytes, the ledger keeps text.
        folder=folder.encode(errors="replace").decode(),
    )
    order = submit.Order(job=job, info=info, catalog=path)
    pictures = _checked(manifest, folder, settings, confined=confined)
    survey = submit.survey(manifest.rows(), order, pictures, intake)
    if not survey.rows:
        raise InvalidManifest(f"{path.name} has a header but no rows", hint="add a line for each picture")
    if survey.bad and not skip_bad_rows:
        raise InvalidManifest(
            f"{path.name}: {survey.bad} of {survey.rows} rows cannot be edited; nothing was submitted",
            bad_rows=survey.bad_rows,
            code="rows_invalid",
            hint="mend them",
        )
    return Prepared(order=order, manifest=manifest, pictures=pictures, survey=survey)


def _checked(manifest: Manifest, folder: str, settings: Settings, *, confined: bool) -> Pictures:
    limits = wiring.limits(settings)
    own = [S3Address.split(folder).bucket] if folder.startswith(S3) else []
    sources = submit.Sources(folder, wiring.buckets(settings, *own), limits, confined=confined)
    pictures = submit.Pictures(sources, limits)
    with wiring.decoders(settings) as opener, bar("checking pictures") as show:
        for done, _ in enumerate(pictures.check(submit.picture_names(manifest.rows()), opener), start=1):
            show(done)
    return pictures


def carry_out(prepared: Prepared, intake: Intake, store: ObjectStore) -> int:
    """Upload and enter the job; says how many pictures were new to the store."""
    new = 0
    with bar("uploading pictures", prepared.survey.pictures) as show:
        for done, was_new in enumerate(submit.upload(prepared.pictures, store), start=1):
            new += was_new
            show(done)
    submit.enter(prepared.order, prepared.manifest, prepared.pictures, store=store, intake=intake)
    return new


def submit_scheduled(schedule: Schedule, job_id: str, settings: Settings) -> None:
    """One run of a schedule: bad rows are reported as failed items, nobody is there to be asked."""
    ledger, store = wiring.ledger(settings), wiring.store(settings)
    order = schedule.order
    wishes = replace(order, name=order.name or schedule.name)
    try:
        with catalog_file(schedule.catalog, settings) as (path, folder):
            prepared = prepare(
                path,
                folder,
                wishes,
                settings,
                ledger.intake,
                skip_bad_rows=True,
                job_id=job_id,
                confined=True,
            )
            carry_out(prepared, ledger.intake, store)
    finally:
        ledger.dispose()


def columns_of(pairs: Iterable[str]) -> dict[str, str]:
    """Column -> header name, from what `--map` was given."""
    for pair in pairs:
        if "=" not in pair:
            raise UsageError(
                f"--map {pair!r} is not of the form column=header", hint="for example --map id=SKU"
            )
    return dict(pair.split("=", 1) for pair in pairs)


def budget_micros(usd_text: str | None) -> int | None:
    """Micro-dollars of an amount that a person typed."""
    if usd_text is None:
        return None
    try:
        return parse_usd(usd_text)
    except ValueError as error:
        raise UsageError(f"--budget {error}", hint="for example --budget 2.50") from None
