"""The publisher's own site, as a platform: static pages in a folder that any web server can serve.

What is served lies in the folder itself; what is only ours (the article records, the lock, half-written files) in its
hidden folder `.pressroom`. An article's external id is its slug.
"""

from pipeline.platforms.site.adapter import SiteAdapter

__all__ = ["SiteAdapter"]
