"""WordPress: the REST API of a site's core (wp/v2 as of 6.7) and the site itself."""

from typing import Final

from pipeline.sandbox.service import Endpoint, StandIn
from pipeline.sandbox.wordpress import access, credentials, errors, media, posts, site, terms

_V2 = "/wp-json/wp/v2"

STAND_IN: Final = StandIn(
    name="wordpress",
    title="WordPress",
    api="/wp-json",
    failure=errors.failure,
    rate_limited=errors.rate_limited,
    credentials=credentials.EDITOR,
    publish_config=lambda sandbox: {"api_url": f"{sandbox}/wordpress"},
    settle=posts.publish_due,
    endpoints=[
        Endpoint("GET", f"{_V2}/users/me", access.me),
        Endpoint("GET", f"{_V2}/posts", posts.search),
        Endpoint("POST", f"{_V2}/posts", posts.create),
        Endpoint("GET", f"{_V2}/posts/{{id:int}}", posts.read),
        *(Endpoint(method, f"{_V2}/posts/{{id:int}}", posts.update) for method in ("POST", "PUT", "PATCH")),
        Endpoint("DELETE", f"{_V2}/posts/{{id:int}}", posts.delete),
        *(
            endpoint
            for taxonomy in terms.TAXONOMIES.values()
            for endpoint in (
                Endpoint("GET", f"{_V2}/{taxonomy.route}", terms.searching(taxonomy)),
                Endpoint("POST", f"{_V2}/{taxonomy.route}", terms.creating(taxonomy)),
                Endpoint("GET", f"{_V2}/{taxonomy.route}/{{id:int}}", terms.reading(taxonomy)),
            )
        ),
        Endpoint("GET", f"{_V2}/media", media.search),
        Endpoint("POST", f"{_V2}/media", media.upload),
        Endpoint("GET", f"{_V2}/media/{{id:int}}", media.read),
        Endpoint("POST", f"{_V2}/media/{{id:int}}", media.update),
        Endpoint("GET", "/wp-content/uploads/{id:int}/{name}", media.file),
        Endpoint("GET", "/", site.home),
        Endpoint("GET", "/{slug}/", site.post),
    ],
)
