"""How often a subject may ask, counted in Redis, and how much its tenant may spend in a day."""

from __future__ import annotations

import logging
import math
import time
from typing import TYPE_CHECKING

from limits import RateLimitItem, parse_many
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from qie_batch.errors import Unavailable
from qie_batch.gateway.access.ahead import CountedAhead
from qie_batch.gateway.access.recent import Recent
from qie_batch.gateway.problems import TooMany
from qie_batch.pricing import usd

if TYPE_CHECKING:
    from qie_batch.gateway.access.ahead import Key
    from qie_batch.gateway.access.subject import Subject
    from qie_batch.interfaces import Tenants
    from qie_batch.model import DaySpending

log = logging.getLogger(__name__)

#: A count takes far less than a millisecond.
ANSWER_SECONDS = 0.5
#: How long Redis is not asked again after it did not answer, so that requests do not all wait for it.
REST_SECONDS = 1.0
PREFIX = "qie:limits"
REDIS_DOWN = (RedisError, ConnectionError, TimeoutError)
#: In place of a rate: no limit.
UNLIMITED = "none"


def counter(broker_url: str) -> SlidingWindowCounterRateLimiter:
    """Counts for all replicas; raises what Redis raises, at once."""
    pool = ConnectionPool.from_url(
        broker_url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    return SlidingWindowCounterRateLimiter(RedisStorage("redis://", connection_pool=pool, key_prefix=PREFIX))


def limits_of(rate: str) -> tuple[RateLimitItem, ...]:
    return () if rate == UNLIMITED else tuple(parse_many(rate))


class RateLimits:
    """Reads and writes apart, each by a sliding window that all replicas share.

    While Redis does not answer, reads go on and writes are refused: a limit that holds back spending must
    not be lifted by an outage.
    """

    def __init__(self, broker_url: str, *, reads: str, writes: str) -> None:
        self._limiter = counter(broker_url)
        self._limits = {"reads": limits_of(reads), "writes": limits_of(writes)}
        self._ahead = CountedAhead(min((each.amount for each in self._limits["reads"]), default=0))
        self._down_until = 0.0

    def hit_at_once(self, subject: Subject) -> bool:
        """Count a read without waiting; False where only `hit` can."""
        is_free = not self._limits["reads"] or time.monotonic() < self._down_until
        return is_free or self._ahead.take(_key("reads", subject))

    def hit(self, subject: Subject, *, writes: bool) -> None:
        """Count a request; TooMany over the limit, Unavailable for a write that cannot be counted."""
        kind = "writes" if writes else "reads"
        if not self._limits[kind]:
            return
        is_down = time.monotonic() < self._down_until
        if not is_down:
            try:
                self._count(subject, kind)
            except REDIS_DOWN as error:
                is_down = True
                self._rest(error)
        if is_down and writes:
            raise Unavailable(
                "Redis does not answer, so this change cannot be counted and is not made",
                code="limits_unavailable",
                hint="try again; reads go on meanwhile",
            )

    def _count(self, subject: Subject, kind: str) -> None:
        key = _key(kind, subject)
        if kind == "reads" and self._count_ahead(key):
            return
        for limit in self._limits[kind]:
            if not self._limiter.hit(limit, *key):
                reset = self._limiter.get_window_stats(limit, *key).reset_time
                raise TooMany(
                    f"these are more {kind} than {limit.amount} in {limit.get_expiry()} s",
                    hint="slow down",
                    retry_after=max(1, math.ceil(reset - time.time())),
                )

    def _count_ahead(self, key: Key) -> bool:
        """Count several reads in one step; False where that is not due, or beyond a limit."""
        number = self._ahead.due(key)
        if number == 1 or not all(
            self._limiter.hit(each, *key, cost=number) for each in self._limits["reads"]
        ):
            return False
        self._ahead.add(key, number - 1)
        return True

    def _rest(self, error: Exception) -> None:
        log.warning("Redis does not answer (%s): reads go on, writes are refused", type(error).__name__)
        self._down_until = time.monotonic() + REST_SECONDS


def _key(kind: str, subject: Subject) -> Key:
    return kind, subject.tenant, subject.name


class DailyQuota:
    """What a tenant may spend in a day (UTC): beyond, nothing is accepted that could cost something."""

    def __init__(self, tenants: Tenants, daily_micros: int | None) -> None:
        self._tenants = tenants
        self._daily_micros = daily_micros
        self._known: Recent[DaySpending] = Recent()

    def check(self, tenant: str) -> None:
        """TooMany once the day's spending has reached the tenant's limit."""
        day = self._known.get(tenant, lambda: self._tenants.spending(tenant))
        most = self._daily_micros if day.daily_micros is None else day.daily_micros
        if most is not None and day.spent_micros >= most:
            raise TooMany(
                f"{usd(day.spent_micros)} are spent today (UTC), and the limit of a day is {usd(most)}",
                code="quota_reached",
                hint="what runs goes on; new work is accepted after midnight (UTC), or with a higher limit",
                retry_after=math.ceil(day.seconds_left),
                repeats=False,
            )
