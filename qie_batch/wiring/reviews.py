"""What reviews work with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.wiring import services
from qie_batch.wiring.engines import InstalledEngines

if TYPE_CHECKING:
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.model import ImageHeader
    from qie_batch.settings import Settings
    from qie_batch.steps.choices import ChoicesContext
    from qie_batch.steps.finalise import FinaliseContext
    from qie_batch.steps.review import ReviewContext
    from qie_batch.steps.sheet import SheetContext


def review_context(settings: Settings, ledger: SqlLedger, decoders: DecoderPool) -> ReviewContext:
    """`decoders` read the images of an edit whose instruction is changed."""
    from qie_batch.keys import input_key
    from qie_batch.steps.review import ReviewContext

    store, limits = services.store(settings), services.limits(settings)

    def header_of(sha256: str) -> ImageHeader:
        return decoders.inspect(store.get(input_key(sha256)), limits)

    return ReviewContext(
        jobs=ledger.jobs, reviews=ledger.reviews, engines=InstalledEngines(settings), header_of=header_of
    )


def sheet_context(settings: Settings, ledger: SqlLedger, decoders: DecoderPool) -> SheetContext:
    from qie_batch.steps.sheet import SheetContext

    return SheetContext(
        jobs=ledger.jobs,
        reviews=ledger.reviews,
        store=services.store(settings),
        decoders=decoders,
        limits=services.limits(settings),
    )


def choices_context(settings: Settings, ledger: SqlLedger, decoders: DecoderPool) -> ChoicesContext:
    from qie_batch.steps.choices import ChoicesContext

    return ChoicesContext(
        jobs=ledger.jobs,
        store=services.store(settings),
        decoders=decoders,
        limits=services.limits(settings),
    )


def finalise_context(settings: Settings, ledger: SqlLedger) -> FinaliseContext:
    from qie_batch.steps.finalise import FinaliseContext

    return FinaliseContext(
        jobs=ledger.jobs,
        intake=ledger.intake,
        costs=ledger.costs,
        store=services.store(settings),
        engines=InstalledEngines(settings),
    )
