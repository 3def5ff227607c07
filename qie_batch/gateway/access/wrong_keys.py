"""Keys that are guessed: each costs a read of the ledger, so an address has a limit of wrong ones."""

from __future__ import annotations

import ipaddress
import math
import threading
import time

from qie_batch.gateway.access.limits import REDIS_DOWN, counter, limits_of
from qie_batch.gateway.problems import TooMany

#: Addresses that are remembered at once; a flood of others empties the memory.
MOST = 10_000
#: A host has 2**64 addresses of its own.
IPV6_NETWORK = 64


class WrongKeys:
    """Counts in Redis; while it does not answer, nothing is limited, as reading must go on."""

    def __init__(self, broker_url: str, rate: str) -> None:
        self._limiter = counter(broker_url)
        self._limits = limits_of(rate)
        self._lock = threading.Lock()
        #: Times by the monotonic clock until which no unknown key of the address is looked up.
        self._closed: dict[str, float] = {}

    def check(self, address: str) -> None:
        """TooMany for an address that has sent too many wrong keys; without a request to Redis."""
        left = self._closed.get(network_of(address), 0.0) - time.monotonic()
        if left > 0:
            raise TooMany(
                "too many wrong keys came from this address",
                code="too_many_wrong_keys",
                hint="check the key, and try again later",
                retry_after=math.ceil(left),
                repeats=False,
            )

    def count(self, address: str) -> None:
        network = network_of(address)
        try:
            for limit in self._limits:
                if not self._limiter.hit(limit, "wrong_keys", network):
                    reset = self._limiter.get_window_stats(limit, "wrong_keys", network).reset_time
                    self._close(network, max(1.0, reset - time.time()))
        except REDIS_DOWN:
            return

    def _close(self, network: str, seconds: float) -> None:
        with self._lock:
            if len(self._closed) >= MOST:
                self._closed.clear()
            self._closed[network] = time.monotonic() + seconds


def network_of(address: str) -> str:
    """What one host can take addresses from."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((int(parsed), IPV6_NETWORK), strict=False))
