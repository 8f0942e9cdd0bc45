"""Instagram: the parts of the Graph API that publish, tell a container's state, look back and count."""

from typing import Final

from pipeline.sandbox import oauth
from pipeline.sandbox.instagram import containers, credentials, errors, insights, nodes, publishing, site
from pipeline.sandbox.instagram.access import ACCOUNT_ID, authenticated
from pipeline.sandbox.service import Endpoint, StandIn

STAND_IN: Final = StandIn(
    name="instagram",
    title="Instagram",
    api="/graph",
    failure=errors.failure,
    rate_limited=errors.rate_limited_for,
    credentials=credentials.ACCOUNT,
    publish_config=lambda sandbox: {
        "base_url": f"{sandbox}/instagram/graph",
        "oauth_url": f"{sandbox}/instagram/oauth",
        "user_id": ACCOUNT_ID,
        "may_delete": True,
        "poll_seconds": 0.06,
    },
    endpoints=[
        Endpoint("POST", "/graph/{version}/{id}/media", authenticated(containers.create, publishes=True)),
        Endpoint("POST", "/graph/{version}/{id}/media_publish", authenticated(publishing.publish, publishes=True)),
        Endpoint("GET", "/graph/{version}/{id}/media", authenticated(nodes.published)),
        Endpoint(
            "GET",
            "/graph/{version}/{id}/content_publishing_limit",
            authenticated(publishing.limit, publishes=True),
        ),
        Endpoint("GET", "/graph/{version}/{id}/insights", authenticated(insights.read)),
        Endpoint("GET", "/graph/{version}/{id}", authenticated(nodes.read)),
        Endpoint("DELETE", "/graph/{version}/{id}", authenticated(publishing.delete, publishes=True)),
        Endpoint("GET", "/p/{shortcode}/", site.page),
        Endpoint("GET", "/reel/{shortcode}/", site.page),
        *oauth.endpoints(credentials.ACCOUNT["access_token"], challenge=oauth.Challenge.NONE, lengthens=True),
    ],
)
