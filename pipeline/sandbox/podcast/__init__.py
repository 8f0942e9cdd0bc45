"""Podcast: an object store that speaks S3's REST API, and the apps that read the feed in it.

The bucket's `feed.xml` is the show. The apps read it at each of its changes: an episode they had not seen is published,
one that is gone from it was taken down. They drop a feed that PSP-1 does not allow, as directories do.
"""

from typing import Final

from pipeline.sandbox.podcast import credentials, errors, objects, site
from pipeline.sandbox.service import Endpoint, StandIn

STAND_IN: Final = StandIn(
    name="podcast",
    title="Podcast",
    api="/s3",
    failure=errors.failure,
    rate_limited=errors.slow_down,
    credentials=credentials.ACCESS,
    publish_config=credentials.publish_config,
    endpoints=[
        Endpoint("GET", "/s3/{bucket}", objects.search),
        Endpoint("GET", "/s3/{bucket}/{key:path}", objects.read),
        Endpoint("PUT", "/s3/{bucket}/{key:path}", objects.write),
        Endpoint("DELETE", "/s3/{bucket}/{key:path}", objects.remove),
        Endpoint("GET", "/files/{key:path}", site.file),
        Endpoint("GET", "/episodes/{guid}", site.episode),
        Endpoint("GET", "/", site.show),
    ],
)
