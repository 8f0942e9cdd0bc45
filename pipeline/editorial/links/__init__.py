"""Affiliate and internal links: put into an article where a reader would expect them, taken out again, and audited.

- `catalogue`: many phrases looked for in one pass.
- `insertion`: what is linked and what never is.
- `seals`: how our links are told from anybody's, and taken out.
- `audit`: what a reviewer is told about an article's links.

Where the targets come from is `editorial.linking`.
"""

from pipeline.editorial.links.audit import audit
from pipeline.editorial.links.catalogue import Catalogue, Target
from pipeline.editorial.links.insertion import MOST_AFFILIATE_LINKS, MOST_INTERNAL_LINKS, add_links
from pipeline.editorial.links.seals import DISCLOSURE, href_of, without_links

__all__ = [
    "DISCLOSURE",
    "MOST_AFFILIATE_LINKS",
    "MOST_INTERNAL_LINKS",
    "Catalogue",
    "Target",
    "add_links",
    "audit",
    "href_of",
    "without_links",
]
