"""A count of each account's followers, once a day."""

from datetime import UTC, datetime
from decimal import Decimal

import sqlalchemy as sa

from pipeline.platforms.audience import Audience
from pipeline.platforms.base import Adapter
from pipeline.store import audience
from pipeline.store.accounts import AccountRow
from pipeline.store.database import transaction


def snapshot(engine: sa.Engine, account: AccountRow, adapter: Adapter, now: datetime) -> Decimal | None:
    """Ask how many follow the account, unless that was asked today, in UTC. No transaction is open while asking.

    Returns what the question cost at the platform's list price, in dollars; None where nothing was asked.

    Raises:
        PlatformUnavailableError: the platform could not be asked; nothing is stored.
    """
    if not adapter.capabilities.audience:
        return None
    with engine.connect() as connection:
        if audience.is_counted(connection, account.id, now.astimezone(UTC).date()):
            return None
    told = adapter.audience() or Audience(followers=None)
    days = [audience.Turnover(each.day, each.gained, each.lost) for each in told.days]
    with transaction(engine, "metrics sync") as connection:
        audience.store(connection, account.id, told.followers, days, now)
    prices = adapter.prices()
    return prices.audience if prices else Decimal(0)
