"""One pass over the manifest: rows are understood, images checked, items worked out; all of it on disk."""

from __future__ import annotations

import hashlib
import secrets
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected, UsageError
from qie_batch.keys import S3, S3Address, manifest_key
from qie_batch.manifest import open_manifest
from qie_batch.manifest.stored import StoredHeader
from qie_batch.model import InvalidManifest, NewJob
from qie_batch.steps.submit.catalog import catalog_file
from qie_batch.steps.submit.check_rows import RowChecker
from qie_batch.steps.submit.checked_images import CheckedImages
from qie_batch.steps.submit.drafts import with_drafts
from qie_batch.steps.submit.fetched import FetchedImages
from qie_batch.steps.submit.plan import Planner, preset_named
from qie_batch.steps.submit.reading import Reading
from qie_batch.steps.submit.sources import ImageSources
from qie_batch.text import many, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qie_batch.interfaces import EngineCatalog, EngineChoice
    from qie_batch.manifest import Manifest
    from qie_batch.model import Checks, EngineInfo, JobOrder
    from qie_batch.steps.submit.files import Spool
    from qie_batch.steps.submit.items import ItemSpool
    from qie_batch.steps.submit.request import SubmitContext, SubmitRequest, Survey

#: No letters that are mistaken for others.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
#: Characters of a job's name.
LONGEST_NAME = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A manifest that was read, with nothing written to the store or the ledger."""

    job: NewJob
    info: EngineInfo
    #: A private copy of the manifest.
    catalog: Path
    images: CheckedImages
    #: Those of them that are on the web.
    fetched: FetchedImages
    #: The file `rows.jsonl` of the job.
    rows: Spool
    items: ItemSpool
    survey: Survey


@contextmanager
def prepare(request: SubmitRequest, context: SubmitContext) -> Iterator[Prepared]:
    """Read the whole manifest and every image once. InvalidManifest names the bad rows."""
    if request.order.notify:
        context.check_webhook(request.order.notify)
    _check_asked(request.order.defaults.checks, context)
    with ExitStack() as stack:
        path, folder = stack.enter_context(catalog_file(request.address, context.bucket))
        chosen = chosen_engine(request.order, context.engines)
        request = replace(request, order=with_drafts(request.order, chosen.info))
        presets = chosen.info.presets or context.engines.preset_names()
        order = request.order
        exists = partial(context.exists, folder)
        manifest = open_manifest(path, order.reading, order.defaults, presets, exists)
        context.understood(manifest.understanding)
        job = _new_job(request, chosen, manifest, path, folder)
        fetched = FetchedImages(lambda: context.web(request.confined), context.store)
        stack.enter_context(closing(fetched))
        images = stack.enter_context(closing(_images(folder, request, context, fetched)))
        # Before the images are closed, which waits for their threads.
        stack.callback(fetched.stop)
        header = StoredHeader.of(manifest, folder=job.folder, manifest_key=job.manifest_key)
        gives_alpha = context.engines.gives_alpha(chosen.info.name)
        checker = RowChecker(
            limits=chosen.info.limits,
            check=context.engines.check(chosen.info.name),
            gives_alpha=gives_alpha,
            loras=chosen.info.own_loras,
            columns=manifest.columns,
            check_asked=context.check_asked,
        )
        planner = Planner(job.order, chosen.info, gives_alpha)
        reading = stack.enter_context(Reading(planner, checker, images, header))
        survey = reading.read(manifest, context)
        survey = replace(survey, fetched=fetched.new, unchanged=fetched.unchanged, unended=images.unended())
        _refuse_bad_rows(path.name, survey, skip_bad_rows=request.skip_bad_rows)
        yield Prepared(
            job=job,
            info=chosen.info,
            catalog=path,
            images=images,
            fetched=fetched,
            rows=reading.rows,
            items=reading.items,
            survey=survey,
        )


def _check_asked(checks: Checks, context: SubmitContext) -> None:
    """What is wrong with the job's own choice is said once, and not of each row."""
    try:
        context.check_asked(checks)
    except Rejected as error:
        raise UsageError(error.message, code=error.code, hint=error.hint) from error


def new_job_id() -> str:
    """A new job's id: the day, and letters enough to be read out over a telephone."""
    return time.strftime("%y%m%d-", time.gmtime()) + "".join(secrets.choice(ALPHABET) for _ in range(6))


def chosen_engine(order: JobOrder, engines: EngineCatalog) -> EngineChoice:
    """The engine that the order gets; UsageError if it, or a preset or LoRA of it, does not exist.

    An engine without presets takes the names that others know: they change nothing.
    """
    chosen = engines.choose(order.engine)
    names = list(chosen.info.presets) or engines.preset_names()
    if order.preset and order.preset not in names:
        raise UsageError(f"there is no preset {order.preset!r}", hint=f"choose one of: {', '.join(names)}")
    lora, known = order.defaults.lora, chosen.info.own_loras
    if lora and "lora_name" in chosen.info.honours and lora not in known:
        hint = f"choose one of: {', '.join(known)}" if known else "name it in QIE_LORAS"
        raise UsageError(f"there is no LoRA {lora!r}", code="lora_unknown", hint=hint)
    return chosen


def _new_job(
    request: SubmitRequest, chosen: EngineChoice, manifest: Manifest, path: Path, folder: str
) -> NewJob:
    order, info = request.order, chosen.info
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return NewJob(
        id=request.job_id or new_job_id(),
        order=replace(
            order,
            name=printable(order.name or path.name, LONGEST_NAME),
            engine=info.name,
            preset=preset_named(order.preset, info).name if info.presets else "",
        ),
        engine_reason=chosen.reason,
        # The suffix tells CSV from JSONL when the manifest is read again.
        manifest_key=manifest_key(sha256, manifest.format),
        # A folder's name may be any bytes, the ledger keeps text.
        folder=folder.encode(errors="replace").decode(),
        request_id=request.request_id,
        traceparent=request.traceparent,
    )


def _images(
    folder: str, request: SubmitRequest, context: SubmitContext, fetched: FetchedImages
) -> CheckedImages:
    own = (S3Address.split(folder).bucket,) if folder.startswith(S3) else ()
    sources = ImageSources(
        folder,
        lambda bucket: context.bucket(bucket, own),
        context.limits,
        fetched.read,
        confined=request.confined,
    )
    # A schedule enters whatever can be edited, and may fetch more than the disk for temporary files holds.
    accepted = fetched.upload if request.confined else lambda *_: None
    return CheckedImages(sources, context.limits, accepted)


def _refuse_bad_rows(name: str, survey: Survey, *, skip_bad_rows: bool) -> None:
    if not survey.rows and survey.understood.left_out:
        raise InvalidManifest(
            f"{name}: none of its {many(survey.understood.left_out, 'row')} names a picture",
            hint="say which column does: --map image=HEADER",
        )
    if not survey.rows:
        raise InvalidManifest(f"{name} has a header but no rows", hint="add a line for each picture")
    if survey.bad and not skip_bad_rows:
        raise InvalidManifest(
            f"{name}: {survey.bad} of {survey.rows} rows cannot be edited; nothing was submitted",
            bad_rows=survey.bad_rows,
            code="rows_invalid",
            hint="mend them",
        )
