"""Bluesky: an account's own server (PDS) as far as posting goes, and the view of posts that counts likes."""

from typing import Final

from pipeline.sandbox.bluesky import access, blobs, credentials, errors, feed, records, site
from pipeline.sandbox.service import Endpoint, StandIn

STAND_IN: Final = StandIn(
    name="bluesky",
    title="Bluesky",
    api="/xrpc",
    failure=errors.failure,
    rate_limited=errors.rate_limited_for,
    credentials=credentials.ACCOUNT,
    publish_config=lambda sandbox: {"base_url": f"{sandbox}/bluesky", "web_url": f"{sandbox}/bluesky"},
    endpoints=[
        Endpoint("POST", "/xrpc/com.atproto.server.createSession", access.create_session),
        Endpoint("GET", "/xrpc/com.atproto.server.getSession", access.get_session),
        Endpoint("POST", "/xrpc/com.atproto.repo.uploadBlob", blobs.upload),
        Endpoint("POST", "/xrpc/com.atproto.repo.createRecord", access.writing(3, records.create)),
        Endpoint("POST", "/xrpc/com.atproto.repo.deleteRecord", access.writing(1, records.delete)),
        Endpoint("GET", "/xrpc/com.atproto.repo.getRecord", records.read),
        Endpoint("GET", "/xrpc/com.atproto.repo.listRecords", records.list_),
        Endpoint("GET", "/xrpc/app.bsky.feed.getPosts", feed.posts),
        Endpoint("GET", "/xrpc/app.bsky.actor.getProfile", feed.profile),
        Endpoint("GET", "/profile/{actor}/post/{rkey}", site.post),
    ],
)
