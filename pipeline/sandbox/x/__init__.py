"""X: the parts of API v2 that publish, look back and count, with OAuth 1.0a or a user's bearer token."""

from typing import Final

from pipeline.sandbox import oauth
from pipeline.sandbox.service import Endpoint, StandIn
from pipeline.sandbox.x import credentials, errors, media, reading, site, users, writing
from pipeline.sandbox.x.access import metered

STAND_IN: Final = StandIn(
    name="x",
    title="X",
    api="/2",
    failure=errors.failure,
    rate_limited=errors.rate_limited_for,
    credentials=credentials.USER,
    publish_config=lambda sandbox: {
        "base_url": f"{sandbox}/x",
        "oauth_url": f"{sandbox}/x/oauth",
    },
    endpoints=[
        Endpoint("POST", "/2/tweets", metered("post", 100, writing.create, app_limit_a_day=10_000)),
        Endpoint("DELETE", "/2/tweets/{id}", metered("delete", 50, writing.delete)),
        Endpoint("GET", "/2/tweets", metered("lookup", 900, reading.lookup)),
        Endpoint("GET", "/2/tweets/{id}", metered("lookup-one", 900, reading.read)),
        Endpoint("GET", "/2/users/me", metered("me", 75, users.me)),
        Endpoint("GET", "/2/users/{id}/tweets", metered("timeline", 900, reading.timeline)),
        Endpoint("POST", "/2/media/upload/initialize", metered("media-initialize", 1875, media.initialize)),
        Endpoint("POST", "/2/media/upload/{id}/append", metered("media-append", 1875, media.append)),
        Endpoint("POST", "/2/media/upload/{id}/finalize", metered("media-finalize", 1875, media.finalize)),
        Endpoint("GET", "/2/media/upload", metered("media-status", 1000, media.status)),
        Endpoint("POST", "/2/media/metadata", metered("media-metadata", 500, media.describe)),
        Endpoint("GET", "/i/status/{id}", site.status),
        Endpoint("GET", "/{handle}/status/{id}", site.status),
        Endpoint("GET", "/media/{id}", site.media),
        *oauth.endpoints(credentials.BEARER_TOKEN),
    ],
)
