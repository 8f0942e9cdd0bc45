"""YouTube: the parts of Data API v3 that upload, look back, change and count, Analytics reports, and the pages."""

from typing import Final

from pipeline.sandbox import oauth
from pipeline.sandbox.service import Endpoint, StandIn
from pipeline.sandbox.youtube import analytics, channel, credentials, errors, publishing, site, tokens, uploads, videos
from pipeline.sandbox.youtube.access import metered

_V3 = "/api/youtube/v3"
_UPLOAD = "/api/resumable/upload/youtube/v3/videos"

STAND_IN: Final = StandIn(
    name="youtube",
    title="YouTube",
    api="/api",
    failure=errors.failure,
    rate_limited=errors.rate_limited,
    credentials=credentials.OWNER,
    publish_config=lambda sandbox: {
        "base_url": f"{sandbox}/youtube/api",
        "oauth_url": f"{sandbox}/youtube/oauth",
        "web_url": f"{sandbox}/youtube",
        "poll_seconds": 0.25,
        "analytics": True,
    },
    settle=publishing.publish_due,
    endpoints=[
        Endpoint("POST", _UPLOAD, metered(uploads.begin, bucket="uploads")),
        Endpoint("PUT", _UPLOAD, metered(uploads.receive, cost=0)),
        Endpoint("GET", f"{_V3}/videos", metered(videos.read)),
        Endpoint("PUT", f"{_V3}/videos", metered(videos.update, cost=50)),
        Endpoint("DELETE", f"{_V3}/videos", metered(videos.delete, cost=50)),
        Endpoint("GET", f"{_V3}/videos:batchGetStats", metered(videos.statistics, bucket="statistics")),
        Endpoint("GET", f"{_V3}/channels", metered(channel.read)),
        Endpoint("GET", f"{_V3}/playlistItems", metered(channel.uploads)),
        Endpoint("GET", "/api/v2/reports", metered(analytics.query, cost=0)),
        Endpoint("POST", "/api/oauth2/v1/tokeninfo", tokens.info),
        Endpoint("GET", "/watch", site.watch),
        *oauth.endpoints(credentials.OWNER["access_token"]),
    ],
)
