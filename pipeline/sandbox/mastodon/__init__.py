"""Mastodon: what a client needs to post, schedule, edit, count and look back (API v1 and v2 of version 4.5)."""

from typing import Final

from pipeline.sandbox.mastodon import accounts, credentials, errors, instance, media, reading, scheduled, site, statuses
from pipeline.sandbox.mastodon.access import POSTS, allowed
from pipeline.sandbox.service import Endpoint, StandIn

STAND_IN: Final = StandIn(
    name="mastodon",
    title="Mastodon",
    api="/api",
    failure=errors.failure,
    rate_limited=errors.rate_limited_for,
    credentials=credentials.AUTHOR,
    publish_config=lambda sandbox: {"base_url": f"{sandbox}/mastodon"},
    settle=scheduled.publish_due,
    endpoints=[
        Endpoint("GET", "/api/v2/instance", instance.about),
        Endpoint("GET", "/api/v1/accounts/verify_credentials", allowed("read:accounts", accounts.me)),
        Endpoint("GET", "/api/v1/apps/verify_credentials", allowed(None, accounts.application)),
        Endpoint("GET", "/api/v1/accounts/{id}/statuses", allowed("read:statuses", reading.timeline)),
        Endpoint("POST", "/api/v2/media", allowed("write:media", media.upload)),
        Endpoint("GET", "/api/v1/media/{id}", allowed("write:media", media.read)),
        Endpoint("POST", "/api/v1/statuses", allowed("write:statuses", statuses.create, POSTS)),
        Endpoint("GET", "/api/v1/statuses", allowed("read:statuses", reading.several)),
        Endpoint("GET", "/api/v1/statuses/{id}", allowed("read:statuses", reading.one)),
        Endpoint("GET", "/api/v1/statuses/{id}/context", allowed("read:statuses", reading.context)),
        Endpoint("PUT", "/api/v1/statuses/{id}", allowed("write:statuses", statuses.edit, POSTS)),
        Endpoint("DELETE", "/api/v1/statuses/{id}", allowed("write:statuses", statuses.delete)),
        Endpoint("GET", "/api/v1/scheduled_statuses", allowed("read:statuses", scheduled.listed)),
        Endpoint("GET", "/api/v1/scheduled_statuses/{id}", allowed("read:statuses", scheduled.read)),
        Endpoint("DELETE", "/api/v1/scheduled_statuses/{id}", allowed("write:statuses", scheduled.cancel)),
        Endpoint("GET", "/@{handle}/{id}", site.status),
    ],
)
