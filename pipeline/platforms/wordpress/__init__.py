"""WordPress, through the REST API of its core (wp/v2), with an Application Password.

A post's slug ends in a piece of the distribution's id. WordPress does not refuse a slug that is taken, so the slug is
no guard against a second post; it is how a post whose answer was lost is found again. Files have such names too.

What the API does is described at https://developer.wordpress.org/rest-api/reference/; what that leaves open was tried
on a real WordPress, see pipeline_tests/real_wordpress.
"""

from pipeline.platforms.wordpress.adapter import WordPressAdapter, slug_for

__all__ = ["WordPressAdapter", "slug_for"]
