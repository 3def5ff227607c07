"""The gates that look at results, and what a catalog may ask of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.interfaces import Gates
    from qie_batch.model import Checks
    from qie_batch.settings import Settings


def asked_checker(settings: Settings) -> Callable[[Checks], None]:
    """Rejected for a gate or a channel that there is not."""
    from qie_batch.exports.reading import channel_names

    channels = cache(channel_names)

    def check(checks: Checks) -> None:
        if not (checks.limits or checks.channel):
            return
        from qie_batch.gates import check_asked

        check_asked(checks, channels(settings.channels))

    return check


def gate_names() -> tuple[str, ...]:
    from qie_batch.gates import gate_modules

    return tuple(gate_modules())


def installed_gates(settings: Settings) -> Gates | None:
    """All gates with the limits of the settings; None where none runs. Misconfigured for an unknown gate."""
    if settings.gates == "off":
        return None
    from qie_batch.gates import InstalledGates, gate_modules
    from qie_batch.model import EVERY_GATE

    known = (EVERY_GATE, *gate_modules())
    if unknown := [name for name in settings.gates if name not in known]:
        raise Misconfigured(
            f"QIE_GATES names no gate that there is: {', '.join(unknown)}",
            hint=f"choose of: {', '.join(known)}",
        )
    return InstalledGates(settings.gates, settings.channels)
