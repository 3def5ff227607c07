"""Money, durations and times, as JSON shows them."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import PlainSerializer

from qie_batch.pricing import decimal_usd

#: Micro-dollars; "12.340000" in JSON.
Usd = Annotated[int, PlainSerializer(decimal_usd, return_type=str)]
Seconds = Annotated[float, PlainSerializer(lambda seconds: round(seconds, 3), return_type=float)]
#: Seconds since 1970; "2026-11-27T02:00:00.000Z" in JSON.
Moment = Annotated[
    float,
    PlainSerializer(
        lambda at: datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        return_type=str,
    ),
]
