"""Books what each publication cost: at the account's own rate, or else at the platform's list price of the day."""

from contextlib import suppress
from typing import Final

import sqlalchemy as sa

from pipeline.measurement.attribution.crediting import ACTOR
from pipeline.platforms.base import Adapter
from pipeline.platforms.content import Content
from pipeline.platforms.registry import UnknownPlatformError, adapter_class, platform_names
from pipeline.store import fees
from pipeline.store.database import transaction
from pipeline.store.fees import Unbooked

_BATCH: Final = 5_000


def book_costs(engine: sa.Engine) -> int:
    """Book what was published since the last time, and add up the accounts' months; returns how many were booked.

    What was published on a platform without an adapter stays unknown until an own rate is set.
    """
    adapters = _adapters()
    charging = [name for name, adapter in adapters.items() if adapter.list_prices]
    with transaction(engine, ACTOR) as connection:
        booked = fees.book_simple(connection, free=[name for name in adapters if name not in charging])
    while charging:
        with transaction(engine, ACTOR) as connection:
            waiting = fees.unbooked(connection, charging=charging, most=_BATCH)
            if not waiting:
                break
            fees.book(connection, {each.id: adapters[each.platform].price_of(_content(each)) for each in waiting})
        booked += len(waiting)
    with transaction(engine, ACTOR) as connection:
        fees.sum_months(connection)
    return booked


def _adapters() -> dict[str, type[Adapter]]:
    found = {}
    for name in platform_names():
        with suppress(UnknownPlatformError):  # said wherever the account is used
            found[name] = adapter_class(name)
    return found


def _content(sent: Unbooked) -> Content:
    """Without its files: platforms charge for posts, not for pictures."""
    return Content(
        distribution_id=str(sent.id),
        title=sent.title,
        body=sent.body,
        link_url=sent.link_url,
        platform_specific={key: value for key, value in sent.platform_specific.items() if key != "media"},
    )
