"""Which kinds of source there are, and how one is opened."""

from collections.abc import Callable, Mapping
from typing import Final

import sqlalchemy as sa

from pipeline.measurement.site_analytics.first_party import BEACON, FirstParty
from pipeline.measurement.site_analytics.ga4 import GoogleAnalytics
from pipeline.measurement.site_analytics.matomo import Matomo
from pipeline.measurement.site_analytics.plausible import Plausible
from pipeline.measurement.site_analytics.source import Source
from pipeline.platforms.base import Account
from pipeline.store.site_analytics import SourceRow

VENDORS: Final[Mapping[str, type[Plausible | GoogleAnalytics | Matomo]]] = {
    "plausible": Plausible,
    "ga4": GoogleAnalytics,
    "matomo": Matomo,
}
KINDS: Final[Mapping[str, type[Source]]] = {**VENDORS, "first_party": FirstParty}

Credentials = Callable[[str], Mapping[str, str]]
"""From a reference to the credentials behind it; what it raises passes through."""
SourceFactory = Callable[[SourceRow], Source]


def source_factory(engine: sa.Engine, credentials: Credentials, *, timeout_seconds: float) -> SourceFactory:
    """Opens a source with its credentials, which are resolved each time and kept nowhere.

    The factory raises ValueError where the source's config can't be used, and what `credentials` raises.
    """

    def open_source(row: SourceRow) -> Source:
        vendor = VENDORS.get(row.kind)
        if vendor is None:
            return FirstParty(engine, row.platform_id, row.timezone, str(row.config.get("counts") or BEACON))
        return vendor(
            Account(
                key=row.source_key,
                platform=row.kind,
                publish_config=row.config,
                credentials=credentials(row.credentials_secret_id) if row.credentials_secret_id else {},
                timeout_seconds=timeout_seconds,
            )
        )

    return open_source
