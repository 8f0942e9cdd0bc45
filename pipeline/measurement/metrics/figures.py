"""From what a platform told to what is stored: figures that no table would take are unknown. Pure."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pipeline.platforms.base import Metrics
from pipeline.store.metrics import FIGURES, DuePublication, Snapshot

_MOST: Final = 2**63 - 1
_MOST_FOLLOWERS: Final = 2**31 - 1


def snapshot_of(publication: DuePublication, figures: Metrics, told_at: datetime, next_at: datetime | None) -> Snapshot:
    """One publication's figures as they are stored.

    A count that is negative (some platforms' word for "not yet") or larger than its column is unknown: it must not
    keep the batch's other publications from being stored.
    """
    counts = {name: _count(name, getattr(figures, name)) for name in FIGURES}
    others = _plain(figures.platform_metrics)
    return Snapshot(id=publication.id, told_at=told_at, next_at=next_at, **counts, platform_metrics=others)


def _count(name: str, value: int | None) -> int | None:
    most = _MOST_FOLLOWERS if name.startswith("followers") else _MOST
    return value if value is not None and 0 <= value <= most else None


def _plain(value: Any) -> Any:
    """The same without what PostgreSQL's jsonb refuses: NUL characters, halves of surrogate pairs, NaN, infinities."""
    match value:
        case str():
            return value.replace("\0", "").encode(errors="ignore").decode()
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {_plain(str(name)): _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return value
