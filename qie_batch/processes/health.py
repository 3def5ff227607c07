"""Health checks: one for each service and resource that qie-batch needs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from qie_batch import wiring
from qie_batch.errors import QieError
from qie_batch.ledger import schema
from qie_batch.pricing import usd
from qie_batch.stores.s3 import check_bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from qie_batch.settings import Settings

#: With less free space, uploads, SQLite and the broker's log are likely to fail.
ENOUGH_DISK_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    name: str
    ok: bool
    #: What was found, or what is wrong and how to correct it.
    text: str


def check_health(
    settings: Settings, sentences: Callable[[QieError], Iterable[str]] = attrgetter("sentences")
) -> list[HealthCheck]:
    """All checks, in the order in which to read them; a failed one keeps no other from running.

    `sentences` says what is wrong and what to do next, in the words of the face that shows them.
    """
    return [_check(name, settings, find, sentences) for name, find in _CHECKS.items()]


def _check(
    name: str,
    settings: Settings,
    find: Callable[[Settings], str],
    sentences: Callable[[QieError], Iterable[str]],
) -> HealthCheck:
    try:
        return HealthCheck(name=name, ok=True, text=find(settings))
    except QieError as error:
        return HealthCheck(name=name, ok=False, text=" ".join(sentences(error)))


def _ledger(settings: Settings) -> str:
    database = wiring.database(settings)
    schema.check(database)
    return f"{database.address} at schema {schema.newest()}"


def _broker(settings: Settings) -> str:
    queue = wiring.queue(settings)
    queue.epoch()
    return queue.address


def _store(settings: Settings) -> str:
    wiring.store(settings)
    check_bucket(wiring.s3(settings), settings.s3_bucket)
    return f"bucket {settings.s3_bucket} at {settings.s3_endpoint or 'AWS'}, create-only puts are honoured"


def _engine(settings: Settings) -> str:
    info, reason = wiring.InstalledEngines(settings).choose()
    return f"{info.name} {info.revision}: {reason}"


def _cutout(settings: Settings) -> str:
    return wiring.InstalledEngines(settings).cutout()


def _prices(settings: Settings) -> str:
    engines = wiring.InstalledEngines(settings)
    rates = {name: engines.rate(engines.info(name)) for name in engines.names()}
    return ", ".join(
        f"{name} {usd(rate.hour_micros)} an hour ({settings.market})" for name, rate in rates.items()
    )


def _disk(settings: Settings) -> str:
    folder = settings.dir if settings.dir.exists() else settings.dir.absolute().parent
    free = shutil.disk_usage(folder).free
    if free < ENOUGH_DISK_BYTES:
        raise QieError(f"only {free / 1e9:.1f} GB are free in {folder}", hint="make room")
    return f"{free / 1e9:.0f} GB free in {folder}"


_CHECKS: Mapping[str, Callable[[Settings], str]] = {
    "ledger": _ledger,
    "broker": _broker,
    "store": _store,
    "engine": _engine,
    "cutout": _cutout,
    "prices": _prices,
    "disk": _disk,
}
