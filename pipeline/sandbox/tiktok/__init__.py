"""TikTok: the parts of its API v2 that post videos and pictures, tell where a post stands, and count."""

from typing import Final

from pipeline.sandbox import oauth
from pipeline.sandbox.service import Endpoint, StandIn
from pipeline.sandbox.tiktok import creator, credentials, errors, posting, reading, site, upload
from pipeline.sandbox.tiktok.access import as_user

_PUBLISH: Final = "/v2/post/publish"

STAND_IN: Final = StandIn(
    name="tiktok",
    title="TikTok",
    api="/v2",
    failure=errors.failure,
    rate_limited=errors.rate_limited,
    credentials=credentials.CREATOR,
    publish_config=lambda sandbox: {
        "base_url": f"{sandbox}/tiktok",
        "oauth_url": f"{sandbox}/tiktok/oauth",
        "privacy_level": "PUBLIC_TO_EVERYONE",
        "poll_seconds": 0.3,
    },
    endpoints=[
        Endpoint("POST", f"{_PUBLISH}/creator_info/query/", as_user(creator.info, "video.publish")),
        Endpoint("POST", f"{_PUBLISH}/video/init/", as_user(posting.video, "video.publish")),
        Endpoint("POST", f"{_PUBLISH}/inbox/video/init/", as_user(posting.draft, "video.upload")),
        Endpoint("POST", f"{_PUBLISH}/content/init/", as_user(posting.pictures, "video.publish")),
        Endpoint("POST", f"{_PUBLISH}/status/fetch/", as_user(reading.status, "video.publish", "video.upload")),
        Endpoint("PUT", "/v2/upload", upload.chunk),
        Endpoint("GET", "/v2/user/info/", as_user(creator.stats, "user.info.stats")),
        Endpoint("POST", "/v2/video/query/", as_user(reading.query, "video.list")),
        Endpoint("POST", "/v2/video/list/", as_user(reading.listed, "video.list")),
        Endpoint("GET", "/@{username}/video/{id}", site.page),
        Endpoint("GET", "/@{username}/photo/{id}", site.page),
        *oauth.endpoints(
            credentials.CREATOR["access_token"], client_id_name="client_key", challenge=oauth.Challenge.HEX
        ),
    ],
)
