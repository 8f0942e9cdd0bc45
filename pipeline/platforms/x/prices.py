"""What X charges, by its list: for each post that is read, written or deleted. An account's own contract may differ."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from pipeline.platforms.content import Content
from pipeline.platforms.offer import Charge, Price, Prices
from pipeline.platforms.x import text, thread

_SOURCE: Final = "https://docs.x.com/x-api/getting-started/pricing"
_SEEN_ON: Final = date(2026, 11, 21)
_USD: Final = {
    Charge.PUBLICATION: Decimal("0.015"),
    Charge.PUBLICATION_WITH_LINK: Decimal("0.200"),
    Charge.READ: Decimal("0.005"),
    Charge.OWN_READ: Decimal("0.001"),
    Charge.AUDIENCE: Decimal("0.010"),
    Charge.DELETION: Decimal("0.010"),
}
LIST: Final = tuple(Price(charge, usd, _SOURCE, _SEEN_ON) for charge, usd in _USD.items())


def of_questions(young: timedelta | None) -> Prices:
    """`young` are the posts that are read in the own timeline, by age; None: all are looked up.

    X charges for a post, and for an account, once a UTC day however often it is read, and calls that no firm promise.
    """
    looked_up, owned = _USD[Charge.READ], _USD[Charge.OWN_READ]
    return Prices(
        read=looked_up if young is None else owned,
        read_old=looked_up,
        audience=_USD[Charge.AUDIENCE],
        old_after=timedelta.max if young is None else young,
        once_a_day=True,
    )


def charges(content: Content) -> Mapping[Charge, int]:
    """A post costs more with an address in it, and each of a thread is charged."""
    posts = thread.posts(content)
    linked = sum(bool(text.link_spans(said)) for said in posts)
    counts = {Charge.PUBLICATION: len(posts) - linked, Charge.PUBLICATION_WITH_LINK: linked}
    return {charge: count for charge, count in counts.items() if count}
