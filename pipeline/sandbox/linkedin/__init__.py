"""LinkedIn: the parts of its versioned REST API that publish, look back and count, for a member and an organisation."""

from typing import Final

from pipeline.sandbox import oauth
from pipeline.sandbox.linkedin import credentials, errors, figures, finding, media, people, posts, site
from pipeline.sandbox.linkedin.access import versioned
from pipeline.sandbox.service import Endpoint, StandIn

_POSTS_A_DAY: Final = 150
_CALLS_A_DAY: Final = 10_000

STAND_IN: Final = StandIn(
    name="linkedin",
    title="LinkedIn",
    api="/api",
    failure=errors.failure,
    rate_limited=errors.rate_limited_for,
    credentials=credentials.ORGANIZATION,
    publish_config=lambda sandbox: {
        "base_url": f"{sandbox}/linkedin/api",
        "oauth_url": f"{sandbox}/linkedin/oauth",
        "web_url": f"{sandbox}/linkedin",
        "author": credentials.ORGANIZATION_URN,
        "poll_seconds": 0.3,
    },
    endpoints=[
        Endpoint("POST", "/api/rest/posts", versioned("posts.CREATE", _POSTS_A_DAY, posts.create)),
        Endpoint("GET", "/api/rest/posts", versioned("posts.FIND", _CALLS_A_DAY, finding.posts)),
        Endpoint("GET", "/api/rest/posts/{urn}", versioned("posts.GET", _CALLS_A_DAY, posts.read)),
        Endpoint("POST", "/api/rest/posts/{urn}", versioned("posts.UPDATE", _CALLS_A_DAY, posts.change)),
        Endpoint("DELETE", "/api/rest/posts/{urn}", versioned("posts.DELETE", _CALLS_A_DAY, posts.delete)),
        Endpoint("POST", "/api/rest/images", versioned("images.ACTION", _CALLS_A_DAY, media.image_action)),
        Endpoint("GET", "/api/rest/images/{urn}", versioned("images.GET", _CALLS_A_DAY, media.read)),
        Endpoint("POST", "/api/rest/videos", versioned("videos.ACTION", _CALLS_A_DAY, media.video_action)),
        Endpoint("GET", "/api/rest/videos/{urn}", versioned("videos.GET", _CALLS_A_DAY, media.read)),
        Endpoint("PUT", "/api/dms-uploads/{key}/{number:int}", media.upload),
        Endpoint(
            "GET",
            "/api/rest/organizationalEntityShareStatistics",
            versioned("statistics", _CALLS_A_DAY, figures.of_organization),
        ),
        Endpoint(
            "GET",
            "/api/rest/memberCreatorPostAnalytics",
            versioned("analytics", _CALLS_A_DAY, figures.of_member),
        ),
        Endpoint("GET", "/api/rest/organizations/{id}", versioned("organizations", _CALLS_A_DAY, people.organization)),
        Endpoint("GET", "/api/rest/videoAnalytics", versioned("videoAnalytics", _CALLS_A_DAY, figures.of_video)),
        Endpoint("GET", "/api/rest/networkSizes/{urn}", versioned("networkSizes", _CALLS_A_DAY, people.network_size)),
        Endpoint("GET", "/api/v2/userinfo", people.userinfo),
        Endpoint("POST", "/api/oauth/v2/introspectToken", people.introspect),
        Endpoint("GET", "/feed/update/{urn}/", site.post),
        *oauth.endpoints(credentials.ORGANIZATION["access_token"], challenge=oauth.Challenge.NONE),
    ],
)
