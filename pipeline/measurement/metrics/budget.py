"""How much of a month's money for reading may be spent by now. Pure."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from pipeline.platforms.offer import Prices
from pipeline.store.metrics import DuePublication
from pipeline.store.metrics_reads import Reading


def allowance(reading: Reading, now: datetime) -> Decimal | None:
    """What may still be spent today, in dollars; None where there is no limit.

    A month's budget is given out day by day, in UTC, and what a day leaves stays: however dear its beginning, the
    month's end is not blind.
    """
    if reading.budget_usd is None:
        return None
    days = monthrange(now.year, now.month)[1]
    return max(reading.budget_usd * now.day / days - reading.spent_usd, Decimal(0))


def price_of(publications: Sequence[DuePublication], prices: Prices | None, now: datetime) -> Decimal:
    """What asking for these costs by the platform's list, in dollars.

    A platform that charges for a publication once a day is counted as if it charged each time: X calls its once a day
    no firm promise.
    """
    return sum((_price(publication, prices, now) for publication in publications), Decimal(0))


def affordable(
    publications: Sequence[DuePublication], prices: Prices | None, left: Decimal | None, now: datetime
) -> int:
    """How many of these, from the first, `left` dollars pay for."""
    if left is None:
        return len(publications)
    for count, publication in enumerate(publications):
        left -= _price(publication, prices, now)
        if left < 0:
            return count
    return len(publications)


def _price(publication: DuePublication, prices: Prices | None, now: datetime) -> Decimal:
    if prices is None:
        return Decimal(0)
    return prices.read_old if now - publication.published_at > prices.old_after else prices.read
