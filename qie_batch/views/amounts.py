"""Money and durations, as JSON shows them."""

from typing import Annotated

from pydantic import PlainSerializer

from qie_batch.pricing import decimal_usd

#: Micro-dollars; "12.340000" in JSON.
Usd = Annotated[int, PlainSerializer(decimal_usd, return_type=str)]
Seconds = Annotated[float, PlainSerializer(lambda seconds: round(seconds, 3), return_type=float)]
